SELECT p.id, p.name, p.weeks, p.days, p.created_at, p.updated_at
FROM programs AS p
WHERE p.user_id = $1::uuid AND (p.created_at, p.id) > ($2::timestamptz, $3::uuid)
ORDER BY p.created_at, p.id
LIMIT $4::bigint
