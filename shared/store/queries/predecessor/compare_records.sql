-- What the records claimed, key by key, beside what the sets say. A key that was written several ways is one.
WITH claims AS (
    SELECT
        i.id AS exercise_id, c.kind, grip_key(c.grips) AS grip_key, c.has_set,
        round(CASE c.unit WHEN 'lb' THEN c.value * 0.45359237 ELSE c.value END, 2) AS value
    FROM predecessor_records($1::text, $2::uuid) AS c
    LEFT JOIN predecessor_imports AS i
        ON i.user_id = $2::uuid AND i.kind = 'exercise' AND i.source_id = c.exercise_id
), keys AS (
    SELECT
        exercise_id, kind, grip_key, max(value) AS claimed, count(*) AS rows,
        count(*) FILTER (WHERE has_set IS NOT TRUE) AS orphans
    FROM claims
    GROUP BY exercise_id, kind, grip_key
)
SELECT
    e.name AS exercise, k.kind, k.grip_key, k.claimed::float8 AS claimed, r.value::float8 AS rebuilt,
    k.rows, k.orphans,
    CASE
        WHEN k.kind IS NULL OR k.kind NOT IN ('heaviest', 'reps', 'e1rm') THEN 'unknown_kind'
        WHEN k.claimed IS NULL THEN 'no_number'
        WHEN abs(k.claimed - r.value) <= 0.01 THEN 'agrees'
        -- Some set of this key that is as great as the claim, if it is taken as it was.
        WHEN k.kind IN ('heaviest', 'e1rm') AND EXISTS (
            SELECT FROM workout_sets AS s
            WHERE s.user_id = $2::uuid AND s.exercise_id = k.exercise_id AND s.grip_key = k.grip_key
                AND s.weight_unit = 'lb'
                AND abs(
                    k.claimed - CASE k.kind
                        WHEN 'heaviest' THEN s.weight ELSE round(s.weight * (1 + s.reps / 30.0), 2)
                    END
                ) <= 0.01
        ) THEN 'pounds_as_kilograms'
        WHEN EXISTS (
            SELECT FROM workout_sets AS s
            WHERE s.user_id = $2::uuid AND s.exercise_id = k.exercise_id AND s.grip_key = k.grip_key
                AND (s.kind IN ('warmup', 'timed', 'distance') OR NOT s.is_completed)
                AND abs(
                    k.claimed - CASE k.kind
                        WHEN 'heaviest' THEN s.weight_kg
                        WHEN 'reps' THEN s.reps
                        ELSE round(s.weight_kg * (1 + s.reps / 30.0), 2)
                    END
                ) <= 0.01
        ) THEN 'no_working_set'
        WHEN k.kind = 'e1rm' AND EXISTS (
            SELECT FROM workout_sets AS s
            WHERE s.user_id = $2::uuid AND s.exercise_id = k.exercise_id AND s.grip_key = k.grip_key
                AND abs(k.claimed - round(s.weight_kg * (1 + s.reps / 30.0), 2)) <= 0.01
        ) THEN 'another_formula'
        WHEN r.value IS NULL THEN 'no_set'
        WHEN k.claimed > r.value THEN 'better_than_any_set'
        ELSE 'worse_than_a_set'
    END AS verdict
FROM keys AS k
LEFT JOIN exercises AS e ON e.id = k.exercise_id
LEFT JOIN personal_records AS r
    ON r.user_id = $2::uuid AND r.exercise_id = k.exercise_id AND r.kind = k.kind AND r.grip_key = k.grip_key
ORDER BY e.name, k.kind, k.grip_key
