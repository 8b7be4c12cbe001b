-- The one before counts no more.
UPDATE communities
SET signup_token_sha256 = $2::bytea,
    signup_expires_at = clock_timestamp() + make_interval(secs => $3::float8),
    signup_uses_left = $4::integer
WHERE id = $1::uuid
RETURNING signup_expires_at
