-- Guards: one worker at a time, for a limited time.
-- Races with: other workers, the sweep, a newer request.
-- Safe because: one guarded UPDATE decides; whoever comes second finds no row to take. No row
-- means that there is nothing to do.
UPDATE stage_runs
SET status = 'processing',
    claim_token = $4::uuid,
    claim_expires_at = clock_timestamp() + make_interval(secs => $5::float8),
    attempt = attempt + 1,
    not_before = NULL,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = $2::text
    AND user_id = $3::uuid
    AND attempt < $6::smallint
    AND (not_before IS NULL OR not_before <= clock_timestamp())
    AND (status = 'pending' OR (status = 'processing' AND claim_expires_at < clock_timestamp()))
RETURNING wanted, attempt
