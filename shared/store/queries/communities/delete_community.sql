DELETE FROM communities
WHERE id = $1::uuid
