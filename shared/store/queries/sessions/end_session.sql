DELETE FROM active_workouts
WHERE user_id = $1::uuid AND workout_id = $2::uuid
