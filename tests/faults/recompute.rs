//! `paceline recompute`: what an older algorithm computed is computed again, and seen until then.

use local::cloud::Start;
use serde_json::{Value, json};
use std::process::Output;
use support::world;
use support::world::World;
use tokio::process::Command;

fn recompute(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"));
    command
        .args(["recompute", "--json"])
        .args(arguments)
        .env("DATABASE_URL", world.database().url_as("paceline_sweep"))
        .kill_on_drop(true);
    command
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn change(world: &World, statement: &'static str) {
    let mut sql = world.sql().await;
    sqlx::query(statement).execute(&mut sql).await.unwrap();
}

/// What the stage computed, by version.
async fn versions(world: &World, stage: &'static str) -> Vec<Value> {
    let rows = world
        .rows("SELECT jsonb_build_array(stage, status, version, result ? 'old') FROM stage_runs")
        .await;
    rows.into_iter().filter(|row| row[0] == stage).collect()
}

const MADE_BY_AN_OLDER_ALGORITHM: &str =
    r#"UPDATE stage_runs SET version = 0, result = '{"old": true}' WHERE stage = 'analysis'"#;

#[tokio::test]
async fn an_outdated_result_is_seen_until_the_new_one_is_there() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    change(
        &world,
        "UPDATE stage_runs SET status = 'complete', done = wanted, version = 9999, result = '{}'",
    )
    .await;
    change(&world, MADE_BY_AN_OLDER_ALGORITHM).await;

    let dry = recompute(&world, &["--dry-run"]).output().await.unwrap();
    assert_eq!(
        lines(&dry)
            .iter()
            .map(|line| line["outdated"].clone())
            .collect::<Vec<_>>(),
        [json!(0), json!(1), json!(0)]
    );
    assert_eq!(
        versions(&world, "analysis").await,
        [json!(["analysis", "complete", 0, true])]
    );

    // Nobody rings here, so it waits for as long as it is let.
    let mut child = recompute(&world, &["--stage", "analysis"]).spawn().unwrap();
    while versions(&world, "analysis").await[0][1] == "complete" {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    child.kill().await.unwrap();
    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["analysis_status"], "pending");
    assert_eq!(seen["computed"]["old"], true);
    assert_eq!(seen["summary_status"], "complete");
    world.stop().await;
}

#[tokio::test]
async fn everything_outdated_is_computed_again_and_nothing_else() {
    let world = world!(Start::Running);
    for activity in ["a", "b", "c"] {
        world.deliver(&world.run(activity, 600)).await;
    }
    world.settle().await;
    let before = world
        .rows("SELECT jsonb_build_array(stage, result) FROM stage_runs ORDER BY workout_id, stage")
        .await;
    change(&world, MADE_BY_AN_OLDER_ALGORITHM).await;
    let untouched = "SELECT to_jsonb(r) FROM stage_runs AS r WHERE stage <> 'analysis'
        ORDER BY workout_id, stage";
    let others = world.rows(untouched).await;

    let too_old = recompute(&world, &["--stage", "analysis", "--since", "9999-01-01"]);
    let none = recompute_to_the_end(&world, too_old).await;
    assert_eq!(lines(&none)[0]["outdated"], 0);

    let all = recompute(&world, &["--stage", "analysis", "--at-once", "2"]);
    let done = recompute_to_the_end(&world, all).await;

    assert!(done.status.success(), "{done:?}");
    let line = &lines(&done)[0];
    assert_eq!((&line["outdated"], &line["left"]), (&json!(3), &json!(0)));
    let after = world
        .rows("SELECT jsonb_build_array(stage, result) FROM stage_runs ORDER BY workout_id, stage")
        .await;
    assert_eq!(after, before);
    assert_eq!(world.rows(untouched).await, others);
    world.stop().await;
}

/// The sweep is what rings, so it goes on for as long as the command does.
async fn recompute_to_the_end(world: &World, mut command: Command) -> Output {
    let running = command.output();
    tokio::pin!(running);
    loop {
        tokio::select! {
            output = &mut running => return output.unwrap(),
            _ = world.sweep() => {}
        }
    }
}
