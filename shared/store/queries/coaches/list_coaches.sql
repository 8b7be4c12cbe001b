SELECT p.coach_id, p.granted_at
FROM coach_permissions AS p
WHERE p.user_id = $1::uuid
ORDER BY p.granted_at, p.coach_id
