-- Every set of a workout and of what is merged into it, exercise by exercise in the order that the
-- athlete gave, else in which they were begun.
SELECT
    s.id, s.workout_id, s.exercise_id, s.set_index, s.side, s.kind, s.reps, s.weight::float8 AS weight,
    s.weight_unit, s.weight_kg::float8 AS weight_kg, s.duration_s::float8 AS duration_s,
    s.distance_m::float8 AS distance_m, s.rpe::float8 AS rpe, s.rir::float8 AS rir, s.grips, s.grip_key,
    s.notes, s.rest_s, s.is_completed, s.performed_at, s.told_by, s.counts, e.name AS exercise_name
FROM workout_sets AS s
JOIN exercises AS e ON e.id = s.exercise_id
LEFT JOIN workout_exercises AS o
    ON o.user_id = s.user_id AND o.workout_id = s.workout_id AND o.exercise_id = s.exercise_id
WHERE s.user_id = $1::uuid AND s.workout_id IN (
    SELECT w.id FROM workouts AS w
    WHERE w.user_id = $1::uuid AND (w.id = $2::uuid OR w.merged_into = $2::uuid)
)
ORDER BY
    min(o.place) OVER (PARTITION BY s.exercise_id),
    min(s.performed_at) OVER (PARTITION BY s.exercise_id),
    s.exercise_id, s.told_by, s.set_index, s.side, s.id
