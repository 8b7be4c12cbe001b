-- Guards: only the tokens that were refused make a connection unusable.
-- Races with: a new connection by the athlete.
-- Safe because: tokens that came since have another version.
UPDATE connections
SET status = 'needs_reauthorisation',
    refresh_claim = NULL,
    refresh_claim_expires_at = NULL,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND token_version = $2::bigint
