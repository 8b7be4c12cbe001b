DELETE FROM workout_log_exercises
WHERE log_id = $1::uuid AND user_id = $2::uuid AND id = ANY ($3::uuid[])
