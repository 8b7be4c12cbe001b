//! The stages: each its own status, every result that of the newest input.

use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::World;

async fn stage_rows(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_object('stage', stage, 'status', status, 'wanted', wanted,
                 'done', done, 'updated_at', updated_at)
             FROM stage_runs ORDER BY stage",
        )
        .await
}

/// P-24
#[tokio::test]
async fn each_stage_has_its_own_status_and_time_and_no_stage_moves_anothers() {
    let world = world!(Start::Paused);
    world.deliver(&world.run("a", 600)).await;
    let before = stage_rows(&world).await;

    // Only the metrics queue is let through.
    for mapping in world.cloud().mappings() {
        if mapping.settings().function == "calculate-metrics" {
            mapping.resume();
        }
    }
    let path = "SELECT to_jsonb(status) FROM stage_runs WHERE stage = 'metrics'";
    let mut asked = 0;
    while world.rows(path).await != [json!("complete")] {
        asked += 1;
        assert!(asked < 5000, "the metrics stage does not finish");
    }

    let after = stage_rows(&world).await;
    for (before, after) in before.iter().zip(&after) {
        if before["stage"] == "metrics" {
            assert_eq!(
                (&after["status"], &after["done"]),
                (&json!("complete"), &json!(1))
            );
            assert_ne!(before["updated_at"], after["updated_at"]);
        } else {
            assert_eq!(before, after);
        }
    }
    world.stop().await;
}

/// P-32
#[tokio::test]
async fn computing_again_gives_equal_bytes_and_counts_as_one_generation() {
    let world = world!(Start::Running);
    let ride = support::oracle::bytes("ride_power_edge1000.fit").unwrap();
    for reported in [
        world.deliver(&world.run("a", 600)).await,
        world.send(Method::POST, "/activities", ride).await,
    ] {
        let path = format!("/workouts/{}", reported.workout_id());
        world.settle().await;
        let before = world.get(&path).await;

        let answer = world
            .send(Method::POST, &format!("{path}/reanalyse"), "")
            .await;
        world.settle().await;

        assert_eq!(answer.status, 202);
        let after = world.get(&path).await;
        assert_eq!(after["generation"], 2);
        assert_eq!(
            after["computed"].to_string(),
            before["computed"].to_string()
        );
    }
    world.stop().await;
}

/// P-70
#[tokio::test]
async fn a_reanalysis_clicked_many_times_at_once_runs_once() {
    let world = world!(Start::Running);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.settle().await;
    world.cloud().pause_mappings().await;

    let path = format!("/workouts/{workout}/reanalyse");
    let clicks = (0..20).map(|_| world.send(Method::POST, &path, ""));
    let answers = futures_util::future::join_all(clicks).await;

    assert!(answers.iter().all(|answer| answer.status == 202));
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["generation"], 2);
    world.settle().await;
    world.stop().await;
}

/// When the summary last moved, and at which attempt, in the ledger's own words.
async fn moved(world: &World) -> (Value, Value) {
    let query = "SELECT jsonb_build_array(updated_at, attempt, error IS NOT NULL, last_error)
         FROM stage_runs WHERE stage = 'summary'";
    let row = world.rows(query).await.swap_remove(0);
    assert_eq!(row[2], json!(row[3].is_string()), "{row}");
    (row[0].clone(), row[1].clone())
}

/// P-23: what cannot be computed fails by code, and the next success clears it.
#[tokio::test]
async fn a_stage_that_fails_says_why_and_is_revived_by_a_reanalysis() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut sql = world.sql().await;
    // A damaged row: no stage can read it.
    let (columns,): (Vec<u8>,) = sqlx::query_as("SELECT columns FROM recordings")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    sqlx::query("UPDATE recordings SET columns = 'x'")
        .execute(&mut sql)
        .await
        .unwrap();
    let (before, attempt) = moved(&world).await;
    assert_eq!(attempt, 0);
    world.settle().await;

    let (then, attempt) = moved(&world).await;
    assert_ne!(then, before);
    assert_eq!(attempt, 1);
    let failed = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(failed["summary_status"], "failed");
    assert!(
        failed["summary_error"]
            .as_str()
            .unwrap()
            .starts_with("unreadable: ")
    );

    sqlx::query("UPDATE recordings SET columns = $1")
        .bind(columns)
        .execute(&mut sql)
        .await
        .unwrap();
    world
        .send(Method::POST, &format!("/workouts/{workout}/reanalyse"), "")
        .await;
    world.settle().await;
    assert_ne!(moved(&world).await.0, then);
    let revived = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(
        (&revived["summary_status"], &revived["summary_error"]),
        (&json!("complete"), &Value::Null)
    );
    world.stop().await;
}
