-- Guards: a provider that is not ready, or is not to be asked for a while, is asked again later.
-- Races with: a rescue, a newer announcement.
-- Safe because: the token fences a stale holder. It was no attempt; the sweep rings when the time
-- has come. What was announced since the claim may be ready at once, and has all its attempts already.
UPDATE stage_runs
SET status = 'pending',
    attempt = greatest(attempt - 1, 0),
    postponed = CASE WHEN wanted > $4::bigint THEN 0 ELSE postponed + $5::smallint END,
    not_before = CASE
        WHEN wanted > $4::bigint THEN NULL
        ELSE clock_timestamp() + make_interval(secs => $6::float8)
    END,
    claim_token = NULL,
    claim_expires_at = NULL,
    rung_at = NULL,
    last_error = $7::text,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = $2::text
    AND claim_token = $3::uuid
RETURNING not_before IS NULL
