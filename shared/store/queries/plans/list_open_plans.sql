-- Plans of these days that no workout holds.
SELECT
    p.id, p.date, p.sport, p.sub_sport, p.name, p.steps, p.total_duration_s, p.total_distance_m,
    p.pool_length_m, NULL::uuid AS workout_id
FROM planned_workouts AS p
WHERE p.user_id = $1::uuid
    AND p.date >= $2::date AND p.date <= $3::date
    AND NOT EXISTS (SELECT FROM workouts AS w WHERE w.planned_id = p.id)
ORDER BY p.date, p.id
