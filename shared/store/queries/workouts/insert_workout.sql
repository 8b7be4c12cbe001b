INSERT INTO workouts (
    id, user_id, provider, provider_activity_id, session_index, parent_id, sport, sub_sport, name,
    started_at, utc_offset_s, local_date, duration_s, distance_m, partial, planned_id,
    plan_decision, generation, content_sha256, provider_time
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, $5::smallint, $6::uuid, $7::text, $8::text, $9::text,
    $10::timestamptz, $11::integer, $12::date, $13::float8, $14::float8, $15::boolean,
    $16::uuid, $17::jsonb, 1, $18::bytea, $19::timestamptz
)
