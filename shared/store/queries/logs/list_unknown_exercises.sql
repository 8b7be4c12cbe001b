-- Those that are neither of the catalogue nor this user's own: a foreign key would let anybody's pass.
SELECT wanted.id
FROM unnest($2::uuid[]) AS wanted (id)
WHERE NOT EXISTS (
    SELECT FROM exercises AS e
    WHERE e.id = wanted.id AND (e.user_id IS NULL OR e.user_id = $1::uuid)
)
