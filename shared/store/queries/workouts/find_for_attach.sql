SELECT
    id, sport, sub_sport, local_date, duration_s, distance_m, planned_id, plan_pinned,
    plan_decision
FROM workouts
WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
