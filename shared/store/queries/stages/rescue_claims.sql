-- Guards: no run stays claimed by the dead.
-- Races with: the holder's finish or fail, another claim.
-- Safe because: SKIP LOCKED passes over a row that is being ended right now, and a holder that
-- wakes later is fenced by the token that is gone. The rows are chosen before the first is changed, so
-- that the limit is one however PostgreSQL joins them.
WITH chosen AS MATERIALIZED (
    SELECT workout_id, stage
    FROM stage_runs
    WHERE status = 'processing' AND claim_expires_at < clock_timestamp()
    ORDER BY claim_expires_at
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
)
UPDATE stage_runs AS run
SET status = CASE WHEN attempt >= $1::smallint THEN 'failed' ELSE 'pending' END,
    error = CASE
        WHEN attempt >= $1::smallint THEN 'gave_up: every attempt ended without an answer'
    END,
    last_error = 'claim_expired: the worker ended without an answer',
    claim_token = NULL,
    claim_expires_at = NULL,
    rung_at = NULL,
    updated_at = clock_timestamp()
FROM chosen
WHERE run.workout_id = chosen.workout_id AND run.stage = chosen.stage
