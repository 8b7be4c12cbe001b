SELECT workout_id
FROM active_workouts
WHERE user_id = $1::uuid
