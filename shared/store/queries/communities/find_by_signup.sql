SELECT id
FROM communities
WHERE signup_token_sha256 = $1::bytea
