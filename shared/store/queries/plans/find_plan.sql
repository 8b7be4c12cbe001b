SELECT
    p.id, p.date, p.sport, p.sub_sport, p.name, p.steps, p.total_duration_s, p.total_distance_m,
    p.pool_length_m, w.id AS workout_id
FROM planned_workouts AS p
LEFT JOIN workouts AS w ON w.planned_id = p.id
WHERE p.id = $1::uuid AND p.user_id = $2::uuid
