//! Row-level security: PostgreSQL itself shows nobody another athlete's row.

use local::cloud::Start;
use sha2::Digest;
use sqlx::PgConnection;
use support::world;
use support::world::World;

const TABLES: [&str; 21] = [
    "users",
    "athletes",
    "athlete_thresholds",
    "connections",
    "planned_workouts",
    "workouts",
    "recordings",
    "stage_runs",
    "early_deletions",
    "authorisations",
    "erasure_receipts",
    "backfills",
    "programs",
    "workout_logs",
    "workout_log_exercises",
    "coach_permissions",
    "user_credentials",
    "external_identities",
    "token_families",
    "refresh_tokens",
    "memberships",
];

async fn count(sql: &mut PgConnection, table: &str) -> Option<i64> {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_as(query)
        .fetch_one(sql)
        .await
        .ok()
        .map(|(count,): (i64,)| count)
}

async fn with_one_of_everything() -> World {
    let world = world!(Start::Paused);
    world.create_plan(&world.plan(600)).await;
    world.deliver(&world.run("a", 600)).await;
    let early = serde_json::json!({
        "event": "delete",
        "athlete": world.endpoint().athlete,
        "activity_id": "never seen",
        "occurred_at": "2026-11-20T08:00:00Z",
    });
    world.deliver(&early).await;
    let profile = r#"{"thresholds": [{"valid_from": "2026-01-01", "ftp_w": 250}]}"#;
    let put = world.send(reqwest::Method::PUT, "/athlete", profile).await;
    assert_eq!(put.status, 200);
    for statement in [
        "INSERT INTO authorisations (user_id, provider, state_sha256, expires_at)
             SELECT id, 'strava', sha256('a state'), now() FROM users",
        "INSERT INTO backfills (
                 connection_id, user_id, provider, since, until, next_page, is_listed, found
             )
             SELECT id, user_id, provider, now(), now(), 1, false, 0 FROM connections",
        "INSERT INTO user_credentials (user_id, email, password_hash)
             SELECT id, 'ada@example.org', '$argon2id$x' FROM users",
        "INSERT INTO external_identities (issuer, subject, user_id)
             SELECT 'https://issuer.test', 'ada', id FROM users",
        "WITH family AS (
                 INSERT INTO token_families (id, user_id, is_admins, expires_at)
                 SELECT gen_random_uuid(), id, false, now() FROM users RETURNING id, user_id
             )
             INSERT INTO refresh_tokens (token_sha256, family_id, user_id, expires_at)
             SELECT sha256('a token'), id, user_id, now() FROM family",
        "WITH club AS (
                 INSERT INTO communities (id, name) VALUES (gen_random_uuid(), 'A club') RETURNING id
             )
             INSERT INTO memberships (user_id, community_id) SELECT u.id, club.id FROM users AS u, club",
        "INSERT INTO erasure_receipts (id, user_id, provider, why, erased)
             SELECT gen_random_uuid(), id, 'strava', 'athlete_asked', '{}' FROM users",
        "INSERT INTO programs (id, user_id, name, weeks, days)
             SELECT gen_random_uuid(), id, 'x', 1, 1 FROM users",
        "INSERT INTO workout_logs (id, user_id, name, date, weight_unit)
             SELECT gen_random_uuid(), id, 'x', '2026-01-01', 'kg' FROM users",
        "INSERT INTO workout_log_exercises (
                 log_id, id, user_id, exercise_id, order_index, sets, reps, weights, completed
             )
             SELECT l.id, gen_random_uuid(), l.user_id, e.id, 0, 1, '{5}', '{60}', '{true}'
             FROM workout_logs AS l, (SELECT id FROM exercises LIMIT 1) AS e",
        "WITH coach AS (
                 INSERT INTO users (id, display_name) VALUES (gen_random_uuid(), 'a coach') RETURNING id
             )
             INSERT INTO coach_permissions (user_id, coach_id)
             SELECT l.user_id, coach.id FROM workout_logs AS l, coach",
    ] {
        let mut sql = world.sql().await;
        let written = sqlx::query(statement).execute(&mut sql).await;
        assert!(written.is_ok(), "{written:?}");
    }
    world
}

/// A-13, A-14
#[tokio::test]
async fn without_a_user_no_function_sees_a_row_and_with_one_only_that_users() {
    let world = with_one_of_everything().await;
    let mine = world.endpoint().user_id.clone();
    let stranger = uuid::Uuid::new_v4().to_string();

    for role in [
        "paceline_ingest",
        "paceline_plan",
        "paceline_stages",
        "paceline_read",
        "paceline_connect",
        "paceline_log",
        "paceline_identity",
        "paceline_community",
    ] {
        let mut sql = world.database().connect_as(role).await;
        let mut seen = 0;
        for table in TABLES {
            for (user, expected) in [("", 0), (stranger.as_str(), 0), (mine.as_str(), 1)] {
                sqlx::query("SELECT set_config('app.user_id', $1, false)")
                    .bind(user)
                    .execute(&mut sql)
                    .await
                    .unwrap();
                // None: the role has no right to the table at all.
                let Some(rows) = count(&mut sql, table).await else {
                    continue;
                };
                let expected = if table == "stage_runs" {
                    expected * 3
                } else {
                    expected
                };
                assert_eq!(rows, expected, "{role} as {user:?} reads {table}");
                seen += rows;
            }
        }
        assert!(seen > 0, "{role} sees its own user's rows");
    }
    world.stop().await;
}

/// A-13: a browser comes back with nothing but a state.
#[tokio::test]
async fn a_state_shows_the_row_that_it_is_of_and_no_other() {
    let world = with_one_of_everything().await;
    let mut sql = world.database().connect_as("paceline_connect").await;
    let state = sha2::Sha256::digest(b"a state");
    let hex: String = state.iter().map(|byte| format!("{byte:02x}")).collect();
    for (named, expected) in [("", 0), ("00", 0), (hex.as_str(), 1)] {
        sqlx::query("SELECT set_config('app.state', $1, false)")
            .bind(named)
            .execute(&mut sql)
            .await
            .unwrap();
        assert_eq!(count(&mut sql, "authorisations").await, Some(expected));
        assert_eq!(count(&mut sql, "connections").await, Some(0));
        let taken = sqlx::query("DELETE FROM authorisations")
            .execute(&mut sql)
            .await
            .unwrap();
        assert_eq!(taken.rows_affected(), 0, "it is seen, and no more");
    }
    world.stop().await;
}

/// A-14
#[tokio::test]
async fn a_transactions_user_is_gone_with_its_commit() {
    let world = with_one_of_everything().await;
    let mut sql = world.database().connect_as("paceline_read").await;

    for statement in ["BEGIN", "COMMIT"] {
        sqlx::query(statement).execute(&mut sql).await.unwrap();
        if statement == "BEGIN" {
            sqlx::query("SELECT set_config('app.user_id', $1, true)")
                .bind(&world.endpoint().user_id)
                .execute(&mut sql)
                .await
                .unwrap();
            assert_eq!(count(&mut sql, "workouts").await, Some(1));
        }
    }

    assert_eq!(count(&mut sql, "workouts").await, Some(0));
    world.stop().await;
}

/// A-13: the sweep looks at every user's runs, and at nothing else.
#[tokio::test]
async fn the_sweep_sees_the_ledger_and_no_other_table() {
    let world = with_one_of_everything().await;
    let mut sql = world.database().connect_as("paceline_sweep").await;

    for table in TABLES {
        let expected = (table == "stage_runs").then_some(3);
        assert_eq!(count(&mut sql, table).await, expected, "{table}");
    }
    world.stop().await;
}
