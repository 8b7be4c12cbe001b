-- As it is shown: what was merged into another workout is that one, and its facts are the lead's; what
-- was lifted any of its sources may know.
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
FROM workouts AS asked
JOIN workouts AS w ON w.id = coalesce(asked.merged_into, asked.id)
JOIN workouts AS facts ON facts.id = coalesce(w.lead_id, w.id)
WHERE asked.id = $1::uuid AND asked.user_id = $2::uuid AND w.deleted_at IS NULL
