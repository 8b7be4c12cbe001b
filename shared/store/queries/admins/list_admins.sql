SELECT user_id, role, granted_at
FROM admins
ORDER BY user_id
LIMIT 500
