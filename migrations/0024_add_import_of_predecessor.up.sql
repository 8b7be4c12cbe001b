-- Why: an athlete who comes from a predecessor brings sets, records and logs that its faults bent: records under a
-- three-column index and under NULL, sorted, unsorted and named grips, pounds taken for kilograms, records of sets
-- that are gone. Sets are facts and are taken over; records are claims, and are only compared with what the sets say.
-- The functions below read such tables, wherever the operator put them, as typed rows and change nothing; what was
-- taken over is noted row by row, so that a second import takes nothing twice and an undo takes back exactly that.
-- A table of records that the same faults bent in place is put right here and now. Old code sees nothing of it.
SET LOCAL lock_timeout = '2s';

CREATE TABLE predecessor_imports (
    user_id     uuid        NOT NULL,
    kind        text        NOT NULL,
    -- What it was there.
    source_id   uuid        NOT NULL,
    -- What it is here.
    id          uuid        NOT NULL,
    -- Whether it was made of it, and was not here before.
    is_made     boolean     NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT predecessor_imports_pkey PRIMARY KEY (user_id, kind, source_id),
    CONSTRAINT predecessor_imports_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT imported_kind_known
        CHECK (kind IN ('exercise', 'workout', 'set', 'program', 'log', 'log_exercise'))
);

ALTER TABLE predecessor_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE predecessor_imports FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON predecessor_imports
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
-- For undoing, whoever they are of; everything else is done as the athlete.
CREATE POLICY operator_lists ON predecessor_imports FOR SELECT TO CURRENT_USER USING (true);

-- An id that was kept as text, or nothing where it is none.
CREATE FUNCTION predecessor_id(p_text text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
    WHEN p_text ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' THEN p_text::uuid
END;

-- A number of 0 to the most that is believed, or nothing.
CREATE FUNCTION predecessor_number(p_text text, p_most numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
    WHEN p_text ~ '^[0-9]{1,12}(\.[0-9]{1,12})?$' AND p_text::numeric <= p_most THEN p_text::numeric
END;

-- A moment, or nothing where it is none or beyond all calendars.
CREATE FUNCTION predecessor_moment(p_text text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
RETURN CASE
    WHEN p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}' THEN p_text::timestamptz
END;

-- The rows of one of its tables, all or those whose column has one of the values; none where there is no such table
-- or column. A column that it does not have is then a key that the row does not have.
CREATE FUNCTION predecessor_rows(p_schema text, p_table text, p_column text, p_values uuid[])
RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    v_table oid := to_regclass(format('%I.%I', p_schema, p_table));
    v_type  text;
BEGIN
    IF p_schema IN ('public', 'pg_catalog', 'information_schema') OR to_regnamespace(quote_ident(p_schema)) IS NULL THEN
        RAISE EXCEPTION 'there is no schema % of a predecessor', p_schema
            USING ERRCODE = 'invalid_schema_name';
    END IF;
    IF p_column IS NULL AND v_table IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT to_jsonb(t) FROM %I.%I AS t', p_schema, p_table);
        RETURN;
    END IF;
    SELECT format_type(a.atttypid, NULL) INTO v_type
    FROM pg_attribute AS a
    WHERE a.attrelid = v_table AND a.attname = p_column AND a.attnum > 0 AND NOT a.attisdropped;
    IF v_type IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT to_jsonb(t) FROM %I.%I AS t WHERE t.%I = ANY ($1::%s[])',
            p_schema, p_table, p_column, v_type
        ) USING p_values::text[];
    END IF;
END
$$;

-- Whose rows there are.
CREATE FUNCTION predecessor_users(p_schema text) RETURNS SETOF uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT public.predecessor_id(r ->> 'user_id')
    FROM unnest(ARRAY['workouts', 'personal_records', 'workout_logs']) AS told (name)
    CROSS JOIN LATERAL public.predecessor_rows(p_schema, told.name, NULL, NULL) AS r
    WHERE public.predecessor_id(r ->> 'user_id') IS NOT NULL
    ORDER BY 1
$$;

-- The rows that nobody's can be: what they belong to is gone. They are where they were.
CREATE FUNCTION predecessor_orphans(p_schema text) RETURNS TABLE (kind text, orphans bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH workouts AS MATERIALIZED (
        SELECT r ->> 'id' AS id
        FROM public.predecessor_rows(p_schema, 'workouts', NULL, NULL) AS r
        WHERE public.predecessor_id(r ->> 'user_id') IS NOT NULL
    ), entries AS MATERIALIZED (
        SELECT r ->> 'id' AS id
        FROM public.predecessor_rows(p_schema, 'workout_exercises', NULL, NULL) AS r
        WHERE r ->> 'workout_id' IN (SELECT id FROM workouts)
    ), logs AS MATERIALIZED (
        SELECT r ->> 'id' AS id
        FROM public.predecessor_rows(p_schema, 'workout_logs', NULL, NULL) AS r
        WHERE public.predecessor_id(r ->> 'user_id') IS NOT NULL
    )
    SELECT 'sets', count(*)
    FROM public.predecessor_rows(p_schema, 'workout_sets', NULL, NULL) AS r
    WHERE r ->> 'workout_exercise_id' IS NULL
        OR r ->> 'workout_exercise_id' NOT IN (SELECT id FROM entries)
    UNION ALL
    SELECT 'log_exercises', count(*)
    FROM public.predecessor_rows(p_schema, 'workout_log_exercises', NULL, NULL) AS r
    WHERE r ->> 'workout_log_id' IS NULL OR r ->> 'workout_log_id' NOT IN (SELECT id FROM logs)
$$;

-- Each grip by everything that it was ever written as, its id or its name: our name of it.
CREATE FUNCTION predecessor_grip_names(p_schema text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(lower(written.name), replace(public.name_key(r ->> 'slug'), ' ', '_')), '{}')
    FROM public.predecessor_rows(p_schema, 'grips', NULL, NULL) AS r
    CROSS JOIN LATERAL unnest(ARRAY[r ->> 'id', r ->> 'slug']) AS written (name)
    WHERE r ->> 'slug' IS NOT NULL AND written.name IS NOT NULL
$$;

-- The grips that some writer meant, whichever way it wrote them: as ids or names, sorted or not, once or twice, in one
-- text or several. What is none of them is answered as it was written.
CREATE FUNCTION predecessor_grips(p_written text[], p_names jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT coalesce(array_agg(DISTINCT meant.grip ORDER BY meant.grip), '{}')
    FROM unnest(p_written) AS written (texts)
    CROSS JOIN LATERAL regexp_split_to_table(written.texts, ',') AS told (name)
    CROSS JOIN LATERAL (
        SELECT coalesce(
            p_names ->> lower(btrim(told.name)), replace(public.name_key(told.name), ' ', '_')
        ) AS grip
    ) AS meant
    WHERE btrim(told.name) <> ''
);

-- The texts of a JSON array, or none where it is no array.
CREATE FUNCTION predecessor_texts(p_array jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
    SELECT jsonb_array_elements_text(CASE jsonb_typeof(p_array) WHEN 'array' THEN p_array ELSE '[]' END)
);

-- What exercises are called, those that nobody named any more too.
CREATE FUNCTION predecessor_exercises(p_schema text, p_ids uuid[]) RETURNS TABLE (id uuid, name text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT wanted.id, told.name
    FROM unnest(p_ids) AS wanted (id)
    LEFT JOIN LATERAL (
        SELECT coalesce(r ->> 'display_name', r ->> 'name', r ->> 'title', r ->> 'slug') AS name
        FROM public.predecessor_rows(p_schema, 'exercises', 'id', p_ids) AS r
        WHERE public.predecessor_id(r ->> 'id') = wanted.id
        LIMIT 1
    ) AS told ON true
$$;

-- A user's sessions.
CREATE FUNCTION predecessor_sessions(p_schema text, p_user_id uuid)
RETURNS TABLE (id uuid, started_at timestamptz, ended_at timestamptz, name text, notes text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        public.predecessor_id(r ->> 'id'),
        coalesce(
            public.predecessor_moment(r ->> 'started_at'), public.predecessor_moment(r ->> 'created_at')
        ),
        public.predecessor_moment(r ->> 'ended_at'),
        nullif(left(btrim(r ->> 'title'), 200), ''),
        nullif(left(btrim(r ->> 'notes'), 2000), '')
    FROM public.predecessor_rows(p_schema, 'workouts', 'user_id', ARRAY[p_user_id]) AS r
    WHERE public.predecessor_id(r ->> 'id') IS NOT NULL
$$;

-- A user's sets. The weight is what was entered with the unit that was entered: the column in kilograms was stamped
-- over pounds. `doubts` names what was written and is not believable, and the grips that nobody knows.
CREATE FUNCTION predecessor_sets(p_schema text, p_user_id uuid)
RETURNS TABLE (
    id uuid, workout_id uuid, exercise_id uuid, place bigint, side text, kind text, reps integer, weight numeric,
    weight_unit text, duration_s numeric, distance_m numeric, rpe numeric, grips text[], notes text, rest_s integer,
    is_completed boolean, performed_at timestamptz, doubts text[]
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH names AS MATERIALIZED (
        SELECT public.predecessor_grip_names(p_schema) AS grips
    ), sessions AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'id') AS id, r AS session
        FROM public.predecessor_rows(p_schema, 'workouts', 'user_id', ARRAY[p_user_id]) AS r
    ), entries AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'id') AS id, s.id AS workout_id, s.session, r AS entry
        FROM public.predecessor_rows(
            p_schema, 'workout_exercises', 'workout_id', (SELECT array_agg(id) FROM sessions)
        ) AS r
        JOIN sessions AS s ON s.id = public.predecessor_id(r ->> 'workout_id')
    ), told AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'id') AS id, e.workout_id, e.session, e.entry, r AS said
        FROM public.predecessor_rows(
            p_schema, 'workout_sets', 'workout_exercise_id', (SELECT array_agg(id) FROM entries)
        ) AS r
        JOIN entries AS e ON e.id = public.predecessor_id(r ->> 'workout_exercise_id')
        WHERE public.predecessor_id(r ->> 'id') IS NOT NULL
    ), held AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'workout_set_id') AS set_id, array_agg(r ->> 'grip_id') AS grips
        FROM public.predecessor_rows(
            p_schema, 'workout_set_grips', 'workout_set_id', (SELECT array_agg(id) FROM told)
        ) AS r
        GROUP BY 1
    ), meant AS MATERIALIZED (
        SELECT
            t.*,
            -- Of the set, else of the exercise that it is a set of.
            CASE
                WHEN h.grips IS NOT NULL
                    OR cardinality(public.predecessor_texts(t.said -> 'grip_ids')) > 0
                    OR coalesce(t.said ->> 'grip_key', '') <> ''
                    THEN public.predecessor_grips(
                        coalesce(h.grips, '{}') || public.predecessor_texts(t.said -> 'grip_ids')
                            || array_remove(ARRAY[t.said ->> 'grip_key'], NULL),
                        n.grips
                    )
                ELSE public.predecessor_grips(
                    public.predecessor_texts(t.entry -> 'grip_ids')
                        || array_remove(ARRAY[t.entry ->> 'grip_id', t.entry ->> 'grip_key'], NULL),
                    n.grips
                )
            END AS grips,
            CASE lower(coalesce(t.said ->> 'weight_unit', t.session ->> 'session_unit', 'kg'))
                WHEN 'lb' THEN 'lb' WHEN 'lbs' THEN 'lb' ELSE 'kg'
            END AS unit,
            public.predecessor_number(t.said ->> 'weight', 10000) AS entered,
            public.predecessor_number(t.said ->> 'weight_kg', 10000) AS stamped,
            public.predecessor_number(t.said ->> 'reps', 10000) AS reps,
            public.predecessor_number(t.said ->> 'duration_seconds', 86400) AS duration_s,
            public.predecessor_number(t.said ->> 'distance', 999999) AS distance_m,
            public.predecessor_number(t.said ->> 'rpe', 10) AS rpe,
            public.predecessor_number(
                coalesce(t.said ->> 'rest_seconds', t.entry ->> 'rest_seconds'), 86400
            ) AS rest_s
        FROM told AS t
        CROSS JOIN names AS n
        LEFT JOIN held AS h ON h.set_id = t.id
    )
    SELECT
        m.id,
        m.workout_id,
        public.predecessor_id(m.entry ->> 'exercise_id'),
        row_number() OVER (
            PARTITION BY m.workout_id
            ORDER BY
                public.predecessor_number(m.entry ->> 'order_index', 1000000), m.entry ->> 'id',
                public.predecessor_number(m.said ->> 'set_index', 1000000), m.said ->> 'completed_at', m.id
        ),
        CASE WHEN m.said ->> 'side' IN ('left', 'right') THEN m.said ->> 'side' ELSE 'both' END,
        CASE
            WHEN m.said ->> 'set_kind' IN (
                'normal', 'warmup', 'top_set', 'backoff', 'drop', 'amrap', 'timed', 'distance'
            ) THEN m.said ->> 'set_kind'
            -- What comes down after the work was lifted too.
            WHEN m.said ->> 'set_kind' = 'cooldown' THEN 'backoff'
            ELSE 'normal'
        END,
        trunc(m.reps)::integer,
        round(coalesce(m.entered, m.stamped), 2),
        CASE WHEN m.entered IS NULL AND m.stamped IS NOT NULL THEN 'kg' ELSE m.unit END,
        round(m.duration_s, 2),
        round(m.distance_m, 2),
        round(m.rpe, 1),
        ARRAY(
            SELECT grip FROM unnest(m.grips) AS grip
            WHERE grip IN (SELECT g.slug FROM public.grips AS g)
            ORDER BY grip
        ),
        nullif(left(btrim(m.said ->> 'notes'), 2000), ''),
        trunc(m.rest_s)::integer,
        coalesce((m.said ->> 'is_completed')::boolean, true),
        coalesce(
            public.predecessor_moment(m.said ->> 'completed_at'), public.predecessor_moment(m.said ->> 'created_at'),
            public.predecessor_moment(m.session ->> 'started_at'),
            public.predecessor_moment(m.session ->> 'created_at')
        ),
        array_remove(
            ARRAY[
                CASE WHEN m.said ->> 'weight' IS NOT NULL AND m.entered IS NULL THEN 'weight' END,
                CASE WHEN m.said ->> 'reps' IS NOT NULL AND m.reps IS NULL THEN 'reps' END,
                CASE WHEN m.said ->> 'duration_seconds' IS NOT NULL AND m.duration_s IS NULL THEN 'duration' END,
                CASE WHEN m.said ->> 'distance' IS NOT NULL AND m.distance_m IS NULL THEN 'distance' END,
                CASE WHEN m.said ->> 'rpe' IS NOT NULL AND m.rpe IS NULL THEN 'rpe' END
            ] || ARRAY(
                SELECT 'grip ' || left(grip, 100) FROM unnest(m.grips) AS grip
                WHERE grip NOT IN (SELECT g.slug FROM public.grips AS g)
                ORDER BY grip
            ),
            NULL
        )
    FROM meant AS m
$$;

-- What a user's records claim, each under the key that was meant, and whether its set is there. One row for each row,
-- so that a key that was written several ways has several.
CREATE FUNCTION predecessor_records(p_schema text, p_user_id uuid)
RETURNS TABLE (exercise_id uuid, kind text, grips text[], value numeric, unit text, has_set boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH names AS MATERIALIZED (
        SELECT public.predecessor_grip_names(p_schema) AS grips
    ), told AS MATERIALIZED (
        SELECT r, public.predecessor_id(r ->> 'workout_set_id') AS set_id
        FROM public.predecessor_rows(p_schema, 'personal_records', 'user_id', ARRAY[p_user_id]) AS r
    ), there AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'id') AS id
        FROM public.predecessor_rows(
            p_schema, 'workout_sets', 'id', (SELECT array_agg(set_id) FROM told)
        ) AS r
    )
    SELECT
        public.predecessor_id(t.r ->> 'exercise_id'),
        CASE t.r ->> 'kind' WHEN '1RM' THEN 'e1rm' ELSE t.r ->> 'kind' END,
        ARRAY(
            SELECT grip
            FROM unnest(
                public.predecessor_grips(array_remove(ARRAY[t.r ->> 'grip_key'], NULL), n.grips)
            ) AS grip
            WHERE grip IN (SELECT g.slug FROM public.grips AS g)
            ORDER BY grip
        ),
        public.predecessor_number(t.r ->> 'value', 1000000000),
        lower(t.r ->> 'unit'),
        t.set_id IN (SELECT id FROM there)
    FROM told AS t
    CROSS JOIN names AS n
$$;

-- A user's logs of days. A day of a program that is not wholly said is not guessed: it is a log without program.
CREATE FUNCTION predecessor_logs(p_schema text, p_user_id uuid)
RETURNS TABLE (
    id uuid, program_id uuid, week_index integer, day_index integer, name text, date date,
    completed_at timestamptz, weight_unit text, duration_s integer, notes text, created_at timestamptz,
    updated_at timestamptz
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH told AS (
        SELECT
            r,
            public.predecessor_number(r ->> 'week_index', 100000)::integer AS week_index,
            public.predecessor_number(r ->> 'day_index', 6)::integer AS day_index,
            coalesce(
                public.predecessor_moment(r ->> 'created_at'), public.predecessor_moment(r ->> 'updated_at'),
                'epoch'
            ) AS created_at
        FROM public.predecessor_rows(p_schema, 'workout_logs', 'user_id', ARRAY[p_user_id]) AS r
        WHERE public.predecessor_id(r ->> 'id') IS NOT NULL
    )
    SELECT
        public.predecessor_id(t.r ->> 'id'),
        CASE
            WHEN t.week_index IS NOT NULL AND t.day_index IS NOT NULL
                THEN public.predecessor_id(t.r ->> 'program_id')
        END,
        CASE WHEN t.day_index IS NOT NULL THEN t.week_index END,
        CASE WHEN t.week_index IS NOT NULL THEN t.day_index END,
        coalesce(nullif(left(btrim(t.r ->> 'name'), 200), ''), 'Workout'),
        coalesce(
            CASE WHEN t.r ->> 'date' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN left(t.r ->> 'date', 10)::date END,
            (t.created_at AT TIME ZONE 'UTC')::date
        ),
        CASE
            WHEN (t.r ->> 'is_finished')::boolean THEN coalesce(
                public.predecessor_moment(t.r ->> 'completed_date'),
                public.predecessor_moment(t.r ->> 'updated_at'), t.created_at
            )
        END,
        CASE WHEN upper(t.r ->> 'weight_unit') IN ('LB', 'LBS') THEN 'lb' ELSE 'kg' END,
        nullif(trunc(public.predecessor_number(t.r ->> 'duration', 2880) * 60)::integer, 0),
        nullif(left(btrim(t.r ->> 'notes'), 4000), ''),
        t.created_at,
        coalesce(public.predecessor_moment(t.r ->> 'updated_at'), t.created_at)
    FROM told AS t
$$;

-- The exercises of a user's logs, their arrays as long as there are sets: what is missing or not believable is NULL,
-- and 0 stays 0.
CREATE FUNCTION predecessor_log_exercises(p_schema text, p_user_id uuid)
RETURNS TABLE (
    id uuid, log_id uuid, exercise_id uuid, order_index integer, sets integer, reps integer[],
    weights numeric[], completed boolean[], bodyweight numeric, notes text, added_type text,
    original_index integer
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH logs AS MATERIALIZED (
        SELECT public.predecessor_id(r ->> 'id') AS id
        FROM public.predecessor_rows(p_schema, 'workout_logs', 'user_id', ARRAY[p_user_id]) AS r
    ), told AS MATERIALIZED (
        SELECT
            r,
            greatest(1, coalesce(
                public.predecessor_number(r ->> 'sets', 100)::integer,
                least(cardinality(public.predecessor_texts(r -> 'reps')), 100)
            )) AS sets
        FROM public.predecessor_rows(
            p_schema, 'workout_log_exercises', 'workout_log_id', (SELECT array_agg(l.id) FROM logs AS l)
        ) AS r
        WHERE public.predecessor_id(r ->> 'id') IS NOT NULL
    )
    SELECT
        public.predecessor_id(t.r ->> 'id'),
        public.predecessor_id(t.r ->> 'workout_log_id'),
        public.predecessor_id(t.r ->> 'exercise_id'),
        coalesce(public.predecessor_number(t.r ->> 'order_index', 100000)::integer, 0),
        t.sets,
        ARRAY(
            SELECT trunc(public.predecessor_number(t.r -> 'reps' ->> n, 10000))::integer
            FROM generate_series(0, t.sets - 1) AS n ORDER BY n
        ),
        ARRAY(
            SELECT round(public.predecessor_number(t.r -> 'weights' ->> n, 10000), 2)
            FROM generate_series(0, t.sets - 1) AS n ORDER BY n
        ),
        ARRAY(
            SELECT coalesce((t.r -> 'completed' ->> n)::boolean, false)
            FROM generate_series(0, t.sets - 1) AS n ORDER BY n
        ),
        nullif(round(public.predecessor_number(t.r ->> 'bodyweight', 2000), 2), 0),
        nullif(left(btrim(t.r ->> 'notes'), 2000), ''),
        CASE
            WHEN t.r ->> 'added_type' IN (
                'superset', 'dropset', 'custom', 'replacement', 'temporary', 'permanent'
            ) THEN t.r ->> 'added_type'
        END,
        public.predecessor_number(t.r ->> 'original_index', 1000)::integer
    FROM told AS t
$$;

-- Puts right a table of records that the predecessor's faults bent, and says what was wrong with it. Records are
-- derived, so whatever is bent goes, and its key is noted for the one writer to make again.
-- Guards: one unique constraint over four columns that are never NULL, no other writer.
-- Races with: whoever writes records.
-- Safe because: the table is locked for as long as it is put right.
-- Test: tests/pipeline/import.rs
CREATE FUNCTION repair_personal_records() RETURNS SETOF text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- Behind one long reader it would wait, and all logging behind it.
SET lock_timeout = '2s'
AS $$
DECLARE
    v_wanted CONSTANT text := 'UNIQUE (user_id, exercise_id, kind, grip_key)';
    v_found  record;
BEGIN
    LOCK TABLE public.personal_records, public.workout_sets IN ACCESS EXCLUSIVE MODE;
    FOR v_found IN
        SELECT t.tgname, t.tgrelid::regclass AS relation
        FROM pg_trigger AS t
        WHERE t.tgrelid IN ('public.personal_records'::regclass, 'public.workout_sets'::regclass)
            AND NOT t.tgisinternal
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', v_found.tgname, v_found.relation);
        RETURN NEXT format('a trigger %s on %s', v_found.tgname, v_found.relation);
    END LOOP;
    FOR v_found IN
        SELECT c.relname, i.indrelid, k.conname
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
            AND k.conrelid = i.indrelid
        WHERE i.indrelid = 'public.personal_records'::regclass AND i.indisunique AND NOT i.indisprimary
            AND NOT (
                k.conname = 'personal_records_user_exercise_kind_grip_key'
                AND pg_get_constraintdef(k.oid) = v_wanted
            ) IS TRUE
    LOOP
        IF v_found.conname IS NOT NULL THEN
            EXECUTE format('ALTER TABLE public.personal_records DROP CONSTRAINT %I', v_found.conname);
        ELSE
            -- What no catalogue of constraints shows, and every error calls one.
            EXECUTE format('DROP INDEX public.%I', v_found.relname);
        END IF;
        RETURN NEXT format('a unique index %s', v_found.relname);
    END LOOP;

    -- The owner sees everybody's rows for as long as this takes.
    ALTER TABLE public.personal_records NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE public.workout_sets NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE public.record_repairs NO FORCE ROW LEVEL SECURITY;
    WITH ranked AS (
        SELECT
            r.ctid,
            row_number() OVER (
                PARTITION BY r.user_id, r.exercise_id, r.kind, coalesce(r.grip_key, '')
                ORDER BY r.grip_key NULLS LAST, r.value DESC, r.achieved_at
            ) AS place,
            s.grip_key AS told
        FROM public.personal_records AS r
        LEFT JOIN public.workout_sets AS s ON s.user_id = r.user_id AND s.id = r.set_id
    ), gone AS (
        DELETE FROM public.personal_records AS r
        USING ranked
        WHERE r.ctid = ranked.ctid
            AND (ranked.place > 1 OR r.grip_key IS DISTINCT FROM ranked.told)
        RETURNING r.user_id, r.exercise_id, r.grip_key
    ), noted AS (
        INSERT INTO public.record_repairs (user_id, exercise_id, grip_key, error)
        SELECT DISTINCT s.user_id, s.exercise_id, s.grip_key, 'records were put right'
        FROM gone AS g
        JOIN public.workout_sets AS s ON s.user_id = g.user_id AND s.exercise_id = g.exercise_id
        ON CONFLICT ON CONSTRAINT record_repairs_pkey DO NOTHING
    )
    SELECT count(*) AS rows INTO v_found FROM gone;
    IF v_found.rows > 0 THEN
        RETURN NEXT format('%s records without a key of their own', v_found.rows);
    END IF;
    ALTER TABLE public.personal_records FORCE ROW LEVEL SECURITY;
    ALTER TABLE public.workout_sets FORCE ROW LEVEL SECURITY;
    ALTER TABLE public.record_repairs FORCE ROW LEVEL SECURITY;

    FOR v_found IN
        SELECT a.attname
        FROM pg_attribute AS a
        WHERE a.attrelid = 'public.personal_records'::regclass
            AND a.attname IN ('user_id', 'exercise_id', 'kind', 'grip_key') AND NOT a.attnotnull
    LOOP
        EXECUTE format('ALTER TABLE public.personal_records ALTER COLUMN %I SET NOT NULL', v_found.attname);
        RETURN NEXT format('a column %s that might be NULL', v_found.attname);
    END LOOP;
    IF NOT EXISTS (
        SELECT FROM pg_constraint AS k
        WHERE k.conrelid = 'public.personal_records'::regclass
            AND k.conname = 'personal_records_user_exercise_kind_grip_key'
    ) THEN
        ALTER TABLE public.personal_records
            ADD CONSTRAINT personal_records_user_exercise_kind_grip_key
            UNIQUE (user_id, exercise_id, kind, grip_key);
        RETURN NEXT 'no constraint personal_records_user_exercise_kind_grip_key';
    END IF;
END
$$;

-- Only the schema's owner imports; no function of ours has a use for any of them.
REVOKE ALL ON FUNCTION predecessor_id(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_number(text, numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_moment(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_rows(text, text, text, uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_users(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_orphans(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_grip_names(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_grips(text[], jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_texts(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_exercises(text, uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_sessions(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_sets(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_records(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_logs(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION predecessor_log_exercises(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION repair_personal_records() FROM PUBLIC;

SELECT repair_personal_records();
