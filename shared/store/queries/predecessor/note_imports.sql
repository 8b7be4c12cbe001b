-- What was something there is something here, and whether it was made of it. What it was before is gone where
-- it is another now.
INSERT INTO predecessor_imports (user_id, kind, source_id, id, is_made, imported_at)
SELECT $1::uuid, $2::text, source_id, id, is_made, clock_timestamp()
FROM unnest($3::uuid[], $4::uuid[], $5::boolean[]) AS told (source_id, id, is_made)
ON CONFLICT ON CONSTRAINT predecessor_imports_pkey DO UPDATE
SET id = EXCLUDED.id,
    is_made = EXCLUDED.is_made,
    imported_at = EXCLUDED.imported_at
WHERE predecessor_imports.id <> EXCLUDED.id
