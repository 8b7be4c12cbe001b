-- Only that it is, and when that was said, is known; all else waits for who tells of it.
INSERT INTO workouts (
    id, user_id, provider, provider_activity_id, sport, name, started_at, utc_offset_s, local_date,
    partial, plan_decision, generation, content_sha256
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, $8::text, $9::text, $5::timestamptz, $10::integer,
    $6::date, false, $7::jsonb, 0, ''::bytea
)
