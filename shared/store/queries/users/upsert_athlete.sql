INSERT INTO athletes (user_id, sex, units, time_zone, source_preference)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text)
ON CONFLICT ON CONSTRAINT athletes_pkey DO UPDATE
SET sex = EXCLUDED.sex,
    units = EXCLUDED.units,
    time_zone = EXCLUDED.time_zone,
    source_preference = EXCLUDED.source_preference,
    updated_at = clock_timestamp()
WHERE (athletes.sex, athletes.units, athletes.time_zone, athletes.source_preference)
    IS DISTINCT FROM (EXCLUDED.sex, EXCLUDED.units, EXCLUDED.time_zone, EXCLUDED.source_preference)
