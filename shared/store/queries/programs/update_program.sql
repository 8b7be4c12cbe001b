-- A replacement by the same content writes no row.
UPDATE programs
SET name = $3::text, weeks = $4::integer, days = $5::integer, updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
    AND (name, weeks, days) IS DISTINCT FROM ($3::text, $4::integer, $5::integer)
