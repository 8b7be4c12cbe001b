SELECT m.user_id, u.display_name, m.role, m.joined_at, u.deactivated_at IS NULL AS is_active
FROM memberships AS m
JOIN users AS u ON u.id = m.user_id
WHERE m.community_id = $1::uuid AND m.user_id > $2::uuid
ORDER BY m.user_id
LIMIT $3::bigint
