SELECT
    id, session_index, generation, content_sha256, provider_time, local_date, planned_id,
    plan_pinned, deleted_at IS NOT NULL AS deleted, started_at, merged_into, lead_id,
    EXISTS (
        SELECT FROM workout_sets AS s WHERE s.user_id = $2::uuid AND s.workout_id = workouts.id
    ) AS has_sets
FROM workouts
WHERE parent_id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
ORDER BY session_index
