SELECT user_id
FROM refresh_tokens
WHERE token_sha256 = $1::bytea
