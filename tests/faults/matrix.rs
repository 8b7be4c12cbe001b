//! Every point that a stage can die at, for every stage, with and without a second doorbell.

use domain::id::{UserId, WorkoutId};
use domain::stage::StageName;
use local::cloud::Start;
use platform::doorbell::Message;
use serde_json::json;
use support::world;
use support::world::World;

const POINTS: [&str; 6] = [
    "after_claim",
    "after_lock",
    "after_load",
    "after_compute",
    "before_finish_commit",
    "after_finish_commit",
];

/// What becomes of the doorbell that a dead worker had in its hands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Doorbell {
    /// SQS shows it again, and the sweep never comes.
    Redelivered,
    /// It is gone, and the sweep has to find out.
    Lost,
}

fn queue(stage: StageName) -> &'static str {
    match stage {
        StageName::Summary => "SummaryQueue",
        StageName::Analysis => "AnalysisQueue",
        StageName::Metrics => "MetricsQueue",
        StageName::Fetch => "FetchQueue",
    }
}

fn message(world: &World, workout_id: WorkoutId, stage: StageName) -> String {
    let message = Message {
        user_id: UserId(world.endpoint().user_id.parse().unwrap()),
        workout_id,
        stage,
        correlation_id: "again".into(),
    };
    serde_json::to_string(&message).unwrap()
}

/// Asks until the test's question is answered with yes.
async fn until(world: &World, what: &str, mut answered: impl AsyncFnMut() -> bool) {
    for _ in 0..5000 {
        if answered().await {
            return;
        }
    }
    let ledger = world
        .rows("SELECT to_jsonb(r) - 'result' FROM stage_runs r WHERE status <> 'complete'")
        .await;
    panic!("{what}: {ledger:#?}");
}

/// P-22, P-29, P-75: 36 deaths by SIGKILL, and each run completes, computed as often as it has to.
#[tokio::test]
async fn a_stage_that_dies_at_any_point_completes_whether_its_doorbell_comes_again_or_not() {
    let world = world!(Start::Paused);
    for point in POINTS {
        for doorbell in [Doorbell::Redelivered, Doorbell::Lost] {
            let case = format!("{point}, {doorbell:?}");
            let charge = |stage: &StageName| format!("{stage}.{point}");
            for stage in &StageName::COMPUTING {
                world.charge(&charge(stage));
            }
            let workout = world.deliver(&world.run(&case, 600)).await.workout_id();

            world.cloud().resume_mappings();
            until(&world, &case, async || {
                world.rows("SELECT to_jsonb(1)").await;
                StageName::COMPUTING
                    .iter()
                    .all(|stage| world.went_off(&charge(stage)))
            })
            .await;
            world.cloud().pause_mappings().await;
            world.assert_quiet().await;
            let dead = world
                .rows("SELECT to_jsonb(stage) FROM stage_runs WHERE status = 'processing'")
                .await;
            let claimed = if point == "after_finish_commit" { 0 } else { 3 };
            assert_eq!(dead.len(), claimed, "{case}");

            world.let_time_pass().await;
            for stage in StageName::COMPUTING {
                let queue = world.cloud().queue(queue(stage)).unwrap();
                queue.purge();
                if doorbell == Doorbell::Redelivered {
                    queue.send(&message(&world, workout, stage)).unwrap();
                }
            }
            if doorbell == Doorbell::Lost {
                world.sweep().await;
            }
            world.cloud().resume_mappings();
            until(&world, &case, async || {
                let unfinished = world
                    .rows("SELECT to_jsonb(stage) FROM stage_runs WHERE status <> 'complete'")
                    .await;
                unfinished.is_empty()
            })
            .await;
            world.cloud().pause_mappings().await;

            let attempts = world
                .rows("SELECT to_jsonb(attempt) FROM stage_runs ORDER BY updated_at DESC LIMIT 3")
                .await;
            let expected = json!(if claimed == 0 { 1 } else { 2 });
            assert!(
                attempts.iter().all(|attempt| *attempt == expected),
                "{case}: {attempts:?}"
            );
            world.assert_quiet().await;
        }
    }
    world.stop().await;
}
