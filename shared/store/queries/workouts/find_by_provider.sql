SELECT
    id, session_index, generation, content_sha256, provider_time, local_date, planned_id,
    plan_pinned, deleted_at IS NOT NULL AS deleted, started_at, merged_into, lead_id,
    EXISTS (
        SELECT FROM workout_sets AS s WHERE s.user_id = $1::uuid AND s.workout_id = workouts.id
    ) AS has_sets
FROM workouts
WHERE user_id = $1::uuid AND provider = $2::text AND provider_activity_id = $3::text
    AND session_index = $4::smallint
