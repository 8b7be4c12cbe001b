-- Whatever refers to it keeps it: the foreign keys refuse.
DELETE FROM exercises
WHERE id = $2::uuid AND user_id = $1::uuid
