-- Guards: an athlete has one authorisation for each provider, so nobody can pile them up.
-- Races with: the callback of the one before, whose state is then no longer known.
-- Safe because: one upsert decides, and the state that is there is the newest.
INSERT INTO authorisations (user_id, provider, state_sha256, verifier, expires_at)
VALUES (
    $1::uuid, $2::text, $3::bytea, $4::bytea, clock_timestamp() + make_interval(secs => $5::float8)
)
ON CONFLICT ON CONSTRAINT authorisations_pkey DO UPDATE
SET state_sha256 = EXCLUDED.state_sha256,
    verifier = EXCLUDED.verifier,
    expires_at = EXCLUDED.expires_at
RETURNING expires_at
