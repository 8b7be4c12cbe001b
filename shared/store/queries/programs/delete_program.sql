-- What was logged of it stays, and is of no program then.
DELETE FROM programs
WHERE id = $1::uuid AND user_id = $2::uuid
