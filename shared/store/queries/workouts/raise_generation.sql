-- What was only announced has no input yet that could change, and what is merged into another
-- workout is input of that one.
UPDATE workouts
SET generation = generation + 1,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
    AND generation > 0 AND merged_into IS NULL
RETURNING generation
