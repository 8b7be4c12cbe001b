-- In the order they were done, so that the same set of workouts ends attached the same way. The
-- whole of several sessions takes no plan, and what was only announced has not come.
SELECT
    id, sport, sub_sport, local_date, duration_s, distance_m, planned_id, plan_pinned,
    plan_decision
FROM workouts
WHERE user_id = $1::uuid AND local_date = $2::date
    AND planned_id IS NULL AND NOT plan_pinned AND deleted_at IS NULL
    AND plan_decision ->> 'reason' <> 'per_session' AND generation > 0
ORDER BY started_at, id
