//! A function that dies at a named point, once.

use crate::records::{doorbell, invoke, record};
use local::cloud::Start;
use local::invoke::InvokeError;
use serde_json::json;
use support::world;

/// P-22, P-29, P-75: whichever point a stage dies at, the sweep brings it to its end.
#[tokio::test]
async fn a_stage_that_dies_at_any_point_is_rescued_and_completes() {
    let world = world!(Start::Paused);
    let points = [
        "after_claim",
        "after_lock",
        "after_load",
        "after_compute",
        "before_finish_commit",
        "after_finish_commit",
    ];
    for point in points {
        world.charge(point);
        let workout = world.deliver(&world.run(point, 600)).await.workout_id();

        world.cloud().resume_mappings();
        let mut asked = 0;
        while !world.went_off(point) {
            assert!(asked < 5000, "no stage reaches {point}");
            asked += 1;
            world.rows("SELECT to_jsonb(1)").await;
        }
        world.cloud().pause_mappings().await;
        world.let_time_pass().await;
        world.sweep().await;
        world.settle().await;
        world.cloud().pause_mappings().await;

        let status = world.get(&format!("/workouts/{workout}/status")).await;
        for stage in ["summary", "analysis", "metrics"] {
            assert_eq!(
                status[format!("{stage}_status")],
                "complete",
                "{point}: {status}"
            );
        }
    }
    let locks = world
        .rows(
            "SELECT to_jsonb(count(*)) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
             WHERE l.locktype = 'advisory' AND d.datname = current_database()",
        )
        .await;
    assert_eq!(locks, [json!(0)]);
    world.stop().await;
}

/// P-03: what was answered 200 is durable; what was not may be sent again.
#[tokio::test]
async fn ingest_that_dies_around_its_commit_loses_nothing_and_doubles_nothing() {
    let world = world!(Start::Paused);
    for (point, stored) in [("before_commit", 0), ("after_commit", 1), ("after_ring", 1)] {
        world.charge(point);
        let body = world.run(point, 600);

        let first = world.deliver_as(point, &body).await;
        assert_eq!(
            first.status, 500,
            "{point}: the gateway's own answer to a crash"
        );
        let rows = world
            .rows("SELECT to_jsonb(provider_activity_id) FROM workouts")
            .await;
        assert_eq!(
            rows.iter().filter(|row| **row == json!(point)).count(),
            stored,
            "{point}"
        );

        let second = world.deliver_as(point, &body).await;
        let expected = if stored == 0 { "created" } else { "duplicate" };
        assert_eq!(
            (second.status, second.body["outcome"].as_str()),
            (200, Some(expected))
        );
    }
    world.let_time_pass().await;
    world.settle().await;
    let (workouts, done) = (
        world.rows("SELECT to_jsonb(count(*)) FROM workouts").await,
        world
            .rows("SELECT to_jsonb(count(*)) FROM stage_runs WHERE status = 'complete'")
            .await,
    );
    assert_eq!((workouts, done), (vec![json!(3)], vec![json!(9)]));
    world.stop().await;
}

/// P-26, P-29: a run whose worker died on its last attempt is failed, alone, and can be revived.
#[tokio::test]
async fn a_run_that_spent_its_attempts_fails_alone_and_a_reanalysis_revives_it() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    // Somebody died on the last attempt, and its deadline has passed.
    sqlx::query(
        "UPDATE stage_runs SET status = 'processing', claim_token = gen_random_uuid(),
             claim_expires_at = now() - interval '1 second', attempt = 5
         WHERE stage = 'metrics'",
    )
    .execute(&mut world.sql().await)
    .await
    .unwrap();

    let swept = world.sweep().await;

    assert_eq!(swept["rescued"], 1);
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["metrics_status"], "failed");
    assert!(
        status["metrics_error"]
            .as_str()
            .unwrap()
            .starts_with("gave_up: ")
    );
    world.settle().await;
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["summary_status"], "complete");
    assert_eq!(status["analysis_status"], "complete");
    assert_eq!(status["metrics_status"], "failed");

    let path = format!("/workouts/{workout}/reanalyse");
    world.send(reqwest::Method::POST, &path, "").await;
    world.settle().await;
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["metrics_status"], "complete");
    world.stop().await;
}

/// A charge may be meant for one stage; it dies as by a power cut, and the others do not notice.
#[tokio::test]
async fn a_charge_for_one_stage_kills_that_stage_alone_and_by_sigkill() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.charge("analysis.after_claim");
    let batch = |stage: &str| [record("1", &doorbell(&world, workout, stage))];

    let summary = invoke(&world, "compute-summary", &batch("summary")).await;
    let died = invoke(&world, "compute-analysis", &batch("analysis")).await;

    assert_eq!(summary, Ok(Vec::new()));
    assert!(world.went_off("analysis.after_claim"));
    let Err(InvokeError::Exited { status, .. }) = died else {
        panic!("{died:?}")
    };
    assert!(status.contains("SIGKILL"), "{status}");
    let states = world
        .rows("SELECT to_jsonb(status) FROM stage_runs ORDER BY stage")
        .await;
    assert_eq!(states, ["processing", "pending", "complete"]);
    world.let_time_pass().await;
    world.settle().await;
    assert_eq!(
        world
            .stage(workout, domain::stage::StageName::Analysis)
            .await,
        "complete"
    );
    world.stop().await;
}
