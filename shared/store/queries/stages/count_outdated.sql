-- What waits was complete before, or is wanted anew; both will be of the newer version.
SELECT
    count(*) FILTER (
        WHERE status = 'complete'
            AND ($3::timestamptz IS NULL OR updated_at >= $3::timestamptz)
    ),
    count(*) FILTER (WHERE status IN ('pending', 'processing')),
    count(*) FILTER (WHERE status = 'failed')
FROM stage_runs
WHERE stage = $1::text AND version < $2::integer
