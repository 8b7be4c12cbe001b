-- Guards: a state counts once.
-- Races with: the same callback again, and with the athlete's starting again.
-- Safe because: one DELETE decides; who comes second finds no row.
DELETE FROM authorisations
WHERE user_id = $1::uuid AND provider = $2::text AND state_sha256 = $3::bytea
RETURNING verifier, expires_at > clock_timestamp() AS is_alive
