-- Of a workout, its sessions, and what is merged into it.
SELECT count(*)
FROM stage_runs
WHERE workout_id = ANY (ARRAY(
        SELECT $1::uuid
        UNION ALL
        SELECT id FROM workouts WHERE parent_id = $1::uuid
        UNION ALL
        SELECT id FROM workouts WHERE merged_into = $1::uuid
    ))
    AND user_id = $2::uuid AND status IN ('pending', 'processing')
