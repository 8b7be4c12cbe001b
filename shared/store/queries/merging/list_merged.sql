-- Every source of every session that several tell of.
SELECT
    w.id, w.provider, w.sport, w.started_at, w.duration_s, w.distance_m, w.kept_apart,
    w.merged_into, w.lead_id, r.samples, r.source_sha256, s.sets, s.loaded_sets
FROM workouts AS w
JOIN recordings AS r ON r.workout_id = w.id
CROSS JOIN LATERAL (
    SELECT count(*) AS sets, count(told.weight) AS loaded_sets
    FROM workout_sets AS told
    WHERE told.user_id = w.user_id AND told.workout_id = w.id AND told.is_completed
) AS s
WHERE w.user_id = $1::uuid AND w.deleted_at IS NULL
    AND (w.merged_into IS NOT NULL OR w.lead_id IS NOT NULL)
ORDER BY w.id
