-- The hash stays, so a late repetition is still known.
UPDATE deliveries
SET body = NULL,
    headers = NULL
WHERE id IN (
    SELECT id
    FROM deliveries
    WHERE body IS NOT NULL
        AND received_at < clock_timestamp() - make_interval(secs => $1::float8)
    ORDER BY received_at
    LIMIT $2::bigint
)
