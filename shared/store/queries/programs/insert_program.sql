-- The id is ours, so one that is there is of the same request, whose commit was not heard of.
INSERT INTO programs (id, user_id, name, weeks, days)
VALUES ($1::uuid, $2::uuid, $3::text, $4::integer, $5::integer)
ON CONFLICT ON CONSTRAINT programs_pkey DO NOTHING
