UPDATE workouts
SET deleted_at = clock_timestamp(),
    planned_id = NULL,
    plan_pinned = false,
    merged_into = NULL,
    lead_id = NULL,
    provider_time = $3::timestamptz,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
