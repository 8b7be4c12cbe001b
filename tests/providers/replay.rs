//! `paceline replay`: what was kept is read again as it came, and only what is read otherwise changes.

use crate::doors::Visit;
use crate::{garmin, strava};
use serde_json::{Value, json};
use std::process::Output;
use support::provider::Provider;
use tokio::process::Command;

/// When nothing had come yet.
const BEFORE: &str = "2026-01-01";

async fn replay(visit: &Visit, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args(["replay", "--json"])
        .args(arguments)
        .env("DATABASE_URL", &visit.world.endpoint().database_url)
        .output()
        .await
        .unwrap()
}

fn said(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn change(visit: &Visit, statement: &'static str) {
    let mut sql = visit.world.sql().await;
    sqlx::query(statement).execute(&mut sql).await.unwrap();
}

/// Two activities, one brought and one asked for.
async fn told() -> Visit {
    let visit = Visit::open(&[&garmin::DOOR, &strava::DOOR]).await;
    for door in [&garmin::DOOR, &strava::DOOR] {
        visit.connect(door).await;
        visit.bring(door, 0).await;
    }
    visit
}

#[tokio::test]
async fn what_still_says_the_same_changes_nothing() {
    let visit = told().await;
    let before = visit.rows().await;
    let calls = visit.api.calls().len();

    let dry = replay(&visit, &["--since", BEFORE, "--dry-run"]).await;
    let expected = json!({"deliveries": 2, "refused": 0, "outcomes": {"read": 2}});
    assert_eq!((dry.status.code(), said(&dry)), (Some(0), expected));
    let none = replay(&visit, &["--since", "2999-01-01T00:00:00Z"]).await;
    let expected = json!({"deliveries": 0, "refused": 0, "outcomes": {}});
    assert_eq!(said(&none), expected);
    assert_eq!(visit.rows().await, before);

    let again = replay(&visit, &["--since", BEFORE]).await;
    let expected = json!({"announced": 1, "unchanged": 1});
    assert_eq!(said(&again)["outcomes"], expected);
    // The sweep rings.
    visit.world.let_time_pass().await;
    visit.world.settle().await;
    assert_eq!(visit.api.calls().len(), calls + 2, "Strava is asked again");
    let generations = "SELECT to_jsonb(generation) FROM workouts";
    assert_eq!(visit.world.rows(generations).await, [json!(1), json!(1)]);
    visit.stop().await;
}

/// A mistake of ours: it was read as another sport, and without what was recorded.
#[tokio::test]
async fn what_was_read_wrongly_is_read_rightly_and_computed_anew() {
    let visit = told().await;
    let workout = "SELECT to_jsonb(id) FROM workouts WHERE provider = 'garmin'";
    let path = format!(
        "/workouts/{}",
        visit.world.rows(workout).await[0].as_str().unwrap()
    );
    let right = visit.world.get(&path).await;
    change(
        &visit,
        r#"UPDATE workouts SET sport = 'other', content_sha256 = '\x00' WHERE provider = 'garmin'"#,
    )
    .await;
    change(
        &visit,
        r#"UPDATE stage_runs SET result = '{"overall": {"wrong": true}}' WHERE stage = 'summary'"#,
    )
    .await;

    let replayed = replay(&visit, &["--since", BEFORE, "--provider", "garmin"]).await;
    assert_eq!(said(&replayed)["outcomes"], json!({"changed": 1}));
    visit.world.let_time_pass().await;
    visit.world.settle().await;

    let mended = visit.world.get(&path).await;
    assert_eq!(mended["generation"], 2);
    assert_eq!(mended["sport"], right["sport"]);
    assert_eq!(mended["computed"], right["computed"]);
    visit.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_or_is_nobodys_is_named_and_keeps_nothing_else_from_coming() {
    let visit = told().await;
    change(
        &visit,
        r#"UPDATE deliveries SET body = '\x00' WHERE provider = 'garmin'"#,
    )
    .await;
    let replayed = replay(&visit, &["--since", BEFORE]).await;
    assert_eq!(replayed.status.code(), Some(1));
    let expected = json!({"deliveries": 2, "refused": 1, "outcomes": {"announced": 1}});
    assert_eq!(said(&replayed), expected);
    let errors = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(errors.contains(" of garmin: unreadable"), "{errors}");

    change(&visit, "DELETE FROM connections WHERE provider = 'strava'").await;
    let replayed = replay(&visit, &["--since", BEFORE, "--provider", "strava"]).await;
    let errors = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(errors.contains(" of strava: unknown_athlete"), "{errors}");
    // What the sweep forgot is not there to be read.
    change(&visit, "UPDATE deliveries SET body = NULL, headers = NULL").await;
    let nothing = replay(&visit, &["--since", BEFORE]).await;
    assert_eq!(said(&nothing)["deliveries"], 0);
    visit.stop().await;
}

#[tokio::test]
async fn a_time_that_is_none_is_refused_with_what_would_be_one() {
    let api = Provider::start().await;
    let visit = Visit::with(strava::settings(&api), api).await;
    let refused = replay(&visit, &["--since", "yesterday"]).await;
    assert_eq!(refused.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("2026-11-20T06:00:00Z"), "{errors}");
    visit.stop().await;
}
