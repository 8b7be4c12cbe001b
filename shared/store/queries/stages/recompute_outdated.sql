-- Guards: results of older algorithms are computed again, at the generation that they are of.
-- Races with: a newer request, another recompute.
-- Safe because: it takes complete rows only and passes over those that somebody changes right now;
-- the old result stays until a finish replaces it. Without rung_at the next sweep rings.
-- Test: tests/faults/recompute.rs
UPDATE stage_runs
SET status = 'pending',
    attempt = 0,
    rung_at = NULL,
    updated_at = clock_timestamp()
WHERE (workout_id, stage) IN (
    SELECT workout_id, stage
    FROM stage_runs
    WHERE stage = $1::text AND status = 'complete' AND version < $2::integer
        AND ($3::timestamptz IS NULL OR updated_at >= $3::timestamptz)
    ORDER BY updated_at DESC
    LIMIT $4::bigint
    FOR UPDATE SKIP LOCKED
)
