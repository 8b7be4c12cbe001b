INSERT INTO users (id, display_name)
VALUES ($1::uuid, $2::text)
ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING
