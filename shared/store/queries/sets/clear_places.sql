DELETE FROM workout_exercises
WHERE user_id = $1::uuid AND workout_id = $2::uuid
