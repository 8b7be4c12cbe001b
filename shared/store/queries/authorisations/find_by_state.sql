SELECT user_id
FROM authorisations
WHERE state_sha256 = $1::bytea AND provider = $2::text
