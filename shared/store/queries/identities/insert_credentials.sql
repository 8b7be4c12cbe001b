INSERT INTO user_credentials (user_id, email, password_hash)
VALUES ($1::uuid, $2::text, $3::text)
