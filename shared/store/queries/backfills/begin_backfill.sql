-- Begun again, it begins anew: what is known is left alone all the same.
INSERT INTO backfills (connection_id, user_id, provider, since, until, next_page, is_listed, found)
SELECT id, user_id, provider, $3::date::timestamp AT TIME ZONE 'UTC', clock_timestamp(), NULL, false, 0
FROM connections
WHERE user_id = $1::uuid AND provider = $2::text AND status = 'connected'
ORDER BY created_at, id
LIMIT 1
ON CONFLICT ON CONSTRAINT backfills_pkey DO UPDATE
SET since = EXCLUDED.since,
    until = EXCLUDED.until,
    next_page = NULL,
    is_listed = false,
    found = 0
