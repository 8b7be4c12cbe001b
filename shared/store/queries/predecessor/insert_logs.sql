-- Guards: a day of a program is one log, with every exercise that any of its duplicates has.
-- Races with: nothing; the user's lock is held.
-- Safe because: of duplicates the newest that has exercises is the log, and whatever only another one has is added
-- to it; of an exercise that several have, the newest word counts. Once finished it is finished. Without a program
-- only what says the same on the same day by the same name is a duplicate, and what says nothing. A day that has a
-- log here keeps it.
WITH logs AS MATERIALIZED (
    SELECT l.*
    FROM predecessor_logs($1::text, $2::uuid) AS l
    WHERE NOT EXISTS (
        SELECT FROM predecessor_imports AS i
        WHERE i.user_id = $2::uuid AND i.kind = 'log' AND i.source_id = l.id
    )
), entries AS MATERIALIZED (
    SELECT
        x.*, i.id AS our_exercise_id, l.weight_unit,
        row_number() OVER (PARTITION BY x.log_id, i.id ORDER BY x.order_index, x.id) AS occurrence
    FROM predecessor_log_exercises($1::text, $2::uuid) AS x
    JOIN logs AS l ON l.id = x.log_id
    JOIN predecessor_imports AS i
        ON i.user_id = $2::uuid AND i.kind = 'exercise' AND i.source_id = x.exercise_id
), said AS (
    SELECT
        l.*, e.content,
        -- What says nothing is of the first that says something on that day by that name.
        coalesce(
            e.content, min(e.content) OVER (PARTITION BY l.date, l.name, l.program_id IS NULL), ''
        ) AS meant
    FROM logs AS l
    LEFT JOIN (
        SELECT
            log_id,
            string_agg(
                concat_ws('/', our_exercise_id, reps, weights, completed, bodyweight, notes), ';'
                ORDER BY order_index, id
            ) AS content
        FROM entries
        GROUP BY log_id
    ) AS e ON e.log_id = l.id
), placed AS MATERIALIZED (
    SELECT
        said.*,
        first_value(id) OVER (
            PARTITION BY
                program_id,
                CASE WHEN program_id IS NOT NULL THEN week_index END,
                CASE WHEN program_id IS NOT NULL THEN day_index END,
                CASE WHEN program_id IS NULL THEN date END,
                CASE WHEN program_id IS NULL THEN name END,
                CASE WHEN program_id IS NULL THEN meant END
            ORDER BY content IS NULL, updated_at DESC, id
        ) AS head
    FROM said
), merged AS (
    SELECT
        head.id, head.program_id, head.week_index, head.day_index, head.name, head.date, head.weight_unit,
        head.created_at,
        (array_agg(p.duration_s ORDER BY p.id <> p.head, p.updated_at DESC)
            FILTER (WHERE p.duration_s IS NOT NULL))[1] AS duration_s,
        (array_agg(p.notes ORDER BY p.id <> p.head, p.updated_at DESC)
            FILTER (WHERE p.notes IS NOT NULL))[1] AS notes,
        min(p.completed_at) AS completed_at
    FROM placed AS p
    JOIN placed AS head ON head.id = p.head
    GROUP BY
        head.id, head.program_id, head.week_index, head.day_index, head.name, head.date, head.weight_unit,
        head.created_at
), inserted AS (
    INSERT INTO workout_logs (
        id, user_id, program_id, week_index, day_index, name, date, duration_s, notes, weight_unit, completed_at,
        created_at, updated_at
    )
    SELECT
        m.id, $2::uuid, m.program_id, m.week_index, m.day_index, m.name, m.date, m.duration_s, m.notes,
        m.weight_unit, m.completed_at, m.created_at, $3::timestamptz
    FROM merged AS m
    WHERE m.program_id IS NULL
        OR m.program_id IN (SELECT p.id FROM programs AS p WHERE p.user_id = $2::uuid)
    ON CONFLICT DO NOTHING
    RETURNING id, weight_unit
), chosen AS MATERIALIZED (
    SELECT
        e.*, p.head, p.updated_at AS told_at, inserted.weight_unit AS head_unit,
        first_value(e.id) OVER (
            PARTITION BY p.head, e.our_exercise_id, e.occurrence ORDER BY p.updated_at DESC, e.id
        ) AS choice
    FROM entries AS e
    JOIN placed AS p ON p.id = e.log_id
    JOIN inserted ON inserted.id = p.head
), rows AS (
    INSERT INTO workout_log_exercises (
        log_id, id, user_id, exercise_id, order_index, sets, reps, weights, completed, bodyweight, notes,
        added_type, original_index
    )
    SELECT
        c.head, c.id, $2::uuid, c.our_exercise_id,
        row_number() OVER (
            PARTITION BY c.head ORDER BY c.log_id <> c.head, c.told_at DESC, c.order_index, c.id
        ) - 1,
        c.sets, c.reps,
        CASE
            WHEN c.weight_unit = c.head_unit THEN c.weights
            ELSE ARRAY(
                SELECT round(
                    CASE c.head_unit WHEN 'kg' THEN w.weight * 0.45359237 ELSE w.weight / 0.45359237 END, 2
                )
                FROM unnest(c.weights) WITH ORDINALITY AS w (weight, place)
                ORDER BY w.place
            )
        END,
        c.completed, c.bodyweight, c.notes, c.added_type, c.original_index
    FROM chosen AS c
    WHERE c.choice = c.id
    RETURNING id
), noted AS (
    INSERT INTO predecessor_imports (user_id, kind, source_id, id, is_made, imported_at)
    SELECT $2::uuid, 'log', p.id, p.head, p.id = p.head AND p.id IN (SELECT id FROM inserted), $3::timestamptz
    FROM placed AS p
    UNION ALL
    SELECT $2::uuid, 'log_exercise', c.id, c.choice, c.id IN (SELECT id FROM rows), $3::timestamptz
    FROM chosen AS c
)
SELECT
    (SELECT count(*) FROM inserted) AS logs,
    (SELECT count(*) FROM rows) AS exercises,
    (SELECT count(*) FROM placed WHERE id <> head) AS duplicates,
    (SELECT count(*) FROM chosen WHERE choice = id AND log_id <> head) AS rescued,
    (SELECT count(*) FROM chosen WHERE choice <> id) AS superseded,
    (SELECT count(*) FROM placed WHERE id = head AND id NOT IN (SELECT id FROM inserted)) AS taken_days
