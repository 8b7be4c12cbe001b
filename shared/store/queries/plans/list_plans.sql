SELECT
    p.id, p.date, p.sport, p.sub_sport, p.name, p.steps, p.total_duration_s, p.total_distance_m,
    p.pool_length_m, w.id AS workout_id
FROM planned_workouts AS p
LEFT JOIN workouts AS w ON w.planned_id = p.id
WHERE p.user_id = $1::uuid
    AND p.date >= $2::date AND p.date <= $3::date
    AND (p.date, p.id) > ($4::date, $5::uuid)
ORDER BY p.date, p.id
LIMIT $6::bigint
