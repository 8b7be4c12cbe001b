-- The sources of one session, whichever of them is named.
WITH head AS (
    SELECT coalesce(merged_into, id) AS id
    FROM workouts
    WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
)
SELECT w.id, w.started_at, w.merged_into IS NOT NULL AS is_merged
FROM workouts AS w
WHERE w.user_id = $2::uuid AND w.deleted_at IS NULL AND w.id IN (
    SELECT id FROM head
    UNION
    SELECT source.id FROM workouts AS source JOIN head ON source.merged_into = head.id
)
ORDER BY w.id
