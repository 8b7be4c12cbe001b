INSERT INTO workouts (
    id, user_id, provider, provider_activity_id, session_index, sport, sub_sport, name,
    started_at, utc_offset_s, local_date, duration_s, distance_m, partial, planned_id,
    plan_decision, generation, content_sha256, provider_time
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, $5::smallint, $6::text, $7::text, $8::text,
    $9::timestamptz, $10::integer, $11::date, $12::float8, $13::float8, $14::boolean,
    $15::uuid, $16::jsonb, 1, $17::bytea, $18::timestamptz
)
