DELETE FROM coach_permissions
WHERE user_id = $1::uuid AND coach_id = $2::uuid
