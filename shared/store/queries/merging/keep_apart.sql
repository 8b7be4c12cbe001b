UPDATE workouts
SET kept_apart = $3::boolean,
    updated_at = clock_timestamp()
WHERE id = ANY ($1::uuid[]) AND user_id = $2::uuid AND kept_apart <> $3::boolean
