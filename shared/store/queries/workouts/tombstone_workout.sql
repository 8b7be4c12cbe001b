UPDATE workouts
SET deleted_at = clock_timestamp(),
    planned_id = NULL,
    plan_pinned = false,
    plan_linked_at = NULL,
    plan_snapshot = NULL,
    merged_into = NULL,
    lead_id = NULL,
    provider_time = $3::timestamptz,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
