-- Sets of the athlete by their ids, whichever workout they are of.
SELECT
    id, workout_id, exercise_id, set_index, side, kind, reps, weight::float8 AS weight, weight_unit,
    weight_kg::float8 AS weight_kg, duration_s::float8 AS duration_s,
    distance_m::float8 AS distance_m, rpe::float8 AS rpe, rir::float8 AS rir, grips, grip_key, notes,
    rest_s, is_completed, performed_at, told_by, counts
FROM workout_sets
WHERE user_id = $1::uuid AND id = ANY ($2::uuid[])
