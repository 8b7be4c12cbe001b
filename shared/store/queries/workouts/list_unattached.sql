-- In the order they were done, so that the same set of workouts ends attached the same way. The
-- whole of several sessions takes no plan, nor does what is merged into another workout, and what
-- was only announced has not come.
SELECT
    w.id, facts.sport, facts.sub_sport, w.local_date, facts.duration_s, facts.distance_m,
    w.planned_id, w.plan_pinned, w.plan_decision
FROM workouts AS w
JOIN workouts AS facts ON facts.id = coalesce(w.lead_id, w.id)
WHERE w.user_id = $1::uuid AND w.local_date = $2::date
    AND w.planned_id IS NULL AND NOT w.plan_pinned AND w.deleted_at IS NULL
    AND w.merged_into IS NULL
    AND w.plan_decision ->> 'reason' <> 'per_session' AND w.generation > 0
ORDER BY w.started_at, w.id
