SELECT EXISTS (
    SELECT FROM coach_permissions AS p
    WHERE p.user_id = $1::uuid AND p.coach_id = $2::uuid
) AS may
