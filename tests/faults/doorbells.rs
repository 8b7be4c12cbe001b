//! Doorbells lost, doubled and refused: they cost time, never truth.

use crate::records::{doorbell, invoke, record};
use local::cloud::Start;
use local::log::LogSink;
use local::queue::Faults;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use support::world;
use support::world::World;

const QUEUES: [&str; 3] = ["SummaryQueue", "AnalysisQueue", "MetricsQueue"];

fn set_faults(world: &World, faults: Faults) {
    for queue in QUEUES {
        world
            .cloud()
            .queue(queue)
            .unwrap()
            .set_faults(faults.clone());
    }
}

fn waiting(world: &World) -> usize {
    QUEUES
        .iter()
        .map(|queue| world.cloud().queue(queue).unwrap().depth().total())
        .sum()
}

/// P-04
#[tokio::test]
async fn a_webhook_is_accepted_while_sqs_refuses_and_the_sweep_rings_later() {
    let world = world!(Start::Paused);
    set_faults(
        &world,
        Faults {
            refuse_sends: true,
            ..Faults::default()
        },
    );

    let answer = world.deliver(&world.run("a", 600)).await;

    assert_eq!((answer.status, waiting(&world)), (200, 0));
    set_faults(&world, Faults::default());
    assert_eq!(
        world.sweep().await["rung"],
        0,
        "a doorbell is given its time first"
    );
    sqlx::query("UPDATE stage_runs SET rung_at = rung_at - interval '91 seconds'")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert_eq!(world.sweep().await["rung"], 3);
    assert_eq!(waiting(&world), 3);
    world.settle().await;
    assert_eq!(
        world
            .stage(answer.workout_id(), domain::stage::StageName::Metrics)
            .await,
        "complete"
    );
    world.stop().await;
}

/// P-75
#[tokio::test]
async fn a_doorbell_that_was_lost_is_rung_again_once_it_is_old_enough() {
    let world = world!(Start::Paused);
    set_faults(
        &world,
        Faults {
            lose_every: NonZeroU32::new(1),
            ..Faults::default()
        },
    );
    world.deliver(&world.run("a", 600)).await;
    assert_eq!(waiting(&world), 0);
    set_faults(&world, Faults::default());

    sqlx::query("UPDATE stage_runs SET rung_at = rung_at - interval '89 seconds'")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert_eq!(world.sweep().await["rung"], 0);
    sqlx::query("UPDATE stage_runs SET rung_at = rung_at - interval '2 seconds'")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert_eq!(world.sweep().await["rung"], 3);
    assert_eq!(
        world.sweep().await["rung"],
        0,
        "it is not rung over and over"
    );
    world.settle().await;
    world.stop().await;
}

/// P-28
#[tokio::test]
async fn doubled_doorbells_compute_once() {
    let world = world!(Start::Paused);
    set_faults(
        &world,
        Faults {
            double_every: NonZeroU32::new(1),
            ..Faults::default()
        },
    );
    world.deliver(&world.run("a", 600)).await;
    assert_eq!(waiting(&world), 6);

    world.settle().await;
    let mut asked = 0;
    while waiting(&world) > 0 {
        asked += 1;
        assert!(asked < 5000, "the second doorbells are not answered");
        world.rows("SELECT to_jsonb(1)").await;
    }

    let attempts = world.rows("SELECT to_jsonb(attempt) FROM stage_runs").await;
    assert_eq!(attempts, [json!(1), json!(1), json!(1)]);
    world.stop().await;
}

/// P-07, P-22: whoever ends a claim for input that is no longer wanted rings at once, and nobody rings
/// without need.
#[tokio::test]
async fn a_claim_that_ends_for_old_input_rings_for_the_newer_one_at_once() {
    let world = world!(Start::Paused);
    let queue = world.cloud().queue("SummaryQueue").unwrap();
    for (case, panics, changes, rung) in [
        ("finished", false, false, 0),
        ("failed", true, false, 0),
        ("finished for old input", false, true, 1),
        ("failed for old input", true, true, 1),
    ] {
        let workout = world.deliver(&world.run(case, 600)).await.workout_id();
        let doorbells = [record("1", &doorbell(&world, workout, "summary"))];
        let held = world.hold("summary.after_load");
        if panics {
            world.charge("summary.panic");
        }

        let (failed, ()) = tokio::join!(invoke(&world, "compute-summary", &doorbells), async {
            world.arrival(&held).await;
            if changes {
                let mut body = world.run(case, 700);
                body["event"] = "update".into();
                body["occurred_at"] = "2026-11-20T09:00:00Z".into();
                assert_eq!(world.deliver(&body).await.status, 200, "{case}");
            }
            queue.purge();
            held.let_go();
        });

        assert_eq!(failed, Ok(Vec::new()), "{case}");
        assert_eq!(queue.depth().total(), rung, "{case}");
    }
    world.let_time_pass().await;
    world.settle().await;
    world.stop().await;
}

/// Edits that come while one is computed are computed together, and the last of them is what counts.
#[tokio::test]
async fn twenty_edits_while_a_stage_computes_cost_one_more_computation() {
    let lines = Arc::<Mutex<Vec<Value>>>::default();
    let sink = Arc::clone(&lines);
    let log = LogSink::new(move |line| {
        let line = serde_json::from_str(line.text).unwrap_or_default();
        sink.lock().unwrap().push(line);
    });
    let executable = env!("CARGO_BIN_EXE_paceline-under-test");
    let world = World::start_logging_to(executable, Start::Paused, log).await;
    let mut body = world.run("a", 600);
    let workout = world.deliver(&body).await.workout_id();
    let held = world.hold("summary.after_load");
    world.cloud().resume_mappings();
    world.arrival(&held).await;

    body["event"] = "update".into();
    for nth in 1..=20 {
        body["occurred_at"] = format!("2026-11-20T09:00:00.{:03}Z", 40 * nth).into();
        body["activity"]["distance_m"] = (1000 + nth).into();
        assert_eq!(world.deliver(&body).await.body["outcome"], "changed");
    }
    held.let_go();
    world.settle().await;

    let shown = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(
        (
            &shown["generation"],
            &shown["computed"]["overall"]["distance_m"]
        ),
        (&json!(21), &json!(1020.0))
    );
    world.stop().await;
    let lines = lines.lock().unwrap();
    let claimed = lines
        .iter()
        .filter(|line| line["message"] == "claimed" && line["span"]["stage.name"] == "summary");
    assert_eq!(claimed.count(), 2);
}

/// What cannot be read harms nobody else in its batch.
#[tokio::test]
async fn a_doorbell_that_cannot_be_read_leaves_its_neighbours_alone() {
    let world = world!(Start::Paused);
    let queue = world.cloud().queue("MetricsQueue").unwrap();
    for poison in ["not json", "{}", r#"{"user_id":"x"}"#] {
        queue.send(poison).unwrap();
    }
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();

    world.settle().await;

    assert_eq!(
        world
            .stage(workout, domain::stage::StageName::Metrics)
            .await,
        "complete"
    );
    world.stop().await;
}
