INSERT INTO exercise_estimates AS e (user_id, exercise_id, weight, weight_unit)
VALUES ($1::uuid, $2::uuid, $3::float8::numeric, $4::text)
ON CONFLICT (user_id, exercise_id) DO UPDATE
SET weight = excluded.weight,
    weight_unit = excluded.weight_unit,
    updated_at = clock_timestamp()
