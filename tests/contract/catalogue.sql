-- Everything that a migration can leave behind in a database, one line each; what sqlx keeps for
-- itself is left out. Access rights are sorted, because granting again changes only their order.
WITH ours AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), relations AS (
    SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN ours AS n ON n.oid = c.relnamespace
    WHERE c.relname NOT LIKE '\_sqlx\_migrations%'
)
SELECT line
FROM (
    SELECT format('schema %I owner %s rights %s', nspname, nspowner::regrole,
        (SELECT array_agg(right_::text ORDER BY right_::text) FROM unnest(nspacl) AS right_))
    FROM ours
    UNION ALL
    SELECT format('relation %s kind %s owner %s rows %s %s options %s rights %s', name, relkind,
        relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions,
        (SELECT array_agg(right_::text ORDER BY right_::text) FROM unnest(relacl) AS right_))
    FROM relations
    UNION ALL
    SELECT format('view %s is %s', name, pg_get_viewdef(oid))
    FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT format('column %s %s. %I %s required %s default %s generated %s%s storage %s%s rights %s',
        r.name, row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
        a.attidentity, a.attgenerated, a.attstorage, a.attcompression, a.attacl)
    FROM relations AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('constraint %s %I %s %s', r.name, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
    FROM relations AS r JOIN pg_constraint AS c ON c.conrelid = r.oid
    UNION ALL
    SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM relations AS r JOIN pg_index AS i ON i.indrelid = r.oid
    UNION ALL
    SELECT format('policy %s %I %s %s roles %s using %s check %s', r.name, p.polname, p.polcmd,
        p.polpermissive,
        (SELECT array_agg(role::regrole::text ORDER BY role::regrole::text) FROM unnest(p.polroles) AS role),
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM relations AS r JOIN pg_policy AS p ON p.polrelid = r.oid
    UNION ALL
    SELECT format('trigger %s %s', r.name, pg_get_triggerdef(t.oid))
    FROM relations AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT format('function %s owner %s rights %s is %s', p.oid::regprocedure, p.proowner::regrole,
        (SELECT array_agg(right_::text ORDER BY right_::text) FROM unnest(p.proacl) AS right_),
        pg_get_functiondef(p.oid))
    FROM pg_proc AS p JOIN ours AS n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p')
    UNION ALL
    SELECT format('type %s kind %s base %s required %s rights %s labels %s', t.oid::regtype, t.typtype,
        t.typbasetype::regtype, t.typnotnull, t.typacl,
        (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid))
    FROM pg_type AS t JOIN ours AS n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('d', 'e', 'r', 'm')
    UNION ALL
    SELECT format('extension %I %s', extname, extversion) FROM pg_extension
    UNION ALL
    SELECT format('default rights of %s in %s for %s: %s', defaclrole::regrole,
        defaclnamespace::regnamespace, defaclobjtype, defaclacl)
    FROM pg_default_acl
    UNION ALL
    SELECT format('setting of database: %s', setconfig)
    FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS catalogue (line)
ORDER BY line COLLATE "C"
