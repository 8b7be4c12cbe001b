-- Each source is a workout of its own again, to be computed by itself.
SET LOCAL lock_timeout = '2s';

REVOKE SELECT (workout_id, user_id, samples, source_sha256) ON recordings FROM paceline_plan;

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

-- Or the owner would see nobody's workouts.
ALTER TABLE workouts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE stage_runs NO FORCE ROW LEVEL SECURITY;
UPDATE workouts SET generation = generation + 1 WHERE lead_id IS NOT NULL OR merged_into IS NOT NULL;
INSERT INTO stage_runs (workout_id, stage, user_id, wanted, status)
SELECT w.id, stage, w.user_id, w.generation, 'pending'
FROM workouts AS w
CROSS JOIN unnest(ARRAY['summary', 'analysis', 'metrics']) AS stage
WHERE w.lead_id IS NOT NULL OR w.merged_into IS NOT NULL
ON CONFLICT ON CONSTRAINT stage_runs_pkey DO UPDATE
SET wanted = EXCLUDED.wanted,
    status = CASE WHEN stage_runs.status = 'processing' THEN 'processing' ELSE 'pending' END,
    attempt = 0,
    error = NULL,
    rung_at = NULL;
ALTER TABLE stage_runs FORCE ROW LEVEL SECURITY;
ALTER TABLE workouts FORCE ROW LEVEL SECURITY;

ALTER TABLE workouts
    DROP CONSTRAINT merged_leads_nothing,
    DROP CONSTRAINT merged_has_no_plan,
    DROP CONSTRAINT merged_is_a_live_whole,
    DROP CONSTRAINT workouts_lead_id_fkey,
    DROP CONSTRAINT workouts_merged_into_fkey,
    DROP CONSTRAINT workouts_merged_provider_key,
    DROP COLUMN kept_apart,
    DROP COLUMN lead_id,
    DROP COLUMN merged_into;
ALTER TABLE athletes
    DROP CONSTRAINT source_preference_is_a_name,
    DROP COLUMN source_preference;
