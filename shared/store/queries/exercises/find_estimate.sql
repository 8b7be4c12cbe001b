SELECT weight::float8 AS weight, weight_unit
FROM exercise_estimates
WHERE user_id = $1::uuid AND exercise_id = $2::uuid
