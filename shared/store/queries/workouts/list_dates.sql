SELECT id, local_date
FROM workouts
WHERE user_id = $1::uuid AND deleted_at IS NULL AND merged_into IS NULL
ORDER BY started_at DESC, id DESC
