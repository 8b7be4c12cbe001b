INSERT INTO external_identities (issuer, subject, user_id)
VALUES ($1::text, $2::text, $3::uuid)
