DELETE FROM admins
WHERE user_id = $1::uuid
