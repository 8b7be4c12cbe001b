-- In the order they were done, so that the same set of workouts ends attached the same way. The
-- whole of several sessions takes no plan, nor does what is merged into another workout, and what
-- was only announced has not come. Whoever waits for a plan that its provider named waits for it on
-- any day.
SELECT
    w.id, facts.sport, facts.sub_sport, w.local_date, facts.duration_s, facts.distance_m,
    array(
        SELECT DISTINCT exercise
        FROM workouts AS part, unnest(part.exercises) AS exercise
        WHERE part.id = w.id OR part.merged_into = w.id
        ORDER BY exercise
    ) AS exercises,
    coalesce(facts.plan_hint, w.plan_hint) AS plan_hint,
    w.planned_id, w.plan_pinned, w.plan_decision, w.plan_snapshot IS NOT NULL AS has_snapshot
FROM workouts AS w
JOIN workouts AS facts ON facts.id = coalesce(w.lead_id, w.id)
WHERE w.user_id = $1::uuid
    AND (w.local_date BETWEEN $2::date AND $3::date OR w.plan_hint ->> 'planned_id' IS NOT NULL)
    AND w.planned_id IS NULL AND NOT w.plan_pinned AND w.deleted_at IS NULL
    AND w.merged_into IS NULL
    AND w.plan_decision ->> 'reason' <> 'per_session' AND w.generation > 0
ORDER BY w.started_at, w.id
