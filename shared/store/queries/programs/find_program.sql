SELECT p.id, p.name, p.weeks, p.days, p.created_at, p.updated_at
FROM programs AS p
WHERE p.id = $1::uuid AND p.user_id = $2::uuid
