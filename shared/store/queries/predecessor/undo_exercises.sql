-- Exercises that were made for a predecessor's sets or logs and of which there is none.
DELETE FROM exercises AS e
USING predecessor_imports AS i
WHERE i.user_id = $1::uuid AND i.kind = 'exercise' AND i.is_made
    AND e.user_id = i.user_id AND e.id = i.id
    AND NOT EXISTS (SELECT FROM workout_sets AS s WHERE s.user_id = e.user_id AND s.exercise_id = e.id)
    AND NOT EXISTS (
        SELECT FROM workout_log_exercises AS x WHERE x.user_id = e.user_id AND x.exercise_id = e.id
    )
    AND NOT EXISTS (
        SELECT FROM workout_exercises AS o WHERE o.user_id = e.user_id AND o.exercise_id = e.id
    )
