INSERT INTO athletes (
    user_id, sex, units, time_zone, source_preference, fitness_start_date, fitness_start_ctl,
    fitness_start_atl
)
VALUES (
    $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::date, $7::float8, $8::float8
)
ON CONFLICT ON CONSTRAINT athletes_pkey DO UPDATE
SET sex = EXCLUDED.sex,
    units = EXCLUDED.units,
    time_zone = EXCLUDED.time_zone,
    source_preference = EXCLUDED.source_preference,
    fitness_start_date = EXCLUDED.fitness_start_date,
    fitness_start_ctl = EXCLUDED.fitness_start_ctl,
    fitness_start_atl = EXCLUDED.fitness_start_atl,
    updated_at = clock_timestamp()
WHERE (
        athletes.sex, athletes.units, athletes.time_zone, athletes.source_preference,
        athletes.fitness_start_date, athletes.fitness_start_ctl, athletes.fitness_start_atl
    )
    IS DISTINCT FROM (
        EXCLUDED.sex, EXCLUDED.units, EXCLUDED.time_zone, EXCLUDED.source_preference,
        EXCLUDED.fitness_start_date, EXCLUDED.fitness_start_ctl, EXCLUDED.fitness_start_atl
    )
