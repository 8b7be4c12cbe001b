//! `paceline connect`: tokens come in sealed, for the one whose account it is.

use crate::strava::{self, ACCOUNT, EVENT_TIME};
use local::cloud::Start;
use local::log::LogSink;
use serde_json::json;
use std::process::{Output, Stdio};
use support::provider::Provider;
use support::world::{Other, World};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

async fn connect(world: &World, user: &str, answer: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args([
            "connect",
            "--user",
            user,
            "--provider",
            "strava",
            "--account",
            ACCOUNT,
        ])
        .env("DATABASE_URL", &world.endpoint().database_url)
        .env("TOKEN_KEYS", world.token_key())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = command.stdin.take().unwrap();
    stdin.write_all(answer.as_bytes()).await.unwrap();
    drop(stdin);
    command.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn an_account_is_connected_by_its_tokens_and_what_is_announced_comes() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let binary = env!("CARGO_BIN_EXE_paceline-under-test");
    let settings = strava::settings(&strava);
    let world =
        World::start_with_providers(binary, Start::Paused, settings, LogSink::discard()).await;
    let unknown = strava::tell(&world, 42, "create", EVENT_TIME).await;
    assert_eq!((unknown.status, unknown.code()), (422, "unknown_athlete"));
    let me = world.endpoint().user_id.clone();
    let answer = json!({
        "access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 21_600,
    });

    let connected = connect(&world, &me, &answer.to_string()).await;

    let said = String::from_utf8_lossy(&connected.stdout).into_owned();
    assert!(connected.status.success(), "{connected:?}");
    assert_eq!(said, format!("strava account {ACCOUNT} is connected\n"));
    let told = strava::tell(&world, 42, "create", EVENT_TIME).await;
    world.settle().await;
    let come = world.get(&format!("/workouts/{}", told.workout_id())).await;
    assert_eq!(come["summary_status"], "complete", "{come}");
    assert_eq!(
        strava.calls()[0].headers["authorization"],
        "Bearer canary-access"
    );
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_connected_says_why_and_writes_nothing() {
    let strava = Provider::start().await;
    let world = crate::fetch::world(&strava).await;
    let other = Other::join(&world, "other").await.user().to_string();
    let before = world.everything().await;
    let tokens = json!({"access_token": "canary-access"}).to_string();
    let nobody = "018f0000-0000-7000-8000-00000000dead";
    let me = world.endpoint().user_id.clone();

    for (user, answer, why) in [
        (&*other, &*tokens, "another user has connected this account"),
        (nobody, &*tokens, "there is no such user"),
        (&*me, r#"{"error":"canary"}"#, "not a provider's answer"),
        (&*me, "canary-access", "not a provider's answer"),
    ] {
        let refused = connect(&world, user, answer).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    assert_eq!(world.everything().await, before);
    world.stop().await;
}
