-- Which records the sets of a workout are of that its provider tells of.
SELECT DISTINCT exercise_id, grip_key
FROM workout_sets
WHERE user_id = $1::uuid AND workout_id = $2::uuid AND told_by = $3::text
