-- What was merged into another workout is that one, and its facts are the lead's.
SELECT
    w.id, w.parent_id, facts.provider, facts.provider_activity_id, facts.sport, facts.sub_sport,
    facts.name, facts.started_at, facts.utc_offset_s, w.local_date, facts.duration_s,
    facts.distance_m, facts.partial, w.planned_id, w.plan_pinned, w.plan_decision,
    w.plan_linked_at, w.plan_snapshot IS NOT NULL AND w.plan_snapshot <> plan.content AS plan_edited,
    coalesce(w.plan_snapshot, plan.content) AS plan_asked, w.created_at,
    w.updated_at, w.started_at AS listed_at, w.lead_id IS NOT NULL AS is_merged, s.generation,
    s.summary_status, s.summary_error, s.summary_updated_at,
    s.analysis_status, s.analysis_error, s.analysis_updated_at,
    s.metrics_status, s.metrics_error, s.metrics_updated_at,
    s.fetch_status, s.fetch_error, s.fetch_updated_at, s.fetch_not_before,
    c.computed,
    (
        SELECT jsonb_agg(
            jsonb_build_object('provider', l.provider, 'reason', l.reason, 'leads', l.leads)
            ORDER BY l.provider, l.reason
        )
        FROM workout_limits AS l
        WHERE l.workout_id = w.id AND l.since <= clock_timestamp()
            AND (l.purpose IS NULL OR l.purpose = $3::text)
    ) AS limits
FROM workouts AS w
JOIN workouts AS facts ON facts.id = coalesce(w.lead_id, w.id)
JOIN workout_status AS s ON s.workout_id = w.id
LEFT JOIN LATERAL (
    SELECT to_jsonb(p) - ARRAY['id', 'user_id', 'created_at', 'updated_at'] AS content
    FROM planned_workouts AS p
    WHERE p.id = w.planned_id
) AS plan ON true
LEFT JOIN workout_computed AS c ON c.workout_id = w.id
WHERE w.id = (
        SELECT coalesce(asked.merged_into, asked.id)
        FROM workouts AS asked
        WHERE asked.id = $1::uuid AND asked.user_id = $2::uuid
    )
    AND w.user_id = $2::uuid AND w.deleted_at IS NULL
