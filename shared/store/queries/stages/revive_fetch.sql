-- Guards: only a fetch that was given up is asked for again, of a workout and of what is merged into
-- it.
-- Races with: a redrive, a newer announcement.
-- Safe because: one guarded UPDATE decides; whoever comes second finds it revived.
UPDATE stage_runs
SET wanted = wanted + 1,
    status = 'pending',
    attempt = 0,
    postponed = 0,
    not_before = NULL,
    error = NULL,
    rung_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE workout_id = ANY (ARRAY(
        SELECT $1::uuid
        UNION ALL
        SELECT id FROM workouts WHERE merged_into = $1::uuid
    ))
    AND user_id = $2::uuid AND stage = 'fetch' AND status = 'failed'
RETURNING workout_id
