SELECT
    p.id,
    p.sport,
    p.sub_sport,
    p.total_duration_s,
    p.total_distance_m,
    EXISTS (
        SELECT FROM workouts AS w WHERE w.planned_id = p.id AND w.id <> $3::uuid
    ) AS taken
FROM planned_workouts AS p
WHERE p.user_id = $1::uuid AND p.date = $2::date
ORDER BY p.id
