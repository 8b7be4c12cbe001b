-- Only that it is, and when that was said, is known; all else waits for the provider's answer.
INSERT INTO workouts (
    id, user_id, provider, provider_activity_id, sport, started_at, local_date, partial,
    plan_decision, generation, content_sha256
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, 'other', $5::timestamptz, $6::date, false,
    $7::jsonb, 0, ''::bytea
)
