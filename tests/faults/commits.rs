//! Commits of which nobody knows: the wire to PostgreSQL is cut while the answer is awaited.

use crate::records::{doorbell, invoke, record};
use domain::id::WorkoutId;
use domain::stage::StageName;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::database::Database;
use support::proxy::{Cut, Proxy};
use support::world::World;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_paceline-under-test");

async fn world() -> (World, Proxy) {
    let database = Database::migrated(EXECUTABLE).await;
    let proxy = Proxy::start(&database).await;
    let world = World::start_on(EXECUTABLE, Start::Paused, database, proxy.parameters()).await;
    (world, proxy)
}

/// P-03, P-05: the provider hears 503, says it again, and it is there once.
#[tokio::test]
async fn a_delivery_whose_commit_is_not_known_of_is_said_again_and_counts_once() {
    for (cut, stored, outcome) in [
        (Cut::BeforeCommit, 0, "created"),
        (Cut::AfterCommit, 1, "duplicate"),
    ] {
        let (world, proxy) = world().await;
        let body = world.run("a", 600);
        let count = async || {
            world
                .rows(
                    "SELECT jsonb_build_array((SELECT count(*) FROM workouts),
                         (SELECT count(*) FROM recordings), (SELECT count(*) FROM deliveries))",
                )
                .await
        };

        proxy.cut(cut, "INSERT INTO deliveries");
        let unknown = world.deliver_as("msg_1", &body).await;
        assert!(proxy.is_cut(), "{cut:?}");
        assert_eq!(
            (unknown.status, unknown.code()),
            (503, "unavailable"),
            "{cut:?}"
        );
        assert_eq!(count().await, [json!([stored, stored, stored])], "{cut:?}");

        let again = world.deliver_as("msg_1", &body).await;
        assert_eq!(
            (again.status, &again.body["outcome"]),
            (200, &json!(outcome)),
            "{cut:?}"
        );
        assert_eq!(count().await, [json!([1, 1, 1])], "{cut:?}");
        // Nobody rang for what was committed without a word.
        world.let_time_pass().await;
        world.sweep().await;
        world.settle().await;
        let ends = world
            .rows("SELECT jsonb_build_array(status, wanted, done, attempt) FROM stage_runs")
            .await;
        let once = json!(["complete", 1, 1, 1]);
        assert_eq!(ends, [once.clone(), once.clone(), once], "{cut:?}");
        world.assert_quiet().await;
        world.stop().await;
    }
}

/// One stage's run: how it stands, and the bytes of its result.
async fn run_of(world: &World, stage: StageName) -> Value {
    let (run,): (Value,) = sqlx::query_as(
        "SELECT jsonb_build_array(status, wanted, done, attempt, result::text)
         FROM stage_runs WHERE stage = $1",
    )
    .bind(stage.as_str())
    .fetch_one(&mut world.sql().await)
    .await
    .unwrap();
    run
}

/// Rings once for a stage and answers whether the doorbell was answered.
async fn ring(world: &World, workout: WorkoutId, stage: StageName) -> bool {
    let function = match stage {
        StageName::Summary => "compute-summary",
        StageName::Analysis => "compute-analysis",
        StageName::Metrics => "calculate-metrics",
        StageName::Fetch => "fetch-activity",
    };
    let batch = [record("1", &doorbell(world, workout, stage.as_str()))];
    invoke(world, function, &batch).await == Ok(Vec::new())
}

/// P-29, P-32: a finish of which nobody knows is not taken back, and at most made once more.
#[tokio::test]
async fn a_finish_that_is_not_known_of_ends_complete_with_the_same_bytes() {
    let (world, proxy) = world().await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut generation = 1;
    for stage in StageName::COMPUTING {
        assert!(ring(&world, workout, stage).await);
    }
    for stage in StageName::COMPUTING {
        let result = run_of(&world, stage).await[4].clone();
        assert!(result.is_string());
        for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
            let case = format!("{stage}, {cut:?}");
            let path = format!("/workouts/{workout}/reanalyse");
            assert_eq!(world.send(Method::POST, &path, "").await.status, 202);
            generation += 1;

            proxy.cut(cut, "merge_computed");
            assert!(!ring(&world, workout, stage).await, "{case}");
            assert!(proxy.is_cut(), "{case}");
            let after = match cut {
                Cut::BeforeCommit => json!(["pending", generation, generation - 1, 1, result]),
                Cut::AfterCommit => json!(["complete", generation, generation, 1, result]),
            };
            assert_eq!(run_of(&world, stage).await, after, "{case}");

            for stage in StageName::COMPUTING {
                assert!(ring(&world, workout, stage).await, "{case}");
            }
            let attempts = if cut == Cut::BeforeCommit { 2 } else { 1 };
            let end = json!(["complete", generation, generation, attempts, result]);
            assert_eq!(run_of(&world, stage).await, end, "{case}");
        }
    }
    world.assert_quiet().await;
    world.stop().await;
}
