//! Migrations: every step back is exact, and everything that they name was named on purpose.

use crate::{LAUNCHER, Outcome, files};
use sqlx::PgConnection;
use std::collections::BTreeSet;
use store::MIGRATIONS;
use support::database::Database;

async fn catalogue(connection: &mut PgConnection) -> Outcome<Vec<String>> {
    Ok(sqlx::query_scalar(include_str!("catalogue.sql"))
        .fetch_all(connection)
        .await?)
}

/// What only one of two catalogues says, marked with which one.
fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let only = |these: &[String], those: &[String], mark: char| -> Vec<String> {
        let only = these.iter().filter(|line| !those.contains(line));
        only.map(|line| format!("{mark} {line}")).collect()
    };
    [only(before, after, '-'), only(after, before, '+')].concat()
}

fn versions() -> Vec<i64> {
    let up = MIGRATIONS
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration());
    up.map(|migration| migration.version).collect()
}

#[test]
fn migrations_come_in_pairs_and_count_without_a_gap() {
    let names = files("migrations", "sql").unwrap();
    let ups: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".up.sql"))
        .collect();
    let downs: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".down.sql"))
        .collect();

    assert_eq!(ups, downs);
    assert_eq!(ups.len() * 2, names.len());
    for (index, (name, version)) in ups.iter().zip(versions()).enumerate() {
        let number = i64::try_from(index).unwrap() + 1;
        assert_eq!(version, number);
        assert!(
            name.starts_with(&format!("migrations/{number:04}_")),
            "{name}"
        );
        let verb = name.split('_').nth(1).unwrap();
        assert!(
            ["create", "add", "drop", "rename", "backfill", "change"].contains(&verb),
            "{name}"
        );
    }
}

#[test]
fn every_migration_says_why_and_waits_for_no_lock_for_long() {
    for name in files("migrations", "sql").unwrap() {
        let text = crate::read(&name).unwrap();
        let outside = text.starts_with("-- no-transaction");
        assert!(
            outside || text.contains("SET LOCAL lock_timeout = '2s';"),
            "{name}"
        );
        if name.ends_with(".up.sql") {
            let comment = text
                .lines()
                .find(|line| *line != "-- no-transaction")
                .unwrap();
            assert!(comment.starts_with("-- Why: "), "{name}");
        }
    }
}

/// One walk for all steps, on a server of its own: roles belong to the whole of it.
#[tokio::test]
async fn every_migration_up_down_up_leaves_the_catalogue_as_it_was() {
    let database = Database::empty(LAUNCHER).await;
    let mut connection = database.connect().await;
    let versions = versions();
    let mut states = vec![catalogue(&mut connection).await.unwrap()];

    for (index, version) in versions.iter().enumerate() {
        MIGRATIONS.run_to(*version, &mut connection).await.unwrap();
        let up = catalogue(&mut connection).await.unwrap();
        assert_ne!(up, states[index], "migration {version} did nothing");

        MIGRATIONS.undo(&mut connection, version - 1).await.unwrap();
        let down = catalogue(&mut connection).await.unwrap();
        assert_eq!(
            difference(&states[index], &down),
            Vec::<String>::new(),
            "{version} down"
        );

        MIGRATIONS.run_to(*version, &mut connection).await.unwrap();
        let again = catalogue(&mut connection).await.unwrap();
        assert_eq!(
            difference(&up, &again),
            Vec::<String>::new(),
            "{version} up again"
        );
        states.push(up);
    }

    MIGRATIONS.undo(&mut connection, 0).await.unwrap();
    let bottom = catalogue(&mut connection).await.unwrap();
    assert_eq!(
        difference(&states[0], &bottom),
        Vec::<String>::new(),
        "all the way down"
    );
    MIGRATIONS.run(&mut connection).await.unwrap();
    let top = catalogue(&mut connection).await.unwrap();
    assert_eq!(
        difference(&states[versions.len()], &top),
        Vec::<String>::new(),
        "all the way up"
    );
}

/// Of what is there already, nobody noted when it was told; it must not look newer than it is.
#[tokio::test]
async fn what_is_there_before_ages_are_kept_is_as_old_as_what_is_known_of_it() {
    let database = Database::empty(LAUNCHER).await;
    let mut connection = database.connect().await;
    MIGRATIONS.run_to(17, &mut connection).await.unwrap();
    let fill = "WITH athlete AS (
             INSERT INTO users (id, display_name) VALUES (gen_random_uuid(), 'a') RETURNING id
         )
         INSERT INTO workouts (id, user_id, provider, provider_activity_id, sport, started_at,
             local_date, partial, plan_decision, generation, content_sha256, provider_time,
             created_at)
         SELECT gen_random_uuid(), athlete.id, 'strava', told.activity, 'run', now(), now()::date,
             false, '{\"reason\": \"no_plan\"}', 1, '', now() - told.days * interval '1 day',
             now() - interval '9 days'
         FROM athlete, (VALUES ('asked', 3), ('brought', NULL), ('wrong clock', -2))
             AS told (activity, days)";
    sqlx::query(fill).execute(&mut connection).await.unwrap();

    MIGRATIONS.run(&mut connection).await.unwrap();

    let days: Vec<(String, i32)> = sqlx::query_as(
        "SELECT provider_activity_id, extract(day FROM clock_timestamp() - told_at)::integer
         FROM workouts ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let days: Vec<(&str, i32)> = days.iter().map(|(a, days)| (a.as_str(), *days)).collect();
    assert_eq!(days, [("asked", 3), ("brought", 9), ("wrong clock", 0)]);
}

/// PostgreSQL names NOT NULL by itself from version 18 on, and nothing maps those.
#[tokio::test]
async fn every_constraint_and_index_has_the_name_that_a_migration_gave_it() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let mut named = BTreeSet::new();
    for name in files("migrations", "sql").unwrap() {
        let text = crate::read(&name).unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        let pairs = words
            .windows(2)
            .filter(|pair| ["CONSTRAINT", "INDEX", "CONCURRENTLY"].contains(&pair[0]));
        named.extend(pairs.map(|pair| pair[1].to_owned()));
    }

    let constraints: Vec<(String, String)> = sqlx::query_as(
        "SELECT conrelid::regclass::text, conname::text
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
            AND conrelid <> coalesce(to_regclass('_sqlx_migrations'), 0)
            AND contype <> 'n'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(constraints.len() > 30, "{constraints:?}");
    for (table, name) in constraints {
        assert!(
            named.contains(&name),
            "{table}: {name} is a name that nobody chose"
        );
        let generated = name
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .ends_with("_check");
        assert!(!generated, "{table}: {name} says nothing");
    }

    let indexes: Vec<(String, bool)> = sqlx::query_as(
        "SELECT c.relname::text, i.indisunique AND i.indpred IS NULL AND k.oid IS NULL
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        LEFT JOIN pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for (name, is_bare) in indexes {
        assert!(named.contains(&name), "{name} is a name that nobody chose");
        assert!(
            !is_bare,
            "{name} makes something unique and is no constraint"
        );
    }
}
