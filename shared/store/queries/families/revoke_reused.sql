-- A token that was used before is in two hands, and nobody can tell whose is the thief's: its family ends.
-- One that has ended stays as it is, so that it is written down once, however often a token of it comes again.
UPDATE token_families AS f
SET revoked_at = clock_timestamp()
FROM refresh_tokens AS t
WHERE t.token_sha256 = $1::bytea
    AND t.rotated_at IS NOT NULL
    AND f.id = t.family_id
    AND f.revoked_at IS NULL
