-- Which deliveries are kept, in the order in which they came, a page at a time.
SELECT id, user_id, provider, received_at
FROM deliveries
WHERE body IS NOT NULL
    AND (received_at, id) > ($1::timestamptz, $2::uuid) AND received_at < $3::timestamptz
    AND provider = coalesce($4::text, provider)
ORDER BY received_at, id
LIMIT $5::bigint
