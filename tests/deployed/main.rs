//! The binaries that are deployed, in place of the local cloud's re-executed ones.
//!
//! They are built apart, so this test is asked for by a feature and told their folder, which holds
//! `<function>` or, as cargo-lambda builds it, `<function>/bootstrap`. This package is left out of
//! the build, because cargo would give the functions the points at which its tests kill them:
//!
//! ```text
//! cargo build --workspace --exclude tests
//! PACELINE_BINARIES=target/debug cargo test -p tests --features deployed --test deployed
//! ```

#![expect(clippy::expect_used, reason = "what cannot be prepared fails the test")]

use local::cloud::{Executables, Start};
use local::log::LogSink;
use local::template::Template;
use reqwest::Method;
use serde_json::Value;
use std::path::Path;
use support::binaries;
use support::world::World;

/// The variable that a function reads only when it has those points.
const FAULTS: &[u8] = b"PACELINE_FAULTS";

/// The deployed binaries.
fn executables() -> Executables {
    let folder = binaries::given_folder()
        .expect("PACELINE_BINARIES must name the folder of the functions' binaries");
    Executables::Folder(folder)
}

/// A world whose functions are the deployed binaries.
async fn deployed() -> World {
    let launcher = env!("CARGO_BIN_EXE_paceline-under-test");
    World::start_with(launcher, executables(), Start::Running, LogSink::discard()).await
}

/// Uploads a ride and reads what came of it.
async fn ride(world: &World) -> Value {
    let file = support::oracle::bytes("ride_power_edge1000.fit").expect("a fixture");
    let accepted = world.send(Method::POST, "/activities", file).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    world.settle().await;
    world
        .get(&format!("/workouts/{}", accepted.workout_id()))
        .await
}

fn assert_complete(workout: &Value) {
    for status in local::client::STATUSES {
        assert_eq!(workout[status], "complete", "{workout}");
    }
}

#[tokio::test]
async fn an_upload_has_the_same_figures_from_deployed_and_from_re_executed_functions() {
    let re_executed = support::world!(Start::Running);
    let deployed = deployed().await;

    let (expected, got) = (ride(&re_executed).await, ride(&deployed).await);

    assert_complete(&expected);
    assert_complete(&got);
    assert_eq!(got["computed"], expected["computed"]);
    re_executed.stop().await;
    deployed.stop().await;
}

#[tokio::test]
async fn a_delivery_is_attached_and_computed_by_deployed_functions() {
    let world = deployed().await;
    let planned = world.create_plan(&world.plan(3600)).await;

    let answer = world.deliver(&world.run("a", 3600)).await;
    world.settle().await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let workout = world
        .get(&format!("/workouts/{}", answer.workout_id()))
        .await;
    assert_complete(&workout);
    assert_eq!(workout["plan"]["planned_id"], planned.as_str());
    world.stop().await;
}

#[tokio::test]
async fn a_deployed_function_answers_that_it_is_healthy() {
    let world = deployed().await;

    let answer = world.send(Method::GET, "/health", "").await;

    assert_eq!(answer.status, 200, "{answer:?}");
    world.stop().await;
}

#[test]
fn no_deployed_function_has_the_points_at_which_tests_kill_it() {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template = Template::read(Path::new(template)).expect("the template");
    let executables = executables();

    let functions = template.functions.iter().map(|function| &function.name);
    let armed: Vec<_> = functions
        .filter(|function| {
            let program = executables.program(function).expect("a binary");
            let program = std::fs::read(program).expect("a binary");
            program.windows(FAULTS.len()).any(|bytes| bytes == FAULTS)
        })
        .collect();

    assert!(
        armed.is_empty(),
        "built with the feature `faults`: {armed:?}"
    );
}
