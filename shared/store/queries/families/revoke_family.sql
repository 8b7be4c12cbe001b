UPDATE token_families AS f
SET revoked_at = clock_timestamp()
FROM refresh_tokens AS t
WHERE t.token_sha256 = $1::bytea
    AND f.id = t.family_id
    AND f.revoked_at IS NULL
