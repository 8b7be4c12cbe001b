-- Why: most providers only announce that something happened, and have to be asked. A run of the stage
-- `fetch` is that question: it is claimed, retried and given up like any other, but no transaction
-- is open while the provider is asked, and its answer goes through the ingest transaction. What was
-- announced and has not come yet is a workout of generation 0, of which only the announcement is
-- known. Old code never makes one and shows the views' first columns.
SET LOCAL lock_timeout = '2s';

DO $$
BEGIN
    CREATE ROLE paceline_fetch NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
ALTER ROLE paceline_fetch SET idle_in_transaction_session_timeout = '5s';
GRANT USAGE ON SCHEMA public TO paceline_fetch;
GRANT EXECUTE ON FUNCTION app_user_id() TO paceline_fetch;

ALTER TABLE workouts
    DROP CONSTRAINT generation_counts_from_one,
    ADD CONSTRAINT generation_not_negative CHECK (generation >= 0),
    ADD CONSTRAINT announced_has_no_plan CHECK (generation > 0 OR planned_id IS NULL);

-- A provider that is not ready yet, or that wants to be left alone for a while, is no failure: the
-- run waits, and that is no attempt.
ALTER TABLE stage_runs
    ADD COLUMN not_before timestamptz,
    ADD COLUMN postponed smallint NOT NULL DEFAULT 0,
    DROP CONSTRAINT stage_known,
    ADD CONSTRAINT stage_known CHECK (stage IN ('summary', 'analysis', 'metrics', 'fetch')),
    ADD CONSTRAINT only_fetches_wait
        CHECK (stage = 'fetch' OR (not_before IS NULL AND postponed = 0)),
    ADD CONSTRAINT postponed_not_negative CHECK (postponed >= 0);

-- A workout with sessions has come as far as it and all of them have. What the provider announced and
-- did not bring yet is not there, so nothing computed before it is current.
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
    WHERE run.workout_id = coalesce(w.parent_id, w.id) AND run.stage = 'fetch'
) AS f ON true
WHERE w.deleted_at IS NULL;

-- The stages own disjoint keys (merge_computed sees to it), so collecting them merges nothing. A
-- fetch computes nothing.
CREATE OR REPLACE VIEW workout_computed WITH (security_invoker = true) AS
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
        WHERE v.workout_id = r.workout_id AND v.version IS NOT NULL AND v.stage <> 'fetch'
    )
) AS part
WHERE r.result IS NOT NULL AND r.stage <> 'fetch'
GROUP BY r.workout_id, r.user_id;

GRANT SELECT ON users, athletes, athlete_thresholds, planned_workouts, early_deletions
    TO paceline_fetch;
GRANT SELECT ON connections, deliveries TO paceline_fetch;
GRANT SELECT, INSERT, UPDATE ON workouts, early_deletions TO paceline_fetch;
GRANT SELECT, INSERT, UPDATE, DELETE ON recordings, stage_runs TO paceline_fetch;
