//! Doorbells that SQS gave up on: settled where they name a run, kept where they name nothing.

use crate::records::{doorbell, drain, invoke, receive, record, show_again};
use domain::id::WorkoutId;
use domain::stage::StageName;
use local::cloud::Start;
use local::log::LogSink;
use serde_json::{Value, json};
use std::process::Output;
use std::sync::{Arc, Mutex};
use support::world;
use support::world::World;
use tokio::process::Command;

/// Runs `paceline redrive` as the role that a deployment gives the sweep.
async fn redrive(world: &World, arguments: &[&str]) -> Output {
    redrive_as(&world.database().url_as("paceline_sweep"), arguments).await
}

async fn redrive_as(database_url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .arg("redrive")
        .args(arguments)
        .env("DATABASE_URL", database_url)
        .output()
        .await
        .unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn change(world: &World, statement: &'static str) {
    sqlx::query(statement)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
}

/// Half an hour and more in which nobody answered, while the sweep went on ringing.
async fn let_nobody_answer(world: &World) {
    change(
        world,
        "UPDATE stage_runs SET updated_at = updated_at - interval '31 minutes'",
    )
    .await;
}

async fn runs(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(r) FROM stage_runs r ORDER BY workout_id, stage")
        .await
}

async fn status(world: &World, workout: WorkoutId) -> Value {
    world.get(&format!("/workouts/{workout}/status")).await
}

/// P-31
#[tokio::test]
async fn a_run_that_nobody_answers_is_failed_by_its_dead_letter_and_redriven_to_success() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let queue = world.cloud().queue("MetricsQueue").unwrap();
    let dead = world.cloud().queue("MetricsDeadLetters").unwrap();
    while let Some(message) = receive(&queue).await {
        show_again(&queue, &message);
    }
    assert_eq!(dead.depth().visible, 1);
    let_nobody_answer(&world).await;

    drain(&world, "MetricsDeadLetters").await;

    assert_eq!(dead.depth().total(), 0);
    let failed = status(&world, workout).await;
    assert_eq!(
        (&failed["metrics_status"], &failed["metrics_error"]),
        (
            &json!("failed"),
            &json!("dead_letter: nobody answered its doorbells")
        )
    );
    assert_eq!(
        failed["summary_status"], "pending",
        "no other stage is meant"
    );
    world.settle().await;
    assert_eq!(world.stage(workout, StageName::Metrics).await, "failed");

    let redriven = redrive(&world, &["--stage", "metrics", "--failed", "--json"]).await;
    assert_eq!(redriven.status.code(), Some(0), "{}", said(&redriven));
    assert_eq!(
        lines(&redriven),
        [json!({
            "workout_id": workout,
            "stage": "metrics",
            "generation": 1,
            "was": "failed",
            "error": "dead_letter: nobody answered its doorbells",
            "outcome": "requested",
        })]
    );
    assert_eq!(world.stage(workout, StageName::Metrics).await, "pending");
    assert_eq!(world.sweep().await["rung"], 1);
    world.settle().await;
    let done = status(&world, workout).await;
    assert_eq!(
        (&done["metrics_status"], &done["metrics_error"]),
        (&json!("complete"), &Value::Null)
    );
    assert_eq!(done["generation"], 1);
    world.stop().await;
}

#[tokio::test]
async fn a_dead_letter_leaves_alone_every_run_that_somebody_else_will_end() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let letter = record("1", &doorbell(&world, workout, "metrics"));

    for (what, state) in [
        (
            "a request, failure or rescue since the doorbell was rung",
            "UPDATE stage_runs SET updated_at = now() - interval '29 minutes'",
        ),
        (
            "a ring that is due, as after an outage",
            "UPDATE stage_runs SET rung_at = now() - interval '3 minutes'",
        ),
        (
            "a ring that was never marked",
            "UPDATE stage_runs SET rung_at = NULL",
        ),
        (
            "a live claim",
            "UPDATE stage_runs SET status = 'processing', attempt = 1,
                 claim_token = gen_random_uuid(), claim_expires_at = now() + interval '1 minute'",
        ),
        (
            "an expired claim",
            "UPDATE stage_runs SET status = 'processing', attempt = 1,
                 claim_token = gen_random_uuid(), claim_expires_at = now() - interval '1 minute'",
        ),
        (
            "a failure that says more",
            "UPDATE stage_runs SET status = 'failed', error = 'no_data: a reason'",
        ),
        (
            "a result",
            "UPDATE stage_runs SET status = 'complete', done = wanted, result = '{}', version = 1",
        ),
    ] {
        change(
            &world,
            "UPDATE stage_runs SET status = 'pending', attempt = 0, error = NULL, done = 0,
                 result = NULL, version = NULL, claim_token = NULL, claim_expires_at = NULL,
                 rung_at = now(), updated_at = now() - interval '31 minutes'",
        )
        .await;
        change(&world, state).await;
        let before = runs(&world).await;

        let failed = invoke(&world, "sweep-stages", std::slice::from_ref(&letter)).await;

        assert_eq!(failed.unwrap(), Vec::<String>::new(), "{what}");
        assert_eq!(runs(&world).await, before, "{what}");
    }
    let strangers = record(
        "2",
        &doorbell(&world, WorkoutId(uuid::Uuid::new_v4()), "metrics"),
    );
    let failed = invoke(&world, "sweep-stages", &[strangers]).await;
    assert_eq!(failed.unwrap(), Vec::<String>::new());
    world.stop().await;
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_read_is_named_in_the_log_and_kept() {
    let log = Arc::new(Mutex::new(String::new()));
    let sink = {
        let log = Arc::clone(&log);
        LogSink::new(move |line| {
            let mut log = log.lock().unwrap();
            log.push_str(line.text);
            log.push('\n');
        })
    };
    let executable = env!("CARGO_BIN_EXE_paceline-under-test");
    let world = World::start_logging_to(executable, Start::Paused, sink).await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let_nobody_answer(&world).await;
    let dead = world.cloud().queue("AnalysisDeadLetters").unwrap();
    let mut kept = Vec::new();
    for body in [
        "canary".to_owned(),
        doorbell(&world, workout, "canary"),
        json!({"user_id": "canary"}).to_string(),
    ] {
        kept.push(dead.send(&body).unwrap().message_id);
    }
    dead.send(&doorbell(&world, workout, "analysis")).unwrap();

    drain(&world, "AnalysisDeadLetters").await;

    let depth = dead.depth();
    assert_eq!((depth.in_flight, depth.total()), (3, 3));
    assert_eq!(world.stage(workout, StageName::Analysis).await, "failed");
    world.stop().await;
    let log = log.lock().unwrap();
    assert!(!log.contains("canary"), "{log}");
    let errors: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["level"] == "ERROR")
        .collect();
    for id in kept {
        let named = |line: &&Value| line["message_id"] == json!(id);
        assert_eq!(errors.iter().filter(named).count(), 1, "{id}: {errors:#?}");
    }
}

#[tokio::test]
async fn a_dead_letter_comes_again_when_the_ledger_cannot_be_asked() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let_nobody_answer(&world).await;
    let letter = record("1", &doorbell(&world, workout, "metrics"));
    change(&world, "REVOKE UPDATE ON stage_runs FROM paceline_sweep").await;

    let away = invoke(&world, "sweep-stages", std::slice::from_ref(&letter)).await;
    let beside = invoke(
        &world,
        "sweep-stages",
        &[letter.clone(), record("2", "not a doorbell")],
    )
    .await;

    assert!(away.is_err(), "Lambda counts it as an error");
    assert_eq!(beside.unwrap(), ["1", "2"]);
    change(&world, "GRANT UPDATE ON stage_runs TO paceline_sweep").await;
    let settled = invoke(&world, "sweep-stages", &[letter]).await.unwrap();
    assert_eq!(settled, Vec::<String>::new());
    assert_eq!(world.stage(workout, StageName::Metrics).await, "failed");
    world.stop().await;
}

/// Three workouts: all of the first failed, the second is stuck in every way, the third is well.
async fn with_failed_and_stuck_runs() -> (World, [WorkoutId; 3]) {
    let world = world!(Start::Paused);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(world.deliver(&world.run(name, 600)).await.workout_id());
    }
    let statements = [
        "UPDATE stage_runs SET status = 'failed', attempt = 5,
             error = CASE stage WHEN 'metrics' THEN 'dead_letter: x' ELSE 'gave_up: x' END
         WHERE workout_id IN (SELECT id FROM workouts WHERE provider_activity_id = 'a')",
        "UPDATE stage_runs SET updated_at = now() - interval '3 minutes',
             status = CASE stage WHEN 'summary' THEN 'pending' ELSE 'processing' END,
             claim_token = CASE stage WHEN 'summary' THEN NULL ELSE gen_random_uuid() END,
             claim_expires_at = CASE stage
                 WHEN 'analysis' THEN now() - interval '1 minute'
                 WHEN 'metrics' THEN now() + interval '1 minute'
             END
         WHERE workout_id IN (SELECT id FROM workouts WHERE provider_activity_id = 'b')",
    ];
    for statement in statements {
        change(&world, statement).await;
    }
    let [a, b, c] = ids.as_slice() else {
        panic!("three workouts")
    };
    let ids = [*a, *b, *c];
    (world, ids)
}

fn meant(output: &Output) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut meant: Vec<_> = lines(output)
        .iter()
        .map(|line| {
            (
                text(&line["workout_id"]),
                text(&line["stage"]),
                text(&line["was"]),
            )
        })
        .collect();
    meant.sort();
    meant
}

#[tokio::test]
async fn a_redrive_means_what_it_was_told_and_a_dry_run_changes_nothing() {
    let (world, [a, b, c]) = with_failed_and_stuck_runs().await;
    let before = runs(&world).await;
    let run = |workout: WorkoutId, stage: &str, was: &str| {
        (workout.to_string(), stage.to_owned(), was.to_owned())
    };
    let failed = ["analysis", "metrics", "summary"].map(|stage| run(a, stage, "failed"));
    let (of_a, of_b, of_c) = (a.to_string(), b.to_string(), c.to_string());

    for (arguments, expected) in [
        (&["--failed"][..], failed.to_vec()),
        (
            &["--workout", &of_b],
            vec![run(b, "analysis", "stuck"), run(b, "summary", "stuck")],
        ),
        (&["--workout", &of_c], vec![]),
        (&["--workout", &of_b, "--failed"], vec![]),
        (&["--queue", "analysis"], {
            let mut both = vec![run(a, "analysis", "failed"), run(b, "analysis", "stuck")];
            both.sort();
            both
        }),
        (
            &["--code", "dead_letter"],
            vec![run(a, "metrics", "failed")],
        ),
        (
            &[
                "--workout",
                &of_a,
                "--code",
                "gave_up",
                "--stage",
                "summary",
            ],
            vec![run(a, "summary", "failed")],
        ),
    ] {
        let listed = redrive(&world, &[arguments, &["--dry-run", "--json"]].concat()).await;
        assert_eq!(listed.status.code(), Some(0), "{}", said(&listed));
        assert_eq!(meant(&listed), expected, "{arguments:?}");
        assert_eq!(runs(&world).await, before, "{arguments:?}");
    }
    let table = redrive(&world, &["--code", "dead_letter", "--dry-run"]).await;
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(
        text.starts_with("workout ") && text.contains("would request") && text.contains(&of_a),
        "{text}"
    );
    assert!(said(&table).contains("nothing was changed"));
    world.stop().await;
}

#[tokio::test]
async fn what_is_redriven_completes_and_a_live_claim_is_left_to_its_holder() {
    let (world, [_, b, _]) = with_failed_and_stuck_runs().await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        let stages = ["--stage", "analysis", "--limit", "1", "--json"];
        let redriven = redrive(&world, &stages).await;
        codes.push((redriven.status.code(), lines(&redriven).len()));
    }
    assert_eq!(
        codes,
        [
            (Some(3), 1),
            (Some(0), 1),
            (Some(0), 0),
            (Some(0), 0),
            (Some(0), 0)
        ],
        "more than the limit is said by the exit code, and nothing is redriven twice"
    );
    let all = redrive(&world, &["--failed"]).await;
    let stuck = redrive(&world, &["--workout", &b.to_string()]).await;
    assert_eq!(
        (all.status.code(), stuck.status.code()),
        (Some(0), Some(0)),
        "{} {}",
        said(&all),
        said(&stuck)
    );

    let claimed = "SELECT to_jsonb(stage) FROM stage_runs WHERE status = 'processing'";
    assert_eq!(world.rows(claimed).await, [json!("metrics")]);
    let spent = "SELECT to_jsonb(count(*)) FROM stage_runs WHERE attempt > 0 OR error IS NOT NULL";
    assert_eq!(world.rows(spent).await, [json!(0)]);
    change(
        &world,
        "UPDATE stage_runs SET claim_expires_at = now() WHERE status = 'processing'",
    )
    .await;
    world.settle().await;
    let complete = "SELECT to_jsonb(count(*)) FROM stage_runs WHERE status = 'complete'";
    assert_eq!(world.rows(complete).await, [json!(9)]);
    world.stop().await;
}

#[tokio::test]
async fn a_redrive_that_cannot_be_done_says_what_to_do() {
    let (world, _) = with_failed_and_stuck_runs().await;
    let url = world.database().url_as("paceline_sweep");
    let blind = world.database().url_as("paceline_ingest");
    let before = runs(&world).await;

    for (url, arguments, code, hint) in [
        (&url, &[][..], 2, "--failed"),
        (&url, &["--stage", "sleep"], 2, "summary, analysis, metrics"),
        (&url, &["--workout", "x"], 2, "--workout"),
        (&url, &["--failed", "--limit", "501"], 2, "1..=500"),
        (&blind, &["--failed"], 1, "use the URL of paceline_sweep"),
        (
            &"postgres://nobody@127.0.0.1:1/none".to_owned(),
            &["--failed"],
            1,
            "check --database-url",
        ),
    ] {
        let refused = redrive_as(url, arguments).await;
        let said = said(&refused);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(hint), "{arguments:?}: {said}");
    }
    assert_eq!(runs(&world).await, before);
    world.stop().await;
}
