UPDATE connections
SET refresh_claim = NULL,
    refresh_claim_expires_at = NULL
WHERE id = $1::uuid AND refresh_claim = $2::uuid
