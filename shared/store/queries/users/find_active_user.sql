SELECT id
FROM users
WHERE id = $1::uuid AND deactivated_at IS NULL
