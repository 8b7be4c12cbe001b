-- Why: our record of an activity, and its samples beside it. One row per provider's activity and
-- session, by a plain constraint over NOT NULL columns; two workouts on one day are two rows. The
-- sessions of a multi-session file are workouts of their own, counted from 1, under the workout of
-- the whole file, which has index 0. The
-- link to the plan is stored once, here, so the two sides cannot disagree. A deleted workout stays
-- as a tombstone, so that a late delivery cannot bring it back.
SET LOCAL lock_timeout = '2s';

CREATE TABLE workouts (
    id                   uuid             NOT NULL,
    user_id              uuid             NOT NULL,
    provider             text             NOT NULL,
    provider_activity_id text             NOT NULL,
    session_index        smallint         NOT NULL DEFAULT 0,
    parent_id            uuid,
    sport                text             NOT NULL,
    sub_sport            text,
    name                 text,
    started_at           timestamptz      NOT NULL,
    utc_offset_s         integer,
    local_date           date             NOT NULL,
    duration_s           double precision,
    distance_m           double precision,
    partial              boolean          NOT NULL,
    planned_id           uuid,
    plan_pinned          boolean          NOT NULL DEFAULT false,
    plan_decision        jsonb            NOT NULL,
    generation           bigint           NOT NULL,
    content_sha256       bytea            NOT NULL,
    provider_time        timestamptz,
    deleted_at           timestamptz,
    created_at           timestamptz      NOT NULL DEFAULT clock_timestamp(),
    updated_at           timestamptz      NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT workouts_pkey PRIMARY KEY (id),
    CONSTRAINT workouts_owner_key UNIQUE (id, user_id),
    CONSTRAINT workouts_provider_key
        UNIQUE (user_id, provider, provider_activity_id, session_index),
    CONSTRAINT workouts_planned_id_key UNIQUE (planned_id),
    CONSTRAINT workouts_parent_id_fkey FOREIGN KEY (parent_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT sessions_have_a_parent CHECK ((session_index = 0) = (parent_id IS NULL)),
    CONSTRAINT workouts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT workouts_planned_id_fkey FOREIGN KEY (planned_id, user_id)
        REFERENCES planned_workouts (id, user_id) ON DELETE SET NULL (planned_id),
    CONSTRAINT generation_counts_from_one CHECK (generation >= 1),
    CONSTRAINT deleted_frees_plan CHECK (deleted_at IS NULL OR planned_id IS NULL),
    CONSTRAINT plan_decision_has_reason CHECK (jsonb_typeof(plan_decision -> 'reason') = 'string')
);

CREATE INDEX workouts_newest_first ON workouts (user_id, started_at DESC, id DESC)
    WHERE parent_id IS NULL AND deleted_at IS NULL;
CREATE INDEX workouts_sessions ON workouts (parent_id, session_index)
    WHERE parent_id IS NOT NULL;
CREATE INDEX workouts_by_date ON workouts (user_id, local_date);

CREATE TABLE recordings (
    workout_id    uuid     NOT NULL,
    user_id       uuid     NOT NULL,
    format        text     NOT NULL,
    source_sha256 bytea    NOT NULL,
    samples       integer  NOT NULL,
    columns       bytea    NOT NULL,
    CONSTRAINT recordings_pkey PRIMARY KEY (workout_id),
    CONSTRAINT recordings_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT samples_not_negative CHECK (samples >= 0)
);
-- The columns are compressed already.
ALTER TABLE recordings ALTER COLUMN columns SET STORAGE EXTERNAL;

ALTER TABLE workouts ENABLE ROW LEVEL SECURITY;
ALTER TABLE workouts FORCE ROW LEVEL SECURITY;
ALTER TABLE recordings ENABLE ROW LEVEL SECURITY;
ALTER TABLE recordings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON workouts
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY own_rows ON recordings
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

GRANT SELECT, INSERT, UPDATE ON workouts TO paceline_ingest;
GRANT SELECT, UPDATE ON workouts TO paceline_plan;
GRANT SELECT ON workouts TO paceline_stages, paceline_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON recordings TO paceline_ingest;
GRANT SELECT ON recordings TO paceline_stages;
