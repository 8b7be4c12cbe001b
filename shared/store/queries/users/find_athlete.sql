SELECT
    sex, units, time_zone, source_preference, fitness_start_date, fitness_start_ctl,
    fitness_start_atl
FROM athletes
WHERE user_id = $1::uuid
