-- What was announced and never came is known to nobody else than the provider; it is asked again.
SET LOCAL lock_timeout = '2s';

-- Or the owner would see nobody's rows.
ALTER TABLE stage_runs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE workouts NO FORCE ROW LEVEL SECURITY;
DELETE FROM stage_runs WHERE stage = 'fetch';
DELETE FROM workouts WHERE generation = 0;
ALTER TABLE stage_runs FORCE ROW LEVEL SECURITY;
ALTER TABLE workouts FORCE ROW LEVEL SECURITY;

REVOKE ALL
    ON users, athletes, athlete_thresholds, planned_workouts, early_deletions, connections,
        deliveries, workouts, recordings, stage_runs
    FROM paceline_fetch;
REVOKE ALL ON FUNCTION app_user_id() FROM paceline_fetch;
REVOKE ALL ON SCHEMA public FROM paceline_fetch;

-- A view's columns cannot be taken away in place.
DROP VIEW workout_computed;
DROP VIEW workout_status;

ALTER TABLE stage_runs
    DROP CONSTRAINT only_fetches_wait,
    DROP CONSTRAINT postponed_not_negative,
    DROP COLUMN not_before,
    DROP COLUMN postponed,
    DROP CONSTRAINT stage_known,
    ADD CONSTRAINT stage_known CHECK (stage IN ('summary', 'analysis', 'metrics'));
ALTER TABLE workouts
    DROP CONSTRAINT announced_has_no_plan,
    DROP CONSTRAINT generation_not_negative,
    ADD CONSTRAINT generation_counts_from_one CHECK (generation >= 1);

-- A workout with sessions has come as far as it and all of them have.
CREATE VIEW workout_status WITH (security_invoker = true) AS
SELECT
    w.id AS workout_id,
    w.user_id,
    w.generation,
    joint_status(r.summary_statuses) AS summary_status,
    r.summary_error,
    r.summary_updated_at,
    joint_status(r.analysis_statuses) AS analysis_status,
    r.analysis_error,
    r.analysis_updated_at,
    joint_status(r.metrics_statuses) AS metrics_status,
    r.metrics_error,
    r.metrics_updated_at
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
WHERE w.deleted_at IS NULL;

-- The stages own disjoint keys (merge_computed sees to it), so collecting them merges nothing.
CREATE VIEW workout_computed WITH (security_invoker = true) AS
SELECT
    r.workout_id,
    r.user_id,
    jsonb_object_agg(part.key, part.value) AS computed,
    max(r.updated_at) AS updated_at
FROM stage_runs AS r
CROSS JOIN LATERAL (
    SELECT own.key, own.value FROM jsonb_each(r.result) AS own
    UNION ALL
    SELECT 'versions', (
        SELECT jsonb_object_agg(v.stage, v.version)
        FROM stage_runs AS v
        WHERE v.workout_id = r.workout_id AND v.version IS NOT NULL
    )
) AS part
WHERE r.result IS NOT NULL
GROUP BY r.workout_id, r.user_id;

GRANT SELECT ON workout_status, workout_computed TO paceline_read;
