-- For set-up by the schema's owner, and for an athlete who connects again.
UPDATE connections
SET access_token = $3::bytea,
    refresh_token = $4::bytea,
    access_expires_at = $5::timestamptz,
    token_version = token_version + 1,
    status = 'connected',
    refresh_claim = NULL,
    refresh_claim_expires_at = NULL,
    updated_at = clock_timestamp()
WHERE provider = $1::text AND provider_user_id = $2::text
