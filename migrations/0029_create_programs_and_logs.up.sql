-- Why: what an athlete writes down of a day of a program is one log, whatever saves at once: its place is a named
-- constraint over columns that are never NULL, as is that of a log without program, which is its own id. Its exercises
-- are rows of their own that keep their ids, so that a save writes only what changed; the same exercise may be there
-- twice. A coach reads, by permission of the athlete, and writes nothing. Old code sees nothing of it.
SET LOCAL lock_timeout = '2s';

CREATE TABLE programs (
    id         uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    name       text        NOT NULL,
    weeks      integer     NOT NULL,
    -- How many days a week has.
    days       integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT programs_pkey PRIMARY KEY (id),
    CONSTRAINT programs_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT programs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT program_has_a_name CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT program_weeks_believable CHECK (weeks BETWEEN 1 AND 520),
    CONSTRAINT program_days_are_of_a_week CHECK (days BETWEEN 1 AND 7)
);

CREATE INDEX programs_by_user ON programs (user_id, created_at, id);

CREATE TABLE workout_logs (
    id           uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    program_id   uuid,
    week_index   integer,
    day_index    integer,
    name         text        NOT NULL,
    date         date        NOT NULL,
    duration_s   integer,
    notes        text,
    weight_unit  text        NOT NULL,
    -- NULL until it is finished, and never again.
    completed_at timestamptz,
    -- The workout that its sets became.
    workout_id   uuid,
    -- Rises by one with every save that changes something.
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- What is unique must not be NULL: without a program a log's place is its own id.
    program_key  uuid        NOT NULL GENERATED ALWAYS AS (coalesce(program_id, id)) STORED,
    week_key     integer     NOT NULL
        GENERATED ALWAYS AS (CASE WHEN program_id IS NULL THEN -1 ELSE week_index END) STORED,
    day_key      integer     NOT NULL
        GENERATED ALWAYS AS (CASE WHEN program_id IS NULL THEN -1 ELSE day_index END) STORED,
    CONSTRAINT workout_logs_pkey PRIMARY KEY (id),
    CONSTRAINT workout_logs_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT one_log_per_program_day UNIQUE (user_id, program_key, week_key, day_key),
    CONSTRAINT workout_logs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    -- What was logged outlives the program that it was of, and still says of which week and day.
    CONSTRAINT workout_logs_program_fkey FOREIGN KEY (program_id, user_id)
        REFERENCES programs (id, user_id) ON DELETE SET NULL (program_id),
    CONSTRAINT workout_logs_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE SET NULL (workout_id),
    CONSTRAINT log_place_is_whole CHECK (
        (week_index IS NULL) = (day_index IS NULL) AND (program_id IS NULL OR week_index IS NOT NULL)
    ),
    CONSTRAINT log_week_counts_from_zero CHECK (week_index >= 0),
    CONSTRAINT log_day_is_of_a_week CHECK (day_index BETWEEN 0 AND 6),
    CONSTRAINT log_has_a_name CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT log_duration_believable CHECK (duration_s BETWEEN 1 AND 172800),
    CONSTRAINT log_notes_bounded CHECK (length(notes) <= 4000),
    CONSTRAINT log_weight_unit_known CHECK (weight_unit IN ('kg', 'lb')),
    CONSTRAINT log_version_counts_from_one CHECK (version >= 1)
);

CREATE INDEX workout_logs_by_date ON workout_logs (user_id, date DESC, id DESC);

CREATE TABLE workout_log_exercises (
    log_id         uuid          NOT NULL,
    -- The client's or ours; it stays through every save.
    id             uuid          NOT NULL,
    user_id        uuid          NOT NULL,
    exercise_id    uuid          NOT NULL,
    -- Its place in the log, from 0 without a gap.
    order_index    integer       NOT NULL,
    sets           integer       NOT NULL,
    -- One entry for each set; NULL is not known, 0 is zero.
    reps           integer[]     NOT NULL,
    weights        numeric(7, 2)[] NOT NULL,
    completed      boolean[]     NOT NULL,
    bodyweight     numeric(7, 2),
    notes          text,
    added_type     text,
    original_index integer,
    -- Rises by one with every change of its content, not of its place.
    revision       bigint        NOT NULL DEFAULT 1,
    CONSTRAINT workout_log_exercises_pkey PRIMARY KEY (log_id, id),
    -- Checked at the end, so that rows may change places in any order.
    CONSTRAINT workout_log_exercises_order_key UNIQUE (log_id, order_index) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT workout_log_exercises_log_fkey FOREIGN KEY (log_id, user_id)
        REFERENCES workout_logs (id, user_id) ON DELETE CASCADE,
    CONSTRAINT workout_log_exercises_exercise_id_fkey FOREIGN KEY (exercise_id) REFERENCES exercises (id),
    CONSTRAINT log_order_counts_from_zero CHECK (order_index >= 0),
    CONSTRAINT log_sets_believable CHECK (sets BETWEEN 1 AND 100),
    CONSTRAINT log_arrays_are_as_long_as_sets CHECK (
        cardinality(reps) = sets AND cardinality(weights) = sets AND cardinality(completed) = sets
    ),
    CONSTRAINT log_reps_believable CHECK (0 <= ALL (reps) AND 10000 >= ALL (reps)),
    CONSTRAINT log_weights_believable CHECK (0 <= ALL (weights) AND 10000 >= ALL (weights)),
    CONSTRAINT log_completed_is_known CHECK (array_position(completed, NULL) IS NULL),
    CONSTRAINT log_bodyweight_believable CHECK (bodyweight > 0 AND bodyweight <= 2000),
    CONSTRAINT log_exercise_notes_bounded CHECK (length(notes) <= 2000),
    CONSTRAINT log_added_type_known CHECK (
        added_type IN ('superset', 'dropset', 'custom', 'replacement', 'temporary', 'permanent')
    ),
    CONSTRAINT log_original_index_counts_from_zero CHECK (original_index BETWEEN 0 AND 1000)
);

-- Whom an athlete lets read the logs.
CREATE TABLE coach_permissions (
    user_id    uuid        NOT NULL,
    coach_id   uuid        NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT coach_permissions_pkey PRIMARY KEY (user_id, coach_id),
    CONSTRAINT coach_permissions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT coach_permissions_coach_id_fkey
        FOREIGN KEY (coach_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT coach_is_somebody_else CHECK (coach_id <> user_id)
);

ALTER TABLE programs ENABLE ROW LEVEL SECURITY;
ALTER TABLE programs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON programs
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE workout_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE workout_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON workout_logs
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE workout_log_exercises ENABLE ROW LEVEL SECURITY;
ALTER TABLE workout_log_exercises FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON workout_log_exercises
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE coach_permissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE coach_permissions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON coach_permissions
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- A coach sees that it may read, and what it may read, and no more.
CREATE POLICY coach_sees ON coach_permissions FOR SELECT TO paceline_log
    USING (coach_id = (SELECT app_user_id()));
CREATE POLICY coach_reads ON workout_logs FOR SELECT TO paceline_log
    USING (user_id IN (
        SELECT p.user_id FROM coach_permissions AS p WHERE p.coach_id = (SELECT app_user_id())
    ));
CREATE POLICY coach_reads ON workout_log_exercises FOR SELECT TO paceline_log
    USING (user_id IN (
        SELECT p.user_id FROM coach_permissions AS p WHERE p.coach_id = (SELECT app_user_id())
    ));

GRANT SELECT, INSERT, UPDATE, DELETE ON programs, workout_logs, workout_log_exercises TO paceline_log;
GRANT SELECT, INSERT, DELETE ON coach_permissions TO paceline_log;
