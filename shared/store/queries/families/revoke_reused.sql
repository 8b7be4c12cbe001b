-- A token that was used before is in two hands, and nobody can tell whose is the thief's: its family ends.
UPDATE token_families AS f
SET revoked_at = coalesce(f.revoked_at, clock_timestamp())
FROM refresh_tokens AS t
WHERE t.token_sha256 = $1::bytea
    AND t.rotated_at IS NOT NULL
    AND f.id = t.family_id
