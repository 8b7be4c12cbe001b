-- Why: the terms of some providers forbid to show what they told to an AI, or to keep it for long. What
-- they forbid is data, because terms change without a release, and reads honour it. What was told is as
-- old as our last question, or as what the provider posted; a workout that is there already counts from
-- what is known of that. Old code shows everything, and what it is told again it does not date.
SET LOCAL lock_timeout = '2s';

-- Nobody's data. A provider without a row forbids nothing.
CREATE TABLE source_policies (
    provider   text     NOT NULL,
    allows_ai  boolean  NOT NULL,
    cache_days smallint,
    source     text     NOT NULL,
    CONSTRAINT source_policies_pkey PRIMARY KEY (provider),
    CONSTRAINT cache_days_positive CHECK (cache_days > 0),
    CONSTRAINT policy_names_its_source CHECK (source <> '')
);
INSERT INTO source_policies (provider, allows_ai, cache_days, source)
VALUES (
    'strava', false, 7,
    'Strava''s API policy of 1 June 2026: section 5.3 bars any AI application; caching is limited, 7 days'
);
ALTER TABLE source_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE source_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY nobodys ON source_policies USING (true) WITH CHECK (true);
GRANT SELECT ON source_policies TO paceline_read, paceline_fetch;

ALTER TABLE workouts ADD COLUMN told_at timestamptz NOT NULL DEFAULT clock_timestamp();
-- Or the owner would see nobody's workouts.
ALTER TABLE workouts NO FORCE ROW LEVEL SECURITY;
UPDATE workouts SET told_at = least(coalesce(provider_time, created_at), clock_timestamp());
ALTER TABLE workouts FORCE ROW LEVEL SECURITY;

-- What keeps a workout from being shown, of each source that tells of it: for a purpose or for any
-- (NULL), and since when. A session is told with the whole that it is of, and what was only
-- announced does not grow old.
CREATE VIEW workout_limits WITH (security_invoker = true) AS
SELECT
    w.id AS workout_id,
    w.user_id,
    source.provider,
    source.id = coalesce(w.lead_id, w.id) AS leads,
    rule.reason,
    rule.purpose,
    rule.since
FROM workouts AS w
CROSS JOIN LATERAL (
    SELECT w.id
    UNION ALL
    SELECT merged.id FROM workouts AS merged WHERE merged.merged_into = w.id
) AS part
JOIN workouts AS source ON source.id = part.id
LEFT JOIN workouts AS whole ON whole.id = source.parent_id
JOIN source_policies AS policy ON policy.provider = source.provider
CROSS JOIN LATERAL (VALUES
    ('no_ai', 'ai', CASE WHEN NOT policy.allows_ai THEN timestamptz '-infinity' END),
    (
        'expired', NULL,
        CASE
            WHEN source.generation > 0
            THEN coalesce(whole.told_at, source.told_at)
                + make_interval(hours => 24 * policy.cache_days)
        END
    )
) AS rule (reason, purpose, since)
WHERE rule.since IS NOT NULL;

GRANT SELECT ON workout_limits TO paceline_read;

-- A provider may be asked again without having announced anything (done = wanted). What is computed is
-- current all the while, and a question that comes to nothing fails no stage.
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
    f.last_error AS fetch_error,
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
        CASE WHEN run.done < run.wanted THEN run.error END AS error,
        coalesce(run.error, run.last_error) AS last_error,
        run.updated_at,
        run.not_before,
        CASE
            WHEN run.done = run.wanted THEN NULL
            WHEN run.status IN ('pending', 'processing') THEN 'pending'
            WHEN run.status = 'failed' THEN 'failed'
        END AS stands_for
    FROM stage_runs AS run
    WHERE run.stage = 'fetch' AND run.workout_id = ANY (ARRAY(
        SELECT coalesce(w.parent_id, w.id)
        UNION ALL
        SELECT source.id FROM workouts AS source WHERE source.merged_into = w.id
    ))
    ORDER BY
        run.done = run.wanted, run.status = 'complete', run.status = 'failed', run.updated_at DESC
    LIMIT 1
) AS f ON true
WHERE w.deleted_at IS NULL AND w.merged_into IS NULL;
