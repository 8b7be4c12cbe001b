-- A replacement by the same content writes no row.
UPDATE planned_workouts
SET date = $3::date,
    sport = $4::text,
    sub_sport = $5::text,
    name = $6::text,
    steps = $7::jsonb,
    total_duration_s = $8::float8,
    total_distance_m = $9::float8,
    pool_length_m = $10::float8,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
    AND (
        date, sport, sub_sport, name, steps, total_duration_s, total_distance_m, pool_length_m
    )
        IS DISTINCT FROM
        (
            $3::date, $4::text, $5::text, $6::text, $7::jsonb, $8::float8, $9::float8, $10::float8
        )
