-- Guards: what an operator asks for is not lost to a pass that began before.
-- Races with: a pass that asks about the connection right now.
-- Safe because: without its claim that pass ends nothing, so the connection stays due; what it
-- announced stays announced, and asking twice changes nothing.
UPDATE reconciliations
SET due_at = clock_timestamp(),
    claim_token = NULL,
    claim_expires_at = NULL,
    reconciled_at = CASE WHEN $3::boolean THEN NULL ELSE reconciled_at END
WHERE ($1::text IS NULL OR provider = $1::text) AND ($2::uuid IS NULL OR user_id = $2::uuid)
