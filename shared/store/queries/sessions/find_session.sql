-- A workout as logging sees it: whether the athlete tells of it, and whether that goes on.
SELECT
    w.id, w.provider, w.provider_activity_id, w.name, w.started_at, w.utc_offset_s, w.duration_s,
    w.generation,
    EXISTS (
        SELECT FROM active_workouts AS a
        WHERE a.user_id = w.user_id AND a.workout_id = w.id
    ) AS is_active
FROM workouts AS w
WHERE w.id = $2::uuid AND w.user_id = $1::uuid AND w.deleted_at IS NULL
