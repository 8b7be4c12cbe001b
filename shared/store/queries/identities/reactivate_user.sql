UPDATE users
SET deactivated_at = NULL
WHERE id = $1::uuid AND deactivated_at IS NOT NULL
