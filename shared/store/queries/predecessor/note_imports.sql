-- What was something there is something here, and whether it was made of it.
INSERT INTO predecessor_imports (user_id, kind, source_id, id, is_made, imported_at)
SELECT $1::uuid, $2::text, source_id, id, is_made, clock_timestamp()
FROM unnest($3::uuid[], $4::uuid[], $5::boolean[]) AS told (source_id, id, is_made)
ON CONFLICT ON CONSTRAINT predecessor_imports_pkey DO NOTHING
