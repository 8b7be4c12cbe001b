SELECT
    id, session_index, generation, content_sha256, provider_time, local_date, planned_id,
    plan_pinned, deleted_at IS NOT NULL AS deleted, started_at, merged_into, lead_id
FROM workouts
WHERE user_id = $1::uuid AND provider = $2::text AND provider_activity_id = $3::text
    AND session_index = $4::smallint
