-- A user's sessions that were not taken over yet, and for how long they went on by their sets.
SELECT
    s.id, s.started_at, s.name,
    EXTRACT(epoch FROM greatest(s.ended_at, max(t.performed_at)) - s.started_at)::float8 AS duration_s
FROM predecessor_sessions($1::text, $2::uuid) AS s
LEFT JOIN predecessor_sets($1::text, $2::uuid) AS t ON t.workout_id = s.id
WHERE s.started_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM predecessor_imports AS i
    WHERE i.user_id = $2::uuid AND i.kind = 'workout' AND i.source_id = s.id
)
GROUP BY s.id, s.started_at, s.ended_at, s.name
ORDER BY s.started_at, s.id
