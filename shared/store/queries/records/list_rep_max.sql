-- The most that was lifted at least so many times, for one to twelve times; the first of equal ones.
SELECT DISTINCT ON (times.reps)
    times.reps, s.weight_kg::float8 AS weight_kg, s.reps AS reps_done, s.performed_at, s.id AS set_id,
    s.workout_id
FROM generate_series(1, 12) AS times (reps)
JOIN workout_sets AS s
    ON s.user_id = $1::uuid AND s.exercise_id = $2::uuid
    AND s.reps >= times.reps AND s.weight_kg > 0
    AND s.counts AND s.is_completed AND s.kind NOT IN ('warmup', 'timed', 'distance')
    AND ($3::text[] IS NULL OR s.grip_key = grip_key($3::text[]))
ORDER BY times.reps, s.weight_kg DESC, s.performed_at, s.id
