-- Why: a set is the fact, a record is derived of sets. A set with its grips is one row, so nothing of it can be
-- missing; its id is the client's, so a retry is the same set. Weights are kept as they were entered, and compared in
-- kilograms. Records are made anew, in the transaction that touched their sets, by one writer, and what could not be
-- made is noted to be made later: a record never costs a set. Old code sees nothing of it.
SET LOCAL lock_timeout = '2s';

-- The one encoder of grips: their order and repetition do not matter, and none is the empty text.
CREATE FUNCTION grip_key(p_grips text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(string_agg(DISTINCT grip, ',' ORDER BY grip), '') FROM unnest(p_grips) AS grip);

CREATE TABLE workout_sets (
    user_id      uuid         NOT NULL,
    -- The client's, so that a retry is no second set.
    id           uuid         NOT NULL,
    workout_id   uuid         NOT NULL,
    exercise_id  uuid         NOT NULL,
    -- Its place among the sets of its exercise in its workout, from 1 without a gap; both sides share one.
    set_index    integer      NOT NULL,
    side         text         NOT NULL DEFAULT 'both',
    kind         text         NOT NULL DEFAULT 'normal',
    reps         integer,
    weight       numeric(7, 2),
    weight_unit  text         NOT NULL DEFAULT 'kg',
    duration_s   numeric(8, 2),
    distance_m   numeric(9, 2),
    rpe          numeric(3, 1),
    rir          numeric(3, 1),
    grips        text[]       NOT NULL DEFAULT '{}',
    notes        text,
    rest_s       integer,
    is_completed boolean      NOT NULL DEFAULT true,
    -- When it was done, which decides who was first.
    performed_at timestamptz  NOT NULL,
    -- Who tells of it: `athlete`, or the provider whose recording it is of.
    told_by      text         NOT NULL DEFAULT 'athlete',
    -- Of a session that several sources tell of, the sets of one of them count.
    counts       boolean      NOT NULL DEFAULT true,
    created_at   timestamptz  NOT NULL DEFAULT clock_timestamp(),
    updated_at   timestamptz  NOT NULL DEFAULT clock_timestamp(),
    grip_key     text         NOT NULL GENERATED ALWAYS AS (grip_key(grips)) STORED,
    -- 0.45359237 kg are a pound by definition (international yard and pound agreement, 1959).
    weight_kg    numeric(7, 2)
        GENERATED ALWAYS AS (
            round(CASE weight_unit WHEN 'lb' THEN weight * 0.45359237 ELSE weight END, 2)
        ) STORED,
    CONSTRAINT workout_sets_pkey PRIMARY KEY (user_id, id),
    CONSTRAINT workout_sets_place_key
        UNIQUE (user_id, workout_id, exercise_id, set_index, side) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT workout_sets_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT workout_sets_exercise_id_fkey FOREIGN KEY (exercise_id) REFERENCES exercises (id),
    CONSTRAINT set_index_counts_from_one CHECK (set_index >= 1),
    CONSTRAINT set_side_known CHECK (side IN ('both', 'left', 'right')),
    CONSTRAINT set_kind_known CHECK (
        kind IN ('normal', 'warmup', 'top_set', 'backoff', 'drop', 'amrap', 'timed', 'distance')
    ),
    CONSTRAINT set_weight_unit_known CHECK (weight_unit IN ('kg', 'lb')),
    CONSTRAINT set_reps_believable CHECK (reps BETWEEN 0 AND 10000),
    CONSTRAINT set_weight_believable CHECK (weight BETWEEN 0 AND 10000),
    CONSTRAINT set_duration_believable CHECK (duration_s BETWEEN 0 AND 86400),
    CONSTRAINT set_distance_believable CHECK (distance_m BETWEEN 0 AND 1000000),
    CONSTRAINT set_rpe_in_scale CHECK (rpe BETWEEN 0 AND 10),
    CONSTRAINT set_rir_in_scale CHECK (rir BETWEEN 0 AND 10),
    CONSTRAINT set_rest_believable CHECK (rest_s BETWEEN 0 AND 86400),
    CONSTRAINT set_notes_bounded CHECK (length(notes) <= 2000)
);

-- All sets of an exercise that an athlete has done with one grip, which is what its records are made of.
CREATE INDEX workout_sets_by_exercise ON workout_sets (user_id, exercise_id, grip_key, performed_at);

CREATE TABLE personal_records (
    id          uuid           NOT NULL,
    user_id     uuid           NOT NULL,
    exercise_id uuid           NOT NULL,
    kind        text           NOT NULL,
    grip_key    text           NOT NULL,
    value       numeric(14, 2) NOT NULL,
    achieved_at timestamptz    NOT NULL,
    -- The set that it was achieved with; of a session's volume its last set.
    set_id      uuid           NOT NULL,
    workout_id  uuid           NOT NULL,
    CONSTRAINT personal_records_pkey PRIMARY KEY (id),
    CONSTRAINT personal_records_user_exercise_kind_grip_key
        UNIQUE (user_id, exercise_id, kind, grip_key),
    -- A record without its set would be a claim without proof.
    CONSTRAINT personal_records_set_fkey FOREIGN KEY (user_id, set_id)
        REFERENCES workout_sets (user_id, id) ON DELETE CASCADE,
    CONSTRAINT personal_records_exercise_id_fkey FOREIGN KEY (exercise_id) REFERENCES exercises (id),
    CONSTRAINT record_kind_known CHECK (
        kind IN ('heaviest', 'reps', 'e1rm', 'set_volume', 'session_volume', 'time', 'distance')
    ),
    CONSTRAINT record_value_positive CHECK (value > 0)
);

CREATE INDEX personal_records_by_set ON personal_records (user_id, set_id);

-- Records that could not be made when their sets changed, and so are to be made again.
CREATE TABLE record_repairs (
    user_id     uuid        NOT NULL,
    exercise_id uuid        NOT NULL,
    grip_key    text        NOT NULL,
    error       text        NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT record_repairs_pkey PRIMARY KEY (user_id, exercise_id, grip_key),
    CONSTRAINT record_repairs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT record_repairs_exercise_id_fkey
        FOREIGN KEY (exercise_id) REFERENCES exercises (id) ON DELETE CASCADE
);

-- What was lifted with each set. A warm-up and a set that was not completed are of no record; a timed set is of its
-- time alone, a set of distance of its distance.
CREATE VIEW record_lifts WITH (security_invoker = true) AS
SELECT
    lifted.user_id,
    lifted.exercise_id,
    lifted.grip_key,
    lifted.workout_id,
    lifted.id AS set_id,
    lifted.performed_at AS achieved_at,
    lifted.reps,
    lifted.kg,
    -- Epley: one repetition is the weight itself, and of more than twelve nothing is told.
    CASE
        WHEN lifted.reps = 1 THEN lifted.kg
        WHEN lifted.reps <= 12 THEN round(lifted.kg * (1 + lifted.reps / 30.0), 2)
    END AS e1rm_kg,
    lifted.kg * lifted.reps AS volume_kg,
    lifted.duration_s,
    lifted.distance_m
FROM (
    SELECT
        user_id, exercise_id, grip_key, workout_id, id, performed_at,
        CASE WHEN kind NOT IN ('timed', 'distance') AND reps > 0 THEN reps END AS reps,
        CASE
            WHEN kind NOT IN ('timed', 'distance') AND reps > 0 AND weight_kg > 0 THEN weight_kg
        END AS kg,
        CASE WHEN kind = 'timed' THEN duration_s END AS duration_s,
        CASE WHEN kind = 'distance' THEN distance_m END AS distance_m
    FROM workout_sets
    WHERE counts AND is_completed AND kind <> 'warmup'
) AS lifted;

-- What each set could be the record of. The greatest is the record, and of equal ones the first.
CREATE VIEW record_candidates WITH (security_invoker = true) AS
SELECT
    s.user_id, s.exercise_id, s.grip_key, candidate.kind, candidate.value, s.achieved_at, s.set_id, s.workout_id
FROM (
    SELECT
        lift.*,
        -- So far, so that it grows with each set and its last one ends with the whole.
        sum(lift.volume_kg) OVER (
            PARTITION BY lift.user_id, lift.exercise_id, lift.grip_key, lift.workout_id
            ORDER BY lift.achieved_at, lift.set_id
        ) AS session_kg
    FROM record_lifts AS lift
) AS s
CROSS JOIN LATERAL (
    VALUES
        ('heaviest', s.kg),
        ('reps', s.reps::numeric),
        ('e1rm', s.e1rm_kg),
        ('set_volume', s.volume_kg),
        ('session_volume', CASE WHEN s.volume_kg IS NOT NULL THEN s.session_kg END),
        ('time', s.duration_s),
        ('distance', s.distance_m)
) AS candidate (kind, value)
WHERE candidate.value > 0;

-- The workout that an athlete is logging: at most one.
CREATE TABLE active_workouts (
    user_id    uuid NOT NULL,
    workout_id uuid NOT NULL,
    CONSTRAINT active_workouts_pkey PRIMARY KEY (user_id),
    CONSTRAINT active_workouts_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE
);

-- What an athlete thinks to lift ten times, for whoever has not logged it yet.
CREATE TABLE exercise_estimates (
    user_id     uuid          NOT NULL,
    exercise_id uuid          NOT NULL,
    weight      numeric(7, 2) NOT NULL,
    weight_unit text          NOT NULL,
    updated_at  timestamptz   NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT exercise_estimates_pkey PRIMARY KEY (user_id, exercise_id),
    CONSTRAINT exercise_estimates_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT exercise_estimates_exercise_id_fkey
        FOREIGN KEY (exercise_id) REFERENCES exercises (id) ON DELETE CASCADE,
    CONSTRAINT estimate_believable CHECK (weight BETWEEN 0 AND 10000),
    CONSTRAINT estimate_unit_known CHECK (weight_unit IN ('kg', 'lb'))
);

-- The order in which a workout's exercises are shown, where the athlete gave one.
CREATE TABLE workout_exercises (
    user_id     uuid    NOT NULL,
    workout_id  uuid    NOT NULL,
    exercise_id uuid    NOT NULL,
    place       integer NOT NULL,
    CONSTRAINT workout_exercises_pkey PRIMARY KEY (user_id, workout_id, exercise_id),
    CONSTRAINT workout_exercises_place_key UNIQUE (user_id, workout_id, place),
    CONSTRAINT workout_exercises_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT workout_exercises_exercise_id_fkey FOREIGN KEY (exercise_id) REFERENCES exercises (id),
    CONSTRAINT place_counts_from_one CHECK (place >= 1)
);

REVOKE ALL ON FUNCTION grip_key(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION grip_key(text[])
    TO paceline_log, paceline_ingest, paceline_fetch, paceline_connect, paceline_sweep;

ALTER TABLE workout_sets ENABLE ROW LEVEL SECURITY;
ALTER TABLE workout_sets FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON workout_sets
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE personal_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE personal_records FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON personal_records
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE record_repairs ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_repairs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON record_repairs
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY every_repair ON record_repairs FOR SELECT TO paceline_sweep USING (true);

ALTER TABLE active_workouts ENABLE ROW LEVEL SECURITY;
ALTER TABLE active_workouts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON active_workouts
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE exercise_estimates ENABLE ROW LEVEL SECURITY;
ALTER TABLE exercise_estimates FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON exercise_estimates
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE workout_exercises ENABLE ROW LEVEL SECURITY;
ALTER TABLE workout_exercises FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON workout_exercises
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

GRANT SELECT, INSERT, UPDATE, DELETE
    ON workout_sets, personal_records, record_repairs, active_workouts, workout_exercises, exercise_estimates
    TO paceline_log;
GRANT SELECT ON record_lifts, record_candidates TO paceline_log, paceline_sweep;
GRANT SELECT ON workout_sets, personal_records TO paceline_read;
-- What is logged by hand is taken in as what a provider brings is.
GRANT SELECT ON athletes, athlete_thresholds, planned_workouts TO paceline_log;
GRANT SELECT, INSERT, UPDATE ON workouts, early_deletions TO paceline_log;
GRANT SELECT, INSERT, UPDATE, DELETE ON recordings, stage_runs TO paceline_log;
GRANT EXECUTE ON FUNCTION values_at(jsonb, text, text, double precision[]) TO paceline_log;
-- The sweep makes what could not be made.
GRANT SELECT ON workout_sets TO paceline_sweep;
GRANT SELECT, INSERT, UPDATE, DELETE ON personal_records, record_repairs TO paceline_sweep;
