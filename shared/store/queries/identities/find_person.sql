SELECT u.id AS user_id, u.display_name, u.created_at, c.email, a.role AS admin_role
FROM users AS u
LEFT JOIN user_credentials AS c ON c.user_id = u.id
LEFT JOIN admins AS a ON a.user_id = u.id
WHERE u.id = $1::uuid AND u.deactivated_at IS NULL
