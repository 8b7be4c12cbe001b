-- A name fits when it has all the words that are looked for, in whichever order and as parts of words.
SELECT
    e.id, e.user_id IS NOT NULL AS is_own, e.name, e.category, e.measure, e.mechanics, e.equipment,
    e.primary_muscles, e.secondary_muscles, e.is_unilateral, e.archived_at IS NOT NULL AS is_archived,
    e.name_key,
    ARRAY(
        SELECT a.alias FROM exercise_aliases AS a
        WHERE a.exercise_id = e.id AND (a.user_id IS NULL OR a.user_id = $1::uuid)
        ORDER BY a.alias_key
    ) AS aliases
FROM exercises AS e
WHERE (e.user_id IS NULL OR e.user_id = $1::uuid) AND e.archived_at IS NULL
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM (
            SELECT e.name_key AS words
            UNION ALL
            SELECT a.alias_key FROM exercise_aliases AS a
            WHERE a.exercise_id = e.id AND (a.user_id IS NULL OR a.user_id = $1::uuid)
        ) AS named
        WHERE NOT EXISTS (
            SELECT FROM unnest(string_to_array(name_key($2::text), ' ')) AS word
            WHERE position(word IN named.words) = 0
        )
    ))
    AND ($3::text IS NULL OR $3::text = ANY (e.primary_muscles || e.secondary_muscles))
    AND ($4::text IS NULL OR $4::text = ANY (e.equipment))
    AND (e.name_key, e.id) > ($5::text, $6::uuid)
ORDER BY e.name_key, e.id
LIMIT $7::bigint
