-- What each word names: an exercise of the athlete's own before one of the catalogue, a name before another name.
SELECT word.text AS word, found.id
FROM unnest($2::text[]) AS word (text)
CROSS JOIN LATERAL (
    SELECT named.id
    FROM (
        SELECT e.id, e.user_id IS NULL AS is_everybodys, false AS is_alias
        FROM exercises AS e
        WHERE e.owner_key IN ($1::uuid, '00000000-0000-0000-0000-000000000000')
            AND e.name_key = name_key(word.text)
        UNION ALL
        SELECT a.exercise_id, a.user_id IS NULL, true
        FROM exercise_aliases AS a
        WHERE a.owner_key IN ($1::uuid, '00000000-0000-0000-0000-000000000000')
            AND a.alias_key = name_key(word.text)
    ) AS named
    ORDER BY named.is_everybodys, named.is_alias
    LIMIT 1
) AS found
