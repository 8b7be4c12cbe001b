-- Guards: only who holds the claim stores, so an older answer never replaces a newer one.
-- Races with: a claim that took over after the deadline.
-- Safe because: one guarded UPDATE decides. A provider that tells no new refresh token keeps the old.
UPDATE connections
SET access_token = $3::bytea,
    refresh_token = coalesce($4::bytea, refresh_token),
    access_expires_at = $5::timestamptz,
    token_version = token_version + 1,
    refresh_claim = NULL,
    refresh_claim_expires_at = NULL,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND refresh_claim = $2::uuid
