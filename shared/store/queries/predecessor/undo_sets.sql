-- Guards: exactly what was taken over goes.
-- Races with: nothing; the user's lock is held.
-- Safe because: a set that was changed since is the athlete's work, and stays with its workout.
WITH gone AS (
    DELETE FROM workout_sets AS s
    USING predecessor_imports AS i
    WHERE i.user_id = $1::uuid AND i.kind = 'set' AND i.is_made
        AND s.user_id = i.user_id AND s.id = i.id AND s.updated_at = i.imported_at
    RETURNING s.exercise_id, s.grip_key
)
SELECT exercise_id, grip_key, count(*) AS rows
FROM gone
GROUP BY exercise_id, grip_key
ORDER BY exercise_id, grip_key
