INSERT INTO connections (id, user_id, provider, provider_user_id)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text)
ON CONFLICT ON CONSTRAINT connections_provider_identity_key DO NOTHING
