INSERT INTO workouts (
    id, user_id, provider, provider_activity_id, session_index, parent_id, sport, sub_sport, name,
    started_at, utc_offset_s, local_date, duration_s, distance_m, partial, exercises, plan_hint,
    planned_id, plan_linked_at, plan_decision, generation, content_sha256, provider_time
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, $5::smallint, $6::uuid, $7::text, $8::text, $9::text,
    $10::timestamptz, $11::integer, $12::date, $13::float8, $14::float8, $15::boolean,
    $16::text[], $17::jsonb,
    $18::uuid, CASE WHEN $18::uuid IS NOT NULL THEN clock_timestamp() END, $19::jsonb, 1,
    $20::bytea, $21::timestamptz
)
