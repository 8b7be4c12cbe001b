-- What was made of a predecessor's rows of one kind.
SELECT id FROM predecessor_imports
WHERE user_id = $1::uuid AND kind = $2::text AND is_made
ORDER BY id
