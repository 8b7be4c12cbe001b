UPDATE token_families
SET revoked_at = clock_timestamp()
WHERE user_id = $1::uuid AND revoked_at IS NULL
