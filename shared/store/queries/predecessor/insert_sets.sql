-- Guards: a set is taken over once, with its own id, at its place among those of its exercise.
-- Races with: nothing; the user's lock is held, and nobody else knows sets of these ids.
-- Safe because: what was taken over before is noted, also where the athlete deleted it since, and an id that is
-- taken is left alone. Sets of a session that was taken over before come after those that are there.
WITH told AS MATERIALIZED (
    SELECT t.*, w.id AS our_workout_id, e.id AS our_exercise_id
    FROM predecessor_sets($1::text, $2::uuid) AS t
    JOIN predecessor_imports AS w
        ON w.user_id = $2::uuid AND w.kind = 'workout' AND w.source_id = t.workout_id
    JOIN workouts AS live ON live.id = w.id AND live.user_id = $2::uuid AND live.deleted_at IS NULL
    JOIN predecessor_imports AS e
        ON e.user_id = $2::uuid AND e.kind = 'exercise' AND e.source_id = t.exercise_id
    WHERE t.performed_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM predecessor_imports AS i
            WHERE i.user_id = $2::uuid AND i.kind = 'set' AND i.source_id = t.id
        )
), sided AS (
    -- The left side's first set and the right side's first share a place.
    SELECT
        told.*,
        row_number() OVER (
            PARTITION BY our_workout_id, our_exercise_id, side ORDER BY place
        ) AS of_its_side
    FROM told
), runs AS (
    SELECT
        sided.*,
        -- Sets of both sides come where they were done; those of one side are numbered in pairs.
        min(place) OVER (
            PARTITION BY our_workout_id, our_exercise_id, side = 'both', of_its_side
        ) AS pair
    FROM sided
), indexed AS (
    SELECT
        runs.*,
        dense_rank() OVER (PARTITION BY our_workout_id, our_exercise_id ORDER BY pair) AS set_index
    FROM runs
), inserted AS (
    INSERT INTO workout_sets (
        user_id, id, workout_id, exercise_id, set_index, side, kind, reps, weight, weight_unit, duration_s,
        distance_m, rpe, grips, notes, rest_s, is_completed, performed_at, created_at, updated_at
    )
    SELECT
        $2::uuid, n.id, n.our_workout_id, n.our_exercise_id,
        n.set_index + coalesce((
            SELECT max(s.set_index) FROM workout_sets AS s
            WHERE s.user_id = $2::uuid AND s.workout_id = n.our_workout_id
                AND s.exercise_id = n.our_exercise_id
        ), 0),
        n.side, n.kind, n.reps, n.weight, n.weight_unit, n.duration_s, n.distance_m, n.rpe, n.grips, n.notes,
        n.rest_s, n.is_completed, n.performed_at, $3::timestamptz, $3::timestamptz
    FROM indexed AS n
    ON CONFLICT ON CONSTRAINT workout_sets_pkey DO NOTHING
    RETURNING id, workout_id, exercise_id, grip_key
), noted AS (
    INSERT INTO predecessor_imports (user_id, kind, source_id, id, is_made, imported_at)
    SELECT
        $2::uuid, 'set', told.id, told.id, told.id IN (SELECT id FROM inserted), $3::timestamptz
    FROM told
    RETURNING source_id
)
SELECT t.id, i.workout_id, i.exercise_id, i.grip_key, t.doubts
FROM told AS t
LEFT JOIN inserted AS i ON i.id = t.id
WHERE t.id IN (SELECT source_id FROM noted)
ORDER BY t.workout_id, t.place
