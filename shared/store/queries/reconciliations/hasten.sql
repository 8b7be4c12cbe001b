-- Something is to be asked soon, and nothing is in doubt because of it.
UPDATE reconciliations
SET due_at = clock_timestamp()
WHERE user_id = $1::uuid AND provider = $2::text
