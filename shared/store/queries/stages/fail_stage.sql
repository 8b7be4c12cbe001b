-- Guards: only the holder of the claim says that it failed.
-- Races with: a rescue, a newer request.
-- Safe because: the token fences a stale holder; a failure of a generation that is no longer
-- wanted only makes the run pending again. Runs in a transaction of its own after a rollback.
UPDATE stage_runs
SET status = CASE
        WHEN wanted = $4::bigint AND ($5::boolean OR attempt >= $6::smallint) THEN 'failed'
        ELSE 'pending'
    END,
    error = CASE
        WHEN wanted = $4::bigint AND ($5::boolean OR attempt >= $6::smallint) THEN $7::text
    END,
    last_error = $7::text,
    claim_token = NULL,
    claim_expires_at = NULL,
    rung_at = CASE WHEN wanted > $4::bigint THEN NULL ELSE rung_at END,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = $2::text
    AND claim_token = $3::uuid
RETURNING status
