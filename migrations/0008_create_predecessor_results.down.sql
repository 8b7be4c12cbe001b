-- It cannot be computed again, so it is not dropped while there is any.
SET LOCAL lock_timeout = '2s';

-- Or the owner would see nobody's rows.
ALTER TABLE predecessor_results NO FORCE ROW LEVEL SECURITY;

DO $$
BEGIN
    IF EXISTS (SELECT FROM predecessor_results) THEN
        RAISE EXCEPTION 'predecessor_results holds what only a predecessor knew; save it first';
    END IF;
END
$$;

DROP FUNCTION import_predecessor_result(uuid, jsonb);
DROP FUNCTION unwrap_computed(jsonb);
DROP TABLE predecessor_results;
