-- Guards: a bucket that somebody takes from is not forgotten.
-- Races with: every attempt.
-- Safe because: a row that was changed meanwhile is looked at again, and is not full then.
DELETE FROM rate_limits
WHERE full_at < clock_timestamp()
    AND key_sha256 IN (
        SELECT key_sha256
        FROM rate_limits
        WHERE full_at < clock_timestamp()
        ORDER BY full_at
        LIMIT $1::bigint
    )
