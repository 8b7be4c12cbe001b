-- A log with its exercises. An id that is remembered of a place is believed only when the log is
-- still at that place and is this user's, which costs no statement of its own.
SELECT
    l.id, l.program_id, l.week_index, l.day_index, l.name, l.date, l.duration_s, l.notes,
    l.weight_unit, l.completed_at, l.workout_id, l.version, l.created_at, l.updated_at,
    coalesce(
        (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'id', e.id, 'revision', e.revision, 'exercise_id', e.exercise_id, 'sets', e.sets,
                    'reps', e.reps, 'weights', e.weights, 'completed', e.completed,
                    'bodyweight', e.bodyweight, 'notes', e.notes, 'added_type', e.added_type,
                    'original_index', e.original_index
                )
                ORDER BY e.order_index
            )
            FROM workout_log_exercises AS e
            WHERE e.log_id = l.id AND e.user_id = l.user_id
        ),
        '[]'
    ) AS exercises
FROM workout_logs AS l
WHERE l.id = $1::uuid AND l.user_id = $2::uuid
    AND (
        $3::uuid IS NULL
        OR (l.program_key = $3::uuid AND l.week_key = $4::integer AND l.day_key = $5::integer)
    )
