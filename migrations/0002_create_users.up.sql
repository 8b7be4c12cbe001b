-- Why: the one table of people, and what is known of each as an athlete. Thresholds are dated, so
-- that a workout is judged by the athlete of its day and not by today's.
SET LOCAL lock_timeout = '2s';

CREATE TABLE users (
    id             uuid        NOT NULL,
    display_name   text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    deactivated_at timestamptz,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);

CREATE TABLE athletes (
    user_id    uuid        NOT NULL,
    sex        text,
    units      text        NOT NULL DEFAULT 'metric',
    time_zone  text        NOT NULL DEFAULT 'UTC',
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT athletes_pkey PRIMARY KEY (user_id),
    CONSTRAINT athletes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT sex_known CHECK (sex IN ('m', 'f')),
    CONSTRAINT units_known CHECK (units IN ('metric', 'imperial'))
);

CREATE TABLE athlete_thresholds (
    user_id             uuid             NOT NULL,
    valid_from          date             NOT NULL,
    ftp_w               double precision,
    hr_max_bpm          double precision,
    hr_rest_bpm         double precision,
    hr_threshold_bpm    double precision,
    threshold_speed_mps double precision,
    css_mps             double precision,
    cp_w                double precision,
    wprime_j            double precision,
    weight_kg           double precision,
    CONSTRAINT athlete_thresholds_pkey PRIMARY KEY (user_id, valid_from),
    CONSTRAINT athlete_thresholds_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE athletes ENABLE ROW LEVEL SECURITY;
ALTER TABLE athletes FORCE ROW LEVEL SECURITY;
ALTER TABLE athlete_thresholds ENABLE ROW LEVEL SECURITY;
ALTER TABLE athlete_thresholds FORCE ROW LEVEL SECURITY;

CREATE POLICY own_row ON users
    USING (id = (SELECT app_user_id())) WITH CHECK (id = (SELECT app_user_id()));
CREATE POLICY own_row ON athletes
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY own_rows ON athlete_thresholds
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

GRANT SELECT ON users TO paceline_ingest, paceline_plan, paceline_read;
GRANT SELECT ON athletes, athlete_thresholds TO paceline_ingest, paceline_stages, paceline_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON athletes, athlete_thresholds TO paceline_plan;
