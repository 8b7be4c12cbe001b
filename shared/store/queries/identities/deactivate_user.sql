UPDATE users
SET deactivated_at = clock_timestamp()
WHERE id = $1::uuid AND deactivated_at IS NULL
