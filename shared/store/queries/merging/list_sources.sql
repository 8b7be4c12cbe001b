-- Everything that was told of about that time, and whatever is merged with any of it. A whole of
-- several sessions is never part of a session.
WITH near AS (
    SELECT id, merged_into
    FROM workouts
    WHERE user_id = $1::uuid AND started_at BETWEEN $2::timestamptz AND $3::timestamptz
        AND parent_id IS NULL AND deleted_at IS NULL AND generation > 0
    ORDER BY started_at, id
    LIMIT $4::bigint
), heads AS (
    SELECT coalesce(merged_into, id) AS id FROM near
), sources AS (
    SELECT id FROM near
    UNION
    SELECT w.id FROM workouts AS w JOIN heads ON w.merged_into = heads.id
    UNION
    SELECT id FROM heads
)
SELECT
    w.id, w.provider, w.sport, w.started_at, w.duration_s, w.distance_m,
    w.kept_apart OR w.plan_decision ->> 'reason' = 'per_session' AS kept_apart,
    w.merged_into, w.lead_id, r.samples, r.source_sha256, s.sets, s.loaded_sets
FROM sources
JOIN workouts AS w ON w.id = sources.id
JOIN recordings AS r ON r.workout_id = w.id
CROSS JOIN LATERAL (
    SELECT count(*) AS sets, count(told.weight) AS loaded_sets
    FROM workout_sets AS told
    WHERE told.user_id = w.user_id AND told.workout_id = w.id AND told.is_completed
) AS s
WHERE w.user_id = $1::uuid AND w.deleted_at IS NULL
ORDER BY w.id
