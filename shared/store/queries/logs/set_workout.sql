-- What a log became is no change of what it says, so its version stays.
UPDATE workout_logs
SET workout_id = $3::uuid
WHERE id = $1::uuid AND user_id = $2::uuid
