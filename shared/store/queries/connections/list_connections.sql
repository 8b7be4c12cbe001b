SELECT
    c.provider, c.provider_user_id AS account, c.status, c.scopes, c.created_at AS connected_at,
    greatest(heard.received_at, r.reconciled_at) AS last_heard_at,
    CASE WHEN b.connection_id IS NOT NULL THEN jsonb_build_object(
        'since', (b.since AT TIME ZONE 'UTC')::date,
        'state', CASE
            WHEN NOT b.is_listed THEN 'listing'
            WHEN brought.pending > 0 THEN 'fetching'
            ELSE 'complete'
        END,
        'found', b.found,
        'fetched', brought.fetched,
        'failed', brought.failed
    ) END AS backfill
FROM connections AS c
LEFT JOIN reconciliations AS r ON r.connection_id = c.id
LEFT JOIN backfills AS b ON b.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT max(received_at) AS received_at
    FROM deliveries
    WHERE user_id = c.user_id AND provider = c.provider
) AS heard
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE w.generation > 0) AS fetched,
        count(*) FILTER (WHERE w.generation = 0 AND run.status = 'failed') AS failed,
        -- What is only asked for again (done = wanted) is there.
        count(*) FILTER (
            WHERE run.status IN ('pending', 'processing') AND run.done < run.wanted
        ) AS pending
    FROM workouts AS w
    LEFT JOIN stage_runs AS run ON run.workout_id = w.id AND run.stage = 'fetch'
    WHERE w.user_id = c.user_id
        AND w.provider = c.provider
        AND w.parent_id IS NULL
        AND w.deleted_at IS NULL
        AND w.started_at >= b.since
        AND w.started_at < b.until
) AS brought
WHERE c.user_id = $1::uuid
ORDER BY c.provider, c.created_at, c.id
