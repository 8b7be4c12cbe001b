-- Who tells of each of these workouts, the one that leads first.
SELECT
    told.id AS workout_id, source.provider, source.provider_activity_id, source.name,
    source.started_at, source.id = w.lead_id AS leads
FROM unnest($2::uuid[]) AS told (id)
JOIN workouts AS w ON w.id = told.id
CROSS JOIN LATERAL (
    SELECT w.id
    UNION ALL
    SELECT merged.id FROM workouts AS merged WHERE merged.merged_into = w.id
) AS part
JOIN workouts AS source ON source.id = part.id
WHERE w.user_id = $1::uuid AND source.user_id = $1::uuid
ORDER BY told.id, leads DESC, source.provider
