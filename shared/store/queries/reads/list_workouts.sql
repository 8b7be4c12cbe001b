SELECT
    w.id, w.parent_id, w.provider, w.provider_activity_id, w.sport, w.sub_sport, w.name,
    w.started_at, w.utc_offset_s, w.local_date, w.duration_s, w.distance_m, w.partial,
    w.planned_id, w.plan_pinned, w.plan_decision, w.created_at, w.updated_at, s.generation,
    s.summary_status, s.summary_error, s.summary_updated_at,
    s.analysis_status, s.analysis_error, s.analysis_updated_at,
    s.metrics_status, s.metrics_error, s.metrics_updated_at,
    s.fetch_status, s.fetch_error, s.fetch_updated_at, s.fetch_not_before,
    NULL::jsonb AS computed
FROM workouts AS w
JOIN workout_status AS s ON s.workout_id = w.id
WHERE w.user_id = $1::uuid AND w.parent_id IS NULL AND w.deleted_at IS NULL
    AND (w.started_at, w.id) < ($2::timestamptz, $3::uuid)
ORDER BY w.started_at DESC, w.id DESC
LIMIT $4::bigint
