-- The plans of the day and of the days beside it, and the one that is named, whatever its date.
SELECT
    p.id,
    p.date,
    p.sport,
    p.sub_sport,
    p.name,
    p.total_duration_s,
    p.total_distance_m,
    CASE WHEN p.sport = 'strength' THEN ARRAY(
        SELECT DISTINCT exercise #>> '{}'
        FROM jsonb_path_query(p.steps, '$.**.exercise.name') AS exercise
        WHERE jsonb_typeof(exercise) = 'string'
        ORDER BY 1
    ) ELSE '{}' END AS exercises,
    EXISTS (
        SELECT FROM workouts AS w WHERE w.planned_id = p.id AND w.id <> $3::uuid
    ) AS taken
FROM planned_workouts AS p
WHERE p.user_id = $1::uuid
    AND (p.date BETWEEN $2::date - 1 AND $2::date + 1 OR p.id = $4::uuid)
ORDER BY p.id
