SELECT
    c.provider, c.provider_user_id AS account, c.status, c.scopes, c.created_at AS connected_at,
    greatest(heard.received_at, r.reconciled_at) AS last_heard_at
FROM connections AS c
LEFT JOIN reconciliations AS r ON r.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT max(received_at) AS received_at
    FROM deliveries
    WHERE user_id = c.user_id AND provider = c.provider
) AS heard
WHERE c.user_id = $1::uuid
ORDER BY c.provider, c.created_at, c.id
