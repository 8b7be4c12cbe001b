-- Which records the sets of a provider's workouts are of.
SELECT DISTINCT s.exercise_id, s.grip_key
FROM workouts AS w
JOIN workout_sets AS s ON s.user_id = w.user_id AND s.workout_id = w.id
WHERE w.user_id = $1::uuid AND w.provider = $2::text
