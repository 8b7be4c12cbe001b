-- For set-up by the schema's owner, and for an athlete who connects again.
UPDATE connections
SET access_token = $4::bytea,
    refresh_token = $5::bytea,
    access_expires_at = $6::timestamptz,
    token_version = token_version + 1,
    status = 'connected',
    refresh_claim = NULL,
    refresh_claim_expires_at = NULL,
    updated_at = clock_timestamp()
WHERE user_id = $1::uuid AND provider = $2::text AND provider_user_id = $3::text
