-- For an athlete who connects, or connects again. Scopes that are not told stay what they were.
UPDATE connections
SET access_token = $4::bytea,
    refresh_token = $5::bytea,
    access_expires_at = $6::timestamptz,
    scopes = coalesce($7::text[], scopes),
    token_version = token_version + 1,
    status = 'connected',
    refresh_claim = NULL,
    refresh_claim_expires_at = NULL,
    updated_at = clock_timestamp()
WHERE user_id = $1::uuid AND provider = $2::text AND provider_user_id = $3::text
