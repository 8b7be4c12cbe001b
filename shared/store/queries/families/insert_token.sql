-- A token never outlives its family.
INSERT INTO refresh_tokens (token_sha256, family_id, user_id, expires_at)
SELECT
    $1::bytea, f.id, f.user_id,
    least(f.expires_at, clock_timestamp() + make_interval(secs => $3::float8))
FROM token_families AS f
WHERE f.id = $2::uuid
