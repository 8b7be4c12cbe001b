-- The newest deletion counts, in whichever order they come.
INSERT INTO early_deletions (
    user_id, provider, provider_activity_id, session_index, provider_time
)
VALUES ($1::uuid, $2::text, $3::text, $4::smallint, $5::timestamptz)
ON CONFLICT ON CONSTRAINT early_deletions_pkey DO UPDATE
SET provider_time = greatest(early_deletions.provider_time, EXCLUDED.provider_time)
