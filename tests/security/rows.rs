//! Row-level security: PostgreSQL itself shows nobody another athlete's row.

use local::cloud::Start;
use sqlx::PgConnection;
use support::world;
use support::world::World;

const TABLES: [&str; 9] = [
    "users",
    "athletes",
    "athlete_thresholds",
    "connections",
    "planned_workouts",
    "workouts",
    "recordings",
    "stage_runs",
    "early_deletions",
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
