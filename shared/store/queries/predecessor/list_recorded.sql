-- What was lifted in the sessions that were not taken over yet, in order, by our names of it.
SELECT
    t.workout_id, t.performed_at, t.kind, t.reps,
    (CASE t.weight_unit WHEN 'lb' THEN t.weight * 0.45359237 ELSE t.weight END)::float8 AS weight_kg,
    t.duration_s::float8 AS duration_s, t.distance_m::float8 AS distance_m, t.rpe::float8 AS rpe, e.name
FROM predecessor_sets($1::text, $2::uuid) AS t
JOIN predecessor_imports AS i
    ON i.user_id = $2::uuid AND i.kind = 'exercise' AND i.source_id = t.exercise_id
JOIN exercises AS e ON e.id = i.id
WHERE t.is_completed AND t.performed_at IS NOT NULL
ORDER BY t.performed_at, t.place
