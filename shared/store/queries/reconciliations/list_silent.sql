-- Providers of which nothing was heard for so long though somebody is connected. Of one that never
-- delivered anything, it counts from the first connection.
SELECT
    provider,
    count(*) FILTER (WHERE is_connected) AS connections,
    max(delivered_at) AS delivered_at
FROM reconciliations
WHERE provider = ANY ($1::text[])
GROUP BY provider
HAVING bool_or(is_connected)
    AND coalesce(max(delivered_at), min(awaited_since))
        < clock_timestamp() - make_interval(secs => $2::float8)
ORDER BY provider
