SELECT
    l.id, l.program_id, l.week_index, l.day_index, l.name, l.date, l.duration_s, l.notes,
    l.weight_unit, l.completed_at, l.workout_id, l.version, l.created_at, l.updated_at,
    (
        SELECT count(*) FROM workout_log_exercises AS e
        WHERE e.log_id = l.id AND e.user_id = l.user_id
    ) AS exercises
FROM workout_logs AS l
WHERE l.user_id = $1::uuid
    AND (l.date, l.id) < ($2::date, $3::uuid)
    AND ($4::uuid IS NULL OR l.program_id = $4::uuid)
ORDER BY l.date DESC, l.id DESC
LIMIT $5::bigint
