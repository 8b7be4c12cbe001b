-- Connected, or connected again: whatever was said of the access before is of another one.
UPDATE reconciliations
SET due_at = clock_timestamp(),
    doubted_at = NULL
WHERE user_id = $1::uuid AND provider = $2::text
