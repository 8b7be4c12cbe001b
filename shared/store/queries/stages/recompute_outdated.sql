-- Guards: results of older algorithms are computed again, at the generation that they are of.
-- Races with: a newer request, another recompute.
-- Safe because: it takes complete rows only and passes over those that somebody changes right now;
-- the old result stays until a finish replaces it. Without rung_at the next sweep rings.
-- Test: tests/faults/recompute.rs
WITH chosen AS MATERIALIZED (
    SELECT workout_id, stage
    FROM stage_runs
    WHERE stage = $1::text AND status = 'complete' AND version < $2::integer
        AND ($3::timestamptz IS NULL OR updated_at >= $3::timestamptz)
    ORDER BY updated_at DESC
    LIMIT $4::bigint
    FOR UPDATE SKIP LOCKED
)
UPDATE stage_runs AS run
SET status = 'pending',
    attempt = 0,
    rung_at = NULL,
    updated_at = clock_timestamp()
FROM chosen
WHERE run.workout_id = chosen.workout_id AND run.stage = chosen.stage
