//! Who may do what in the database, by its catalogue.

use crate::{LAUNCHER, Outcome};
use sqlx::{Executor as _, PgConnection};
use std::collections::BTreeSet;
use store::setup::ROLES;
use support::database::Database;

/// Tables of ours in which a row may be seen by somebody whose it is not.
async fn unprotected(connection: &mut PgConnection) -> Outcome<Vec<String>> {
    let tables = sqlx::query_scalar(
        "SELECT c.relname::text
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace
            AND c.relkind IN ('r', 'p', 'f', 'm')
            AND c.relname <> '_sqlx_migrations'
            AND NOT (
                c.relrowsecurity
                AND c.relforcerowsecurity
                AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polcmd = '*')
            )
        ORDER BY c.relname",
    );
    Ok(tables.fetch_all(connection).await?)
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

///
#[tokio::test]
async fn every_table_forces_row_level_security_and_a_new_one_without_it_is_noticed() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    assert_eq!(unprotected(&mut connection).await.unwrap(), owned(&[]));

    connection
        .execute("CREATE TABLE a_bare (id uuid)")
        .await
        .unwrap();
    connection
        .execute("CREATE TABLE b_enabled (id uuid)")
        .await
        .unwrap();
    connection
        .execute("ALTER TABLE b_enabled ENABLE ROW LEVEL SECURITY")
        .await
        .unwrap();
    connection
        .execute("CREATE POLICY own_rows ON b_enabled USING (true)")
        .await
        .unwrap();
    connection
        .execute("CREATE TABLE c_forced (id uuid)")
        .await
        .unwrap();
    connection
        .execute("ALTER TABLE c_forced ENABLE ROW LEVEL SECURITY")
        .await
        .unwrap();
    connection
        .execute("ALTER TABLE c_forced FORCE ROW LEVEL SECURITY")
        .await
        .unwrap();
    let found = unprotected(&mut connection).await.unwrap();
    assert_eq!(found, owned(&["a_bare", "b_enabled", "c_forced"]));
}

///
#[tokio::test]
async fn every_policy_asks_whose_row_it_is_but_those_that_are_argued_for() {
    let database = Database::migrated(LAUNCHER).await;
    type Policy = (String, String, Vec<String>, String, Option<String>);
    let policies: Vec<Policy> = sqlx::query_as(
        "SELECT polrelid::regclass::text, polname::text,
            ARRAY(SELECT CASE role WHEN 0 THEN 'PUBLIC' WHEN (SELECT relowner FROM pg_class WHERE oid = polrelid) THEN 'the owner'
                ELSE role::regrole::text END FROM unnest(polroles) AS role),
            coalesce(pg_get_expr(polqual, polrelid), ''), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy
        ORDER BY 1, 2",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();

    let mut argued = Vec::new();
    for (table, policy, roles, using, check) in policies {
        let owner = if table == "users" { "id" } else { "user_id" };
        let mine = format!("({owner} = ( SELECT app_user_id() AS app_user_id))");
        if using == mine && check.as_deref() == Some(&mine) && roles == ["PUBLIC"] {
            continue;
        }
        argued.push(format!("{table}.{policy} for {}", roles.join(" ")));
    }
    assert_eq!(
        argued,
        [
            "admins.every_admin for paceline_community",
            "admins.not_ones_own_role for paceline_community",
            "admins.not_to_oneself for paceline_community",
            "admins.of_named_person for paceline_community",
            "audit_log.every_entry for paceline_community",
            "audit_log.of_nobody for paceline_identity",
            "authorisations.named_state for paceline_connect",
            "coach_permissions.coach_sees for paceline_log",
            "communities.named_community for paceline_community",
            "communities.named_signup for paceline_identity paceline_community",
            "communities.of_members_and_admins for paceline_community",
            "communities.used_signup for paceline_identity paceline_community",
            "connections.named_account for paceline_ingest",
            "deliveries.every_delivery for paceline_sweep",
            "deliveries.operator_lists for the owner",
            "exercise_aliases.own_or_catalogue for PUBLIC",
            "exercises.own_or_catalogue for PUBLIC",
            "external_identities.named_subject for PUBLIC",
            "grips.nobodys for PUBLIC",
            "memberships.begins_as_member for paceline_identity paceline_community",
            "memberships.not_ones_own_role for paceline_community",
            "memberships.of_named_community for paceline_community",
            "predecessor_imports.operator_lists for the owner",
            "provider_pauses.nobodys for paceline_fetch",
            "provider_windows.nobodys for paceline_fetch",
            "rate_limits.nobodys for paceline_identity paceline_ingest paceline_sweep",
            "reconciliations.every_due_one for paceline_fetch",
            "record_repairs.every_repair for paceline_sweep",
            "refresh_tokens.named_token for paceline_identity",
            "source_policies.nobodys for PUBLIC",
            "stage_runs.every_run for paceline_sweep",
            "token_families.of_named_person for paceline_community",
            "user_credentials.named_email for paceline_identity",
            "users.named_person for paceline_community",
            "users.of_named_community for paceline_community",
            "workout_log_exercises.coach_reads for paceline_log",
            "workout_logs.coach_reads for paceline_log"
        ]
    );
}

///
#[tokio::test]
async fn every_table_says_whose_its_rows_are_and_every_view_asks_as_its_reader() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let ownerless: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace
            AND c.relkind IN ('r', 'p')
            AND c.relname NOT IN (
                'users', '_sqlx_migrations', 'provider_windows', 'provider_pauses',
                'source_policies', 'grips', 'exercises', 'exercise_aliases', 'audit_log',
                'rate_limits', 'communities'
            )
            AND NOT EXISTS (
                SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND a.attnotnull
                    AND a.atttypid = 'uuid'::regtype
            )",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(ownerless, owned(&[]));

    let as_owner: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
            AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(as_owner, owned(&[]));
}

/// P-37
#[tokio::test]
async fn no_function_runs_as_its_owner_or_for_everybody_or_along_a_foreign_search_path() {
    let database = Database::migrated(LAUNCHER).await;
    let functions: Vec<(String, bool, bool, Vec<String>)> = sqlx::query_as(
        "SELECT p.oid::regprocedure::text, p.prosecdef,
            coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false),
            ARRAY(
                SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
                FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
                WHERE grantee <> p.proowner
                ORDER BY 1
            )
        FROM pg_proc AS p
        WHERE p.pronamespace = 'public'::regnamespace
        ORDER BY 1",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();

    let mut may_execute = Vec::new();
    for (function, as_owner, has_path, executors) in functions {
        assert!(!as_owner, "{function} is SECURITY DEFINER");
        assert!(has_path, "{function} has no search_path of its own");
        assert!(
            !executors.contains(&"PUBLIC".to_owned()),
            "{function} is everybody's"
        );
        may_execute.push((function.split('(').next().unwrap().to_owned(), executors));
    }
    let mut all = owned(&ROLES);
    all.sort();
    assert_eq!(
        may_execute,
        [
            ("app_user_id".to_owned(), all),
            (
                "device_set_id".to_owned(),
                owned(&["paceline_fetch", "paceline_ingest"])
            ),
            (
                "grip_key".to_owned(),
                owned(&[
                    "paceline_connect",
                    "paceline_fetch",
                    "paceline_ingest",
                    "paceline_log",
                    "paceline_plan",
                    "paceline_sweep"
                ])
            ),
            ("import_predecessor_result".to_owned(), owned(&[])),
            ("joint_status".to_owned(), owned(&["paceline_read"])),
            ("merge_computed".to_owned(), owned(&["paceline_stages"])),
            (
                "name_key".to_owned(),
                owned(&[
                    "paceline_fetch",
                    "paceline_ingest",
                    "paceline_log",
                    "paceline_read"
                ])
            ),
            ("predecessor_exercises".to_owned(), owned(&[])),
            ("predecessor_grip_names".to_owned(), owned(&[])),
            ("predecessor_grips".to_owned(), owned(&[])),
            ("predecessor_id".to_owned(), owned(&[])),
            ("predecessor_log_exercises".to_owned(), owned(&[])),
            ("predecessor_logs".to_owned(), owned(&[])),
            ("predecessor_moment".to_owned(), owned(&[])),
            ("predecessor_number".to_owned(), owned(&[])),
            ("predecessor_orphans".to_owned(), owned(&[])),
            ("predecessor_records".to_owned(), owned(&[])),
            ("predecessor_rows".to_owned(), owned(&[])),
            ("predecessor_sessions".to_owned(), owned(&[])),
            ("predecessor_sets".to_owned(), owned(&[])),
            ("predecessor_texts".to_owned(), owned(&[])),
            ("predecessor_users".to_owned(), owned(&[])),
            ("refuse_change".to_owned(), owned(&[])),
            ("repair_personal_records".to_owned(), owned(&[])),
            ("schedule_reconciliation".to_owned(), owned(&[])),
            ("try_advisory_lock".to_owned(), owned(&["paceline_stages"])),
            ("unwrap_computed".to_owned(), owned(&[])),
            (
                "values_at".to_owned(),
                owned(&[
                    "paceline_connect",
                    "paceline_fetch",
                    "paceline_ingest",
                    "paceline_log",
                    "paceline_plan",
                    "paceline_stages",
                    "paceline_sweep"
                ])
            ),
        ]
    );
}

///
#[tokio::test]
async fn the_readers_role_only_selects_and_nobody_has_the_ledger_of_migrations() {
    let database = Database::migrated(LAUNCHER).await;
    let granted: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, relname, privilege_type
        FROM (
            SELECT c.relname::text, c.relowner, acl.grantee, acl.privilege_type
            FROM pg_class AS c
            CROSS JOIN aclexplode(coalesce(c.relacl, acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", c.relowner))) AS acl
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c')
            UNION ALL
            SELECT c.relname::text, c.relowner, acl.grantee, acl.privilege_type
            FROM pg_class AS c
            JOIN pg_attribute AS a ON a.attrelid = c.oid
            CROSS JOIN aclexplode(a.attacl) AS acl
            WHERE c.relnamespace = 'public'::regnamespace
        ) AS rights
        WHERE grantee <> relowner",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();

    let grantees: BTreeSet<&str> = granted.iter().map(|(role, _, _)| role.as_str()).collect();
    assert_eq!(grantees, BTreeSet::from(ROLES));
    for (role, relation, right) in &granted {
        assert_ne!(relation, "_sqlx_migrations", "{role} may {right}");
        assert!(
            ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&right.as_str()),
            "{role} {right}"
        );
        assert!(
            role != "paceline_read" || right == "SELECT",
            "{relation}: {right}"
        );
    }
}

///
#[tokio::test]
async fn no_functions_role_is_more_than_a_login_or_owns_or_may_create_anything() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let roles: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT rolname::text,
            rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
                OR EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid),
            has_schema_privilege(rolname, 'public', 'CREATE')
                OR has_database_privilege(rolname, current_database(), 'CREATE')
        FROM pg_roles AS r
        WHERE rolname LIKE 'paceline\\_%'
        ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let names: BTreeSet<&str> = roles.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(ROLES));
    for (role, is_powerful, may_create) in &roles {
        assert!(!is_powerful && !may_create, "{role}");
    }

    let possessions: Vec<String> = sqlx::query_scalar(
        "SELECT pg_describe_object(classid, objid, objsubid)
        FROM pg_shdepend AS d
        JOIN pg_roles AS r ON r.oid = d.refobjid AND d.refclassid = 'pg_authid'::regclass
        WHERE r.rolname LIKE 'paceline\\_%'
            AND d.deptype = 'o'
            AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(possessions, owned(&[]));
}

/// Whoever writes a row has the database make its generated columns anew, in the writer's name: when a
/// trigger is there, of every row, whatever is written.
#[tokio::test]
async fn whoever_writes_a_table_may_execute_what_its_columns_are_made_with() {
    let database = Database::migrated(LAUNCHER).await;
    let makers: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT role.rolname::text, a.attrelid::regclass::text, made.refobjid::regprocedure::text,
            has_function_privilege(role.oid, made.refobjid, 'EXECUTE')
        FROM pg_attrdef AS d
        JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        JOIN pg_depend AS made
            ON made.classid = 'pg_attrdef'::regclass AND made.objid = d.oid
            AND made.refclassid = 'pg_proc'::regclass
        JOIN pg_roles AS role ON role.rolname LIKE 'paceline\\_%'
        WHERE a.attgenerated = 's'
            AND (
                has_any_column_privilege(role.oid, a.attrelid, 'INSERT')
                OR has_any_column_privilege(role.oid, a.attrelid, 'UPDATE')
            )
        ORDER BY 1",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();

    assert!(!makers.is_empty());
    let without: Vec<_> = makers.iter().filter(|(.., may)| !may).collect();
    assert!(without.is_empty(), "{without:?}");
}

/// Rows that say whose they are, and constraints and policies that ask somebody else than `users` and the
/// transaction who that is.
async fn second_stores(connection: &mut PgConnection) -> Outcome<Vec<String>> {
    let strays = sqlx::query_scalar(
        "WITH RECURSIVE owned AS (
             SELECT 'users'::regclass::oid AS oid
             UNION
             SELECT f.conrelid
             FROM pg_constraint AS f
             JOIN owned ON owned.oid = f.confrelid
             WHERE f.contype = 'f'
         ), ours AS (
             SELECT c.oid, c.relname FROM pg_class AS c
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         )
         SELECT format('%s.%s leads to no user', ours.relname, a.attname)
         FROM ours
         JOIN pg_attribute AS a ON a.attrelid = ours.oid
         WHERE a.attname IN ('user_id', 'owner_id', 'admin_id', 'member_id') AND a.attnum > 0
             AND NOT a.attisdropped
             -- What was written down of somebody outlives them.
             AND ours.relname <> 'audit_log'
             AND NOT EXISTS (
                 SELECT FROM pg_constraint AS f
                 JOIN owned ON owned.oid = f.confrelid
                 WHERE f.conrelid = ours.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
             )
         UNION ALL
         SELECT format('%s refers out of the schema', conname)
         FROM pg_constraint AS f
         JOIN ours ON ours.oid = f.conrelid
         WHERE f.contype = 'f' AND f.confrelid NOT IN (SELECT oid FROM ours)
         UNION ALL
         SELECT format('%s.%s asks %s', ours.relname, p.polname, asked[1])
         FROM ours
         JOIN pg_policy AS p ON p.polrelid = ours.oid
         CROSS JOIN LATERAL regexp_matches(
             concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
             '(\\mauth\\.\\w+|\\mjwt\\w*|\\m(?:session|current)_user\\M|current_setting\\(''(?!app\\.)\\w+)', 'g'
         ) AS asked
         UNION ALL
         SELECT format('%s has a password too', c.relname)
         FROM pg_attribute AS a
         JOIN ours AS c ON c.oid = a.attrelid
         WHERE a.attname ~ 'password|email' AND NOT a.attisdropped AND c.relname <> 'user_credentials'
         ORDER BY 1",
    );
    Ok(strays.fetch_all(connection).await?)
}

///
#[tokio::test]
async fn no_foreign_key_or_policy_knows_of_a_second_table_of_people() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    assert_eq!(second_stores(&mut connection).await.unwrap(), owned(&[]));

    for statement in [
        "CREATE SCHEMA auth",
        "CREATE TABLE auth.users (id uuid PRIMARY KEY)",
        "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql RETURN NULL::uuid",
        "CREATE TABLE chats (
             user_id uuid NOT NULL, CONSTRAINT chats_auth_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id)
         )",
        "CREATE POLICY own_rows ON chats USING (user_id = auth.uid())",
        "CREATE TABLE members (id uuid PRIMARY KEY, email text)",
    ] {
        connection.execute(statement).await.unwrap();
    }
    let found = second_stores(&mut connection).await.unwrap();
    assert_eq!(
        found,
        owned(&[
            "chats.own_rows asks auth.uid",
            "chats.user_id leads to no user",
            "chats_auth_fkey refers out of the schema",
            "members has a password too"
        ])
    );
}

/// whoever answers users looks whether they may come in, and finds another issuer's.
#[tokio::test]
async fn every_function_that_answers_users_may_look_them_up() {
    let template =
        local::template::Template::parse(&crate::read("template.yaml").unwrap()).unwrap();
    let answering = template.functions.iter().filter(|f| !f.routes.is_empty());
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let mut count = 0;
    for function in answering {
        let url = format!("{:?}", function.environment["DATABASE_URL"]);
        let role = ROLES
            .into_iter()
            .find(|role| url.contains(&format!("{role}:")));
        let role = role.unwrap_or_else(|| panic!("{}: {url}", function.name));
        for table in ["users", "external_identities"] {
            let may: bool = sqlx::query_scalar("SELECT has_table_privilege($1, $2, 'SELECT')")
                .bind(role)
                .bind(table)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert!(may, "{} as {role} reads {table}", function.name);
        }
        count += 1;
    }
    assert!(count > 6, "{count}");
}
