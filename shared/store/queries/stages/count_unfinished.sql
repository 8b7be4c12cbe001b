-- Of a workout and its sessions.
SELECT count(*)
FROM stage_runs
WHERE workout_id = ANY (ARRAY(
        SELECT $1::uuid
        UNION ALL
        SELECT id FROM workouts WHERE parent_id = $1::uuid
    ))
    AND user_id = $2::uuid AND status IN ('pending', 'processing')
