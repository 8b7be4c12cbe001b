-- What sets surpassed when they were done: all that is before them counts, nothing that came after, so the
-- answer stays the same. A set surpasses in its workout's volume what other workouts had.
WITH candidates AS MATERIALIZED (
    SELECT kind, value, achieved_at, set_id, workout_id
    FROM record_candidates
    WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = $3::text
)
SELECT c.set_id, c.kind, c.value::float8 AS value, max(before.value)::float8 AS previous
FROM candidates AS c
LEFT JOIN candidates AS before
    ON before.kind = c.kind
    AND (before.achieved_at, before.set_id) < (c.achieved_at, c.set_id)
    AND (c.kind <> 'session_volume' OR before.workout_id <> c.workout_id)
WHERE c.set_id = ANY ($4::uuid[])
GROUP BY c.set_id, c.kind, c.value
HAVING max(before.value) IS NULL OR c.value > max(before.value)
ORDER BY c.kind
