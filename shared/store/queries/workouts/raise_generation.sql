UPDATE workouts
SET generation = generation + 1,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
RETURNING generation
