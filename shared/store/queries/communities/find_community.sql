SELECT c.id AS community_id, c.name, c.created_at, m.role
FROM communities AS c
LEFT JOIN memberships AS m ON m.community_id = c.id AND m.user_id = $1::uuid
WHERE c.id = $2::uuid
