SELECT
    id, workout_id, exercise_id, set_index, side, kind, reps, weight::float8 AS weight, weight_unit,
    weight_kg::float8 AS weight_kg, duration_s::float8 AS duration_s,
    distance_m::float8 AS distance_m, rpe::float8 AS rpe, rir::float8 AS rir, grips, grip_key, notes,
    rest_s, is_completed, performed_at, told_by, counts
FROM workout_sets
WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = grip_key($3::text[])
    AND counts AND is_completed AND kind NOT IN ('warmup', 'timed', 'distance') AND reps > 0
ORDER BY performed_at DESC, id DESC
LIMIT 1
