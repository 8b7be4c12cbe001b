-- Every source of every session that several tell of.
SELECT
    w.id, w.provider, w.sport, w.started_at, w.duration_s, w.distance_m, w.kept_apart,
    w.merged_into, w.lead_id, r.samples, r.source_sha256
FROM workouts AS w
JOIN recordings AS r ON r.workout_id = w.id
WHERE w.user_id = $1::uuid AND w.deleted_at IS NULL
    AND (w.merged_into IS NOT NULL OR w.lead_id IS NOT NULL)
ORDER BY w.id
