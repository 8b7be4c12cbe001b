INSERT INTO planned_workouts (
    id, user_id, date, sport, sub_sport, name, steps, total_duration_s, total_distance_m,
    pool_length_m
)
VALUES (
    $1::uuid, $2::uuid, $3::date, $4::text, $5::text, $6::text, $7::jsonb, $8::float8, $9::float8,
    $10::float8
)
