-- Every set of a workout goes; whose records are to be made anew is answered.
DELETE FROM workout_sets
WHERE user_id = $1::uuid AND workout_id = $2::uuid
RETURNING exercise_id, grip_key
