INSERT INTO athletes (user_id, sex, units, time_zone)
VALUES ($1::uuid, $2::text, $3::text, $4::text)
ON CONFLICT ON CONSTRAINT athletes_pkey DO UPDATE
SET sex = EXCLUDED.sex,
    units = EXCLUDED.units,
    time_zone = EXCLUDED.time_zone,
    updated_at = clock_timestamp()
WHERE (athletes.sex, athletes.units, athletes.time_zone)
    IS DISTINCT FROM (EXCLUDED.sex, EXCLUDED.units, EXCLUDED.time_zone)
