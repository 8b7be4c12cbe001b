-- Guards: a token is used once, while its family lasts and its user may come in.
-- Races with: the same token again, a logout and a deactivation.
-- Safe because: all of them hold the user's lock; who comes second finds no row.
UPDATE refresh_tokens AS t
SET rotated_at = clock_timestamp()
FROM token_families AS f
JOIN users AS u ON u.id = f.user_id
WHERE t.token_sha256 = $1::bytea
    AND t.rotated_at IS NULL
    AND t.expires_at > clock_timestamp()
    AND f.id = t.family_id
    AND f.revoked_at IS NULL
    AND u.deactivated_at IS NULL
RETURNING f.id, f.is_admins
