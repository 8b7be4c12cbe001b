-- Workouts that were made of a predecessor's and have no set any more; their recordings, runs and results go along.
DELETE FROM workouts AS w
USING predecessor_imports AS i
WHERE i.user_id = $1::uuid AND i.kind = 'workout' AND i.is_made
    AND w.user_id = i.user_id AND w.id = i.id
    AND NOT EXISTS (SELECT FROM workout_sets AS s WHERE s.user_id = w.user_id AND s.workout_id = w.id)
