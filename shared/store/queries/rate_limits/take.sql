-- Guards: no bucket gives more than it holds, whoever asks.
-- Races with: every other attempt of the same account or address, on every instance.
-- Safe because: each bucket is one row that one guarded upsert takes from, in the order of the keys, so that nobody
-- waits in a circle; whoever gets fewer rows than were asked for rolls back. A bucket is the moment at which it is
-- full again: an attempt moves it on, and it may not be further away than an empty bucket takes to fill. The
-- millisecond is for costs that are no whole microseconds.
INSERT INTO rate_limits AS bucket (key_sha256, cost_s, holds_s, full_at)
SELECT
    asked.key_sha256, asked.cost_s, asked.holds_s,
    clock_timestamp() + make_interval(secs => asked.cost_s)
FROM unnest($1::bytea[], $2::float8[], $3::float8[]) AS asked (key_sha256, cost_s, holds_s)
ORDER BY asked.key_sha256
ON CONFLICT ON CONSTRAINT rate_limits_pkey DO UPDATE
SET cost_s = EXCLUDED.cost_s,
    holds_s = EXCLUDED.holds_s,
    full_at = greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => EXCLUDED.cost_s)
WHERE greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => EXCLUDED.cost_s)
    <= clock_timestamp() + make_interval(secs => EXCLUDED.holds_s + 0.001)
RETURNING key_sha256
