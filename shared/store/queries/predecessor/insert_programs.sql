-- The programs that a user's logs are of, as long as the logs say.
WITH told AS (
    SELECT
        l.program_id AS id,
        least(max(l.week_index) + 1, 520) AS weeks,
        max(l.day_index) + 1 AS days
    FROM predecessor_logs($1::text, $2::uuid) AS l
    WHERE l.program_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM predecessor_imports AS i
        WHERE i.user_id = $2::uuid AND i.kind = 'program' AND i.source_id = l.program_id
    )
    GROUP BY l.program_id
), named AS (
    SELECT predecessor_id(r ->> 'id') AS id, left(btrim(r ->> 'name'), 200) AS name
    FROM predecessor_rows($1::text, 'programs', 'id', ARRAY(SELECT id FROM told)) AS r
), inserted AS (
    INSERT INTO programs (id, user_id, name, weeks, days, created_at, updated_at)
    SELECT
        told.id, $2::uuid, coalesce(nullif(named.name, ''), 'Program'), told.weeks, told.days, $3::timestamptz,
        $3::timestamptz
    FROM told
    LEFT JOIN named ON named.id = told.id
    ON CONFLICT ON CONSTRAINT programs_pkey DO NOTHING
    RETURNING id
)
INSERT INTO predecessor_imports (user_id, kind, source_id, id, is_made, imported_at)
SELECT $2::uuid, 'program', told.id, told.id, inserted.id IS NOT NULL, $3::timestamptz
FROM told
LEFT JOIN inserted ON inserted.id = told.id
