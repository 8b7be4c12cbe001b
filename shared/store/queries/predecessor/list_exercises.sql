-- What a user's sets, records and logs are of, and is not known to be one of ours, or of one that is gone.
SELECT e.id, e.name
FROM predecessor_exercises(
    $1::text,
    ARRAY(
        SELECT exercise_id FROM predecessor_sets($1::text, $2::uuid)
        UNION
        SELECT exercise_id FROM predecessor_records($1::text, $2::uuid)
        UNION
        SELECT exercise_id FROM predecessor_log_exercises($1::text, $2::uuid)
    )
) AS e
WHERE e.id IS NOT NULL AND NOT EXISTS (
    SELECT FROM predecessor_imports AS i
    JOIN exercises AS x ON x.id = i.id AND (x.user_id IS NULL OR x.user_id = i.user_id)
    WHERE i.user_id = $2::uuid AND i.kind = 'exercise' AND i.source_id = e.id
)
ORDER BY e.id
