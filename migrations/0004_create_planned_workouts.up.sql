-- Why: what the plan asked for. The totals are stored so that matching needs no JSON; NULL means
-- that the plan does not say (a lap-button step, a plan by name only).
SET LOCAL lock_timeout = '2s';

CREATE TABLE planned_workouts (
    id               uuid             NOT NULL,
    user_id          uuid             NOT NULL,
    date             date             NOT NULL,
    sport            text             NOT NULL,
    sub_sport        text,
    name             text             NOT NULL,
    steps            jsonb            NOT NULL,
    total_duration_s double precision,
    total_distance_m double precision,
    created_at       timestamptz      NOT NULL DEFAULT clock_timestamp(),
    updated_at       timestamptz      NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT planned_workouts_pkey PRIMARY KEY (id),
    CONSTRAINT planned_workouts_owner_key UNIQUE (id, user_id),
    CONSTRAINT planned_workouts_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT steps_is_array CHECK (jsonb_typeof(steps) = 'array')
);

CREATE INDEX planned_workouts_by_date ON planned_workouts (user_id, date, id);

ALTER TABLE planned_workouts ENABLE ROW LEVEL SECURITY;
ALTER TABLE planned_workouts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON planned_workouts
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

GRANT SELECT ON planned_workouts TO paceline_ingest, paceline_stages, paceline_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON planned_workouts TO paceline_plan;
