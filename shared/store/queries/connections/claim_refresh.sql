-- Guards: a refresh token is used once.
-- Races with: everybody else who found the same access token too old.
-- Safe because: one guarded UPDATE decides; who comes second finds the claim, and then the newer
-- version. A claim of the dead ends with its deadline.
UPDATE connections
SET refresh_claim = $3::uuid,
    refresh_claim_expires_at = clock_timestamp() + make_interval(secs => $4::float8)
WHERE id = $1::uuid
    AND token_version = $2::bigint
    AND status = 'connected'
    AND (refresh_claim IS NULL OR refresh_claim_expires_at < clock_timestamp())
