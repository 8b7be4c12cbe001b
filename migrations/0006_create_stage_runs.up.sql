-- Why: the ledger. One row per workout and stage says what is wanted, what is done and who works
-- on it; the CHECKs are the protocol's invariants, so that a bug is an error at the statement that
-- would commit it. The views give clients the names they know; nothing is stored twice.
SET LOCAL lock_timeout = '2s';

CREATE TABLE stage_runs (
    workout_id       uuid        NOT NULL,
    stage            text        NOT NULL,
    user_id          uuid        NOT NULL,
    wanted           bigint      NOT NULL,
    done             bigint      NOT NULL DEFAULT 0,
    status           text        NOT NULL,
    attempt          smallint    NOT NULL DEFAULT 0,
    claim_token      uuid,
    claim_expires_at timestamptz,
    rung_at          timestamptz,
    result           jsonb,
    version          integer,
    error            text,
    last_error       text,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT stage_runs_pkey PRIMARY KEY (workout_id, stage),
    CONSTRAINT stage_runs_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT stage_known CHECK (stage IN ('summary', 'analysis', 'metrics')),
    CONSTRAINT status_known CHECK (status IN ('pending', 'processing', 'complete', 'failed')),
    CONSTRAINT processing_has_claim CHECK ((status = 'processing') = (claim_token IS NOT NULL)),
    CONSTRAINT claim_has_deadline CHECK ((claim_token IS NULL) = (claim_expires_at IS NULL)),
    CONSTRAINT complete_is_current CHECK (status <> 'complete' OR done = wanted),
    CONSTRAINT failed_has_error CHECK ((status = 'failed') = (error IS NOT NULL)),
    CONSTRAINT done_not_ahead CHECK (done <= wanted),
    CONSTRAINT done_has_result CHECK ((done > 0) = (result IS NOT NULL)),
    CONSTRAINT result_has_version CHECK ((result IS NULL) = (version IS NULL)),
    CONSTRAINT attempt_not_negative CHECK (attempt >= 0)
);

CREATE INDEX stage_runs_unfinished ON stage_runs (status, rung_at)
    WHERE status IN ('pending', 'processing');

ALTER TABLE stage_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE stage_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON stage_runs
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
-- The sweep asks what is not yet true of anybody's runs, and reads nothing else.
CREATE POLICY every_run ON stage_runs TO paceline_sweep USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON stage_runs TO paceline_ingest;
GRANT SELECT, INSERT, UPDATE ON stage_runs TO paceline_plan;
GRANT SELECT, UPDATE ON stage_runs TO paceline_stages, paceline_sweep;
GRANT SELECT ON stage_runs TO paceline_read;

-- How far several runs of one stage have come together: complete only when each is, and over only
-- when each is.
CREATE FUNCTION joint_status(statuses text[]) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE
    WHEN 'pending' = ALL (statuses) THEN 'pending'
    WHEN statuses && ARRAY['pending', 'processing'] THEN 'processing'
    WHEN 'failed' = ANY (statuses) THEN 'failed'
    ELSE 'complete'
END;

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

-- Takes a lock of the calling transaction on a 64-bit hash of the key; false when it is busy.
-- Guards: nothing on its own; it saves doubled work. Truth rests on the claim token.
CREATE FUNCTION try_advisory_lock(lock_key text) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN pg_try_advisory_xact_lock(hashtextextended(lock_key, 0));

-- Ends a claim with a result.
-- Guards: only the holder of the claim writes, and never over a newer result.
-- Races with: a rescue (the token is gone), a request of a newer generation (the row is locked by
-- whichever comes first), a delete (no row).
-- Safe because: one guarded UPDATE decides; a newer wanted generation makes the run pending again.
-- Answers the new status, or NULL when it wrote nothing.
CREATE FUNCTION merge_computed(
    p_workout_id uuid,
    p_stage text,
    p_claim_token uuid,
    p_generation bigint,
    p_partial jsonb,
    p_version integer
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own_keys text[] := CASE p_stage
        WHEN 'summary' THEN ARRAY['overall', 'intervals']
        WHEN 'analysis' THEN ARRAY['analysis']
        WHEN 'metrics' THEN ARRAY['metrics']
    END;
    new_status text;
BEGIN
    IF own_keys IS NULL THEN
        RAISE EXCEPTION 'unknown stage %', p_stage USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_partial IS NULL OR jsonb_typeof(p_partial) <> 'object' OR p_version IS NULL THEN
        RAISE EXCEPTION 'the result of stage % is not an object with a version', p_stage
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM jsonb_object_keys(p_partial) AS key WHERE key <> ALL (own_keys)) THEN
        RAISE EXCEPTION 'stage % may only write %', p_stage, own_keys
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    UPDATE public.stage_runs
    SET result = p_partial,
        version = p_version,
        done = p_generation,
        status = CASE WHEN wanted > p_generation THEN 'pending' ELSE 'complete' END,
        attempt = CASE WHEN wanted > p_generation THEN 0 ELSE attempt END,
        claim_token = NULL,
        claim_expires_at = NULL,
        rung_at = CASE WHEN wanted > p_generation THEN NULL ELSE rung_at END,
        last_error = NULL,
        updated_at = clock_timestamp()
    WHERE workout_id = p_workout_id
        AND stage = p_stage
        AND claim_token = p_claim_token
        AND done <= p_generation
        AND wanted >= p_generation
    RETURNING status INTO new_status;

    RETURN new_status;
END
$$;

REVOKE ALL ON FUNCTION joint_status(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION joint_status(text[]) TO paceline_read;
REVOKE ALL ON FUNCTION try_advisory_lock(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION merge_computed(uuid, text, uuid, bigint, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION try_advisory_lock(text) TO paceline_stages;
GRANT EXECUTE ON FUNCTION merge_computed(uuid, text, uuid, bigint, jsonb, integer) TO paceline_stages;
