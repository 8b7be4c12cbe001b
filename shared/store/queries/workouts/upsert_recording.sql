INSERT INTO recordings (workout_id, user_id, format, source_sha256, samples, columns)
VALUES ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::integer, $6::bytea)
ON CONFLICT ON CONSTRAINT recordings_pkey DO UPDATE
SET format = EXCLUDED.format,
    source_sha256 = EXCLUDED.source_sha256,
    samples = EXCLUDED.samples,
    columns = EXCLUDED.columns
