-- For a queue and workers that are known to be gone, as after a restart of the developer's cloud:
-- nothing has been rung and nobody holds a claim. Only ever costs a second computation.
UPDATE stage_runs
SET rung_at = NULL,
    claim_expires_at = CASE WHEN claim_token IS NOT NULL THEN clock_timestamp() END
WHERE status IN ('pending', 'processing')
