-- Every time a record was surpassed, the newest first: the running greatest of the sets, in the order in
-- which they were done. Of a workout's volume only the whole is compared.
WITH candidates AS (
    SELECT
        kind, grip_key, value, achieved_at, set_id, workout_id,
        kind <> 'session_volume' OR lead(set_id) OVER (
            PARTITION BY grip_key, kind, workout_id ORDER BY achieved_at, set_id
        ) IS NULL AS is_whole
    FROM record_candidates
    WHERE user_id = $1::uuid AND exercise_id = $2::uuid
        AND ($4::text[] IS NULL OR grip_key = grip_key($4::text[]))
), compared AS (
    SELECT
        kind, grip_key, value, achieved_at, set_id, workout_id,
        max(value) OVER (
            PARTITION BY grip_key, kind ORDER BY achieved_at, set_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS previous
    FROM candidates
    WHERE is_whole
)
SELECT
    c.set_id AS id, e.id AS exercise_id, e.name AS exercise_name, c.kind, c.grip_key,
    c.value::float8 AS value, c.achieved_at, c.set_id, c.workout_id, c.previous::float8 AS previous
FROM compared AS c
JOIN exercises AS e ON e.id = $2::uuid
WHERE (c.previous IS NULL OR c.value > c.previous)
    AND ($3::text IS NULL OR c.kind = $3::text)
ORDER BY c.achieved_at DESC, c.set_id DESC, c.kind, c.grip_key
LIMIT $5::bigint
