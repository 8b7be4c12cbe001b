-- Whose log it is, for a coach whom that athlete lets read.
SELECT l.user_id
FROM workout_logs AS l
JOIN coach_permissions AS p ON p.user_id = l.user_id
WHERE l.id = $1::uuid AND p.coach_id = $2::uuid
