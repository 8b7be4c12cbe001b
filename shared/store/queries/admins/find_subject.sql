SELECT u.deactivated_at IS NULL AS is_active, a.role
FROM users AS u
LEFT JOIN admins AS a ON a.user_id = u.id
WHERE u.id = $1::uuid
