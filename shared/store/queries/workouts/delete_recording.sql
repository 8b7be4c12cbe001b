DELETE FROM recordings
WHERE workout_id = $1::uuid AND user_id = $2::uuid
