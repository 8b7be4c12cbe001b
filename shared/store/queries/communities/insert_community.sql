INSERT INTO communities (id, name)
VALUES ($1::uuid, $2::text)
