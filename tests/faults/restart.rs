//! The whole developer's cloud killed in the middle of work, and started again.

use local::client::Client;
use local::instance::Endpoint;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Starts `paceline up` on a folder and waits until it says that it is ready.
async fn up(folder: &Path) -> (Child, Endpoint) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args(["up", "--port", "0", "--data-dir"])
        .arg(folder)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("Ctrl-C") {
            let text = std::fs::read(folder.join("endpoint.json")).unwrap();
            return (child, serde_json::from_slice(&text).unwrap());
        }
    }
    panic!("it ended before it was ready: {:?}", child.wait().await);
}

/// Has whoever finishes a run wait for as long as this session lives, which the database does not
/// survive.
async fn hold_finishes(sql: &mut PgConnection) {
    for statement in [
        "CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END'",
        "CREATE TRIGGER wait_for_the_test BEFORE UPDATE ON stage_runs
         FOR EACH ROW WHEN (NEW.status = 'complete') EXECUTE FUNCTION wait_for_the_test()",
        "SELECT pg_advisory_lock(42)",
    ] {
        sqlx::query(statement).execute(&mut *sql).await.unwrap();
    }
}

fn folder(name: &str) -> PathBuf {
    support::database::scratch(name)
}

#[tokio::test]
async fn killed_in_the_middle_of_work_it_starts_again_and_everything_completes() {
    let folder = folder("killed");
    let (mut first, endpoint) = up(&folder).await;
    let client = Client::new(&endpoint);
    let mut holder = PgConnection::connect(&endpoint.database_url).await.unwrap();
    hold_finishes(&mut holder).await;
    let ride = support::oracle::bytes("ultrarun_12h_fenix6x.fit").unwrap();
    let accepted = client.ask(Method::POST, "/activities", ride).await.unwrap();
    let workout = accepted["workout_id"].as_str().unwrap().to_owned();
    let path = format!("/workouts/{workout}/status");
    let mut asked = 0;
    while client.ask(Method::GET, &path, "").await.unwrap()["analysis_status"] != "processing" {
        assert!(asked < 10_000, "nobody works on it");
        asked += 1;
    }
    first.kill().await.unwrap();

    let (mut second, endpoint) = up(&folder).await;
    assert_eq!(endpoint.pid, second.id().unwrap());
    let client = Client::new(&endpoint);
    let done = client.wait(&workout, |_| ()).await.unwrap();
    for stage in ["summary_status", "analysis_status", "metrics_status"] {
        assert_eq!(done[stage], "complete");
    }
    assert_eq!(done["generation"], 1);
    let workouts = client.ask(Method::GET, "/workouts", "").await.unwrap();
    assert_eq!(workouts["workouts"].as_array().unwrap().len(), 1);

    interrupt(&second);
    assert!(second.wait().await.unwrap().success());
    assert!(
        !folder.join("endpoint.json").exists(),
        "a clean stop says that it is gone"
    );
}

#[tokio::test]
async fn a_second_instance_on_the_same_folder_is_refused_with_what_to_do() {
    let folder = folder("twice");
    let (first, endpoint) = up(&folder).await;

    let second = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args(["up", "--port", "0", "--data-dir"])
        .arg(&folder)
        .env_remove("DATABASE_URL")
        .output()
        .await
        .unwrap();

    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another instance runs on"), "{said}");
    // The first one is not harmed.
    let health = Client::new(&endpoint)
        .ask(Method::GET, "/health", "")
        .await
        .unwrap();
    assert_eq!(health["database"], json!("reachable"));
    drop(first);
}

/// Presses Ctrl-C.
fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}
