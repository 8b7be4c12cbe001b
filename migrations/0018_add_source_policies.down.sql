-- Everything is shown again, whatever the providers' terms say.
SET LOCAL lock_timeout = '2s';

CREATE OR REPLACE VIEW workout_status WITH (security_invoker = true) AS
SELECT
    w.id AS workout_id,
    w.user_id,
    w.generation,
    coalesce(f.stands_for, joint_status(r.summary_statuses)) AS summary_status,
    coalesce(f.error, r.summary_error) AS summary_error,
    coalesce(r.summary_updated_at, f.updated_at) AS summary_updated_at,
    coalesce(f.stands_for, joint_status(r.analysis_statuses)) AS analysis_status,
    coalesce(f.error, r.analysis_error) AS analysis_error,
    coalesce(r.analysis_updated_at, f.updated_at) AS analysis_updated_at,
    coalesce(f.stands_for, joint_status(r.metrics_statuses)) AS metrics_status,
    coalesce(f.error, r.metrics_error) AS metrics_error,
    coalesce(r.metrics_updated_at, f.updated_at) AS metrics_updated_at,
    f.status AS fetch_status,
    coalesce(f.error, f.last_error) AS fetch_error,
    f.updated_at AS fetch_updated_at,
    f.not_before AS fetch_not_before
FROM workouts AS w
CROSS JOIN LATERAL (
    SELECT
        array_agg(own.status) FILTER (WHERE own.stage = 'summary') AS summary_statuses,
        min(own.error) FILTER (WHERE own.stage = 'summary') AS summary_error,
        max(own.updated_at) FILTER (WHERE own.stage = 'summary') AS summary_updated_at,
        array_agg(own.status) FILTER (WHERE own.stage = 'analysis') AS analysis_statuses,
        min(own.error) FILTER (WHERE own.stage = 'analysis') AS analysis_error,
        max(own.updated_at) FILTER (WHERE own.stage = 'analysis') AS analysis_updated_at,
        array_agg(own.status) FILTER (WHERE own.stage = 'metrics') AS metrics_statuses,
        min(own.error) FILTER (WHERE own.stage = 'metrics') AS metrics_error,
        max(own.updated_at) FILTER (WHERE own.stage = 'metrics') AS metrics_updated_at
    FROM stage_runs AS own
    WHERE own.workout_id = ANY (ARRAY(
        SELECT w.id
        UNION ALL
        SELECT part.id FROM workouts AS part
        WHERE part.parent_id = w.id AND part.deleted_at IS NULL
    ))
    HAVING count(*) > 0
) AS r
LEFT JOIN LATERAL (
    SELECT
        run.status,
        run.error,
        run.last_error,
        run.updated_at,
        run.not_before,
        CASE
            WHEN run.status IN ('pending', 'processing') THEN 'pending'
            WHEN run.status = 'failed' THEN 'failed'
        END AS stands_for
    FROM stage_runs AS run
    WHERE run.stage = 'fetch' AND run.workout_id = ANY (ARRAY(
        SELECT coalesce(w.parent_id, w.id)
        UNION ALL
        SELECT source.id FROM workouts AS source WHERE source.merged_into = w.id
    ))
    ORDER BY run.status = 'complete', run.status = 'failed', run.updated_at DESC
    LIMIT 1
) AS f ON true
WHERE w.deleted_at IS NULL AND w.merged_into IS NULL;

DROP VIEW workout_limits;
ALTER TABLE workouts DROP COLUMN told_at;
DROP TABLE source_policies;
