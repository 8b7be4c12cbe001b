SELECT
    e.id, e.user_id IS NOT NULL AS is_own, e.name, e.category, e.measure, e.mechanics, e.equipment,
    e.primary_muscles, e.secondary_muscles, e.is_unilateral, e.archived_at IS NOT NULL AS is_archived,
    e.name_key,
    ARRAY(
        SELECT a.alias FROM exercise_aliases AS a
        WHERE a.exercise_id = e.id AND (a.user_id IS NULL OR a.user_id = $1::uuid)
        ORDER BY a.alias_key
    ) AS aliases
FROM exercises AS e
WHERE e.id = $2::uuid AND (e.user_id IS NULL OR e.user_id = $1::uuid)
