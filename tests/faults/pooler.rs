//! A transaction pooler between the functions and PostgreSQL, one server connection for each role.

use domain::id::UserId;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use std::time::Duration;
use store::{DatabaseSettings, Store, workouts};
use support::database::Database;
use support::pooler::Pooler;
use support::world::{Answer, World};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_paceline-under-test");

async fn world() -> (World, Pooler) {
    let database = Database::migrated(EXECUTABLE).await;
    let pooler = Pooler::start(&database, 1).await;
    let world = World::start_on(EXECUTABLE, Start::Running, database, pooler.parameters()).await;
    (world, pooler)
}

/// Delivers until it is accepted: an upload that is read may hold the one connection for a while.
async fn deliver(world: &World, body: &Value) -> Answer {
    for _ in 0..50 {
        let answer = world.deliver(body).await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("never accepted: {body}");
}

/// Everything that functions say to PostgreSQL passes: deliveries, uploads, plans, stages, reads.
#[tokio::test]
async fn the_whole_pipeline_works_behind_a_transaction_pooler() {
    let (world, _pooler) = world().await;
    let planned = world.create_plan(&world.plan(600)).await;
    let thresholds = r#"{"thresholds": [{"valid_from": "2026-01-01", "ftp_w": 250}]}"#;
    let profile = world.send(Method::PUT, "/athlete", thresholds).await;
    assert_eq!(profile.status, 200);
    let file = support::oracle::bytes("ride_power_edge1000.fit").unwrap();

    // Many at once, so that the clients of a role take turns on its one connection.
    let deliveries = join_all((0..20).map(|nth| {
        let world = &world;
        async move { deliver(world, &world.run(&format!("run-{nth}"), 600)).await }
    }));
    let (delivered, uploaded) =
        tokio::join!(deliveries, world.send(Method::POST, "/activities", file));
    assert_eq!(uploaded.status, 202, "{uploaded:?}");
    for answer in &delivered {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    world.settle().await;
    let mut edit = world.run("run-0", 660);
    edit["event"] = "update".into();
    edit["occurred_at"] = "2026-11-20T09:00:00Z".into();
    assert_eq!(deliver(&world, &edit).await.body["outcome"], "changed");
    let mut deletion = world.run("run-1", 600);
    deletion["event"] = "delete".into();
    deletion["occurred_at"] = "2026-11-20T09:00:00Z".into();
    assert_eq!(deliver(&world, &deletion).await.body["outcome"], "deleted");
    let plan = world.plan(700).to_string();
    let changed = world
        .send(Method::PUT, &format!("/planned-workouts/{planned}"), plan)
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    world.settle().await;

    let ride = format!("/workouts/{}", uploaded.workout_id());
    let ride = world.get(&ride).await;
    assert_eq!(ride["metrics_status"], "complete");
    assert!(ride["computed"]["overall"]["distance_m"].as_f64().unwrap() > 57_000.0);
    let ended = world
        .rows(
            "SELECT jsonb_build_array(count(*), count(*) FILTER (WHERE status = 'complete'))
             FROM stage_runs",
        )
        .await;
    assert_eq!(ended, [json!([60, 60])], "20 runs and a ride, less one");
    world.assert_quiet().await;
    world.stop().await;
}

/// A sign of life is no transaction, so nothing may hang on two of its messages meeting one session.
#[tokio::test]
async fn a_sign_of_life_is_not_mixed_up_with_what_others_say() {
    let (world, _pooler) = world().await;
    let asking = (0..400).map(|nth| {
        let path = if nth % 2 == 0 { "/health" } else { "/workouts" };
        let world = &world;
        async move { (path, world.send(Method::GET, path, "").await) }
    });
    // Enough to meet each other, and few enough that nobody waits too long for a session.
    let answers: Vec<_> = stream::iter(asking).buffer_unordered(16).collect().await;

    for (path, answer) in answers {
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    world.stop().await;
}

/// What one client of the pooler sees on the shared connection: its backend, its user, its rows.
async fn look(sql: &mut PgConnection) -> (Value, Value, Value) {
    let (seen,): (Value,) = sqlx::query_as(
        "SELECT jsonb_build_array(pg_backend_pid(), current_setting('app.user_id', true),
             (SELECT count(*) FROM workouts))",
    )
    .persistent(false)
    .fetch_one(sql)
    .await
    .unwrap();
    (seen[0].clone(), seen[1].clone(), seen[2].clone())
}

async fn set_user(sql: &mut PgConnection, user: &str, only_here: bool) {
    sqlx::query("SELECT set_config('app.user_id', $1, $2)")
        .bind(user)
        .bind(only_here)
        .persistent(false)
        .execute(sql)
        .await
        .unwrap();
}

/// A-14: the user belongs to the transaction, so the next one on that connection is nobody's.
#[tokio::test]
async fn a_user_never_leaks_into_the_next_transaction_on_one_connection() {
    let (world, pooler) = world().await;
    world.deliver(&world.run("a", 600)).await;
    world.settle().await;
    let user = UserId(world.endpoint().user_id.parse().unwrap());
    let url = pooler.url_as("paceline_plan");
    let store = Store::new(&DatabaseSettings {
        url: url.clone(),
        pooler: store::Pooler::Transaction,
        acquire: Duration::from_secs(5),
        statement: Duration::from_secs(5),
        lock: Duration::from_secs(5),
    })
    .unwrap();
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.statement_cache_capacity(0);
    let mut stranger = options.connect().await.unwrap();
    let (backend, ..) = look(&mut stranger).await;

    for ends in ["commit", "rollback", "nothing said"] {
        let mut tx = store.begin(user).await.unwrap();
        assert_eq!(workouts::list_dates(&mut tx, user).await.unwrap().len(), 1);
        match ends {
            "commit" => tx.commit().await.unwrap(),
            "rollback" => tx.rollback().await.unwrap(),
            _ => drop(tx),
        }
        let (shared, seen, rows) = look(&mut stranger).await;
        assert_eq!(shared, backend, "{ends}: the two share one connection");
        assert_eq!((seen, rows), (json!(""), json!(0)), "after {ends}");
    }

    // What the functions must never do is seen by this test: a session's setting does leak.
    let mut careless = options.connect().await.unwrap();
    set_user(&mut careless, &user.to_string(), false).await;
    let (shared, _, rows) = look(&mut stranger).await;
    assert_eq!((shared, rows), (backend, json!(1)));
    set_user(&mut careless, "", false).await;
    world.stop().await;
}
