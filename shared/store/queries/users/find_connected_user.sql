SELECT u.id
FROM users AS u
JOIN connections AS c ON c.user_id = u.id
WHERE u.id = $1::uuid
    AND u.deactivated_at IS NULL
    AND c.provider = $2::text
    AND c.provider_user_id = $3::text
