//! What clients read, and only the owner.

use local::cloud::Start;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::world;
use support::world::Other;

/// P-69
#[tokio::test]
async fn a_workout_is_there_for_its_owner_and_absent_for_everybody_else() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&world.plan(600)).await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.settle().await;
    let other = Other::join(&world, "other").await;
    let theirs = other.create_plan(&world.plan(600)).await;
    let before = world.everything().await;

    let seen = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(
        seen.as_object().unwrap().len(),
        10,
        "nine fields and the generation"
    );

    let plan = json!({ "planned_id": theirs }).to_string();
    for (method, path) in [
        (Method::GET, format!("/workouts/{workout}")),
        (Method::GET, format!("/workouts/{workout}/status")),
        (Method::POST, format!("/workouts/{workout}/reanalyse")),
        (Method::PUT, format!("/workouts/{workout}/plan")),
        (Method::DELETE, format!("/workouts/{workout}/plan")),
        (Method::GET, format!("/planned-workouts/{planned}")),
        (Method::DELETE, format!("/planned-workouts/{planned}")),
    ] {
        let answer = other.send(method.clone(), &path, plan.clone()).await;
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    // Their plan is not mine to attach either.
    let mine = world
        .send(Method::PUT, &format!("/workouts/{workout}/plan"), plan)
        .await;
    assert_eq!((mine.status, mine.code()), (404, "plan_not_found"));
    assert_eq!(other.get("/workouts").await.body["workouts"], json!([]));
    assert_eq!(world.everything().await, before);
    world.stop().await;
}

#[tokio::test]
async fn an_unchanged_workout_is_not_sent_again() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let url = format!("{}/workouts/{workout}/status", world.endpoint().url);
    let request = || {
        reqwest::Client::new()
            .get(&url)
            .bearer_auth(&world.endpoint().token)
    };

    let first = request().send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let second = request()
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);

    world.settle().await;
    let third = request()
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(third.status(), StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn pages_of_workouts_hold_every_workout_once_newest_first() {
    let world = world!(Start::Paused);
    for n in 0..7 {
        let mut body = world.run(&format!("a{n}"), 600);
        // Some begin at the same moment: the order must still be total.
        body["activity"]["started_at"] = format!("2026-11-{:02}T06:00:00Z", 10 + n / 2).into();
        assert_eq!(world.deliver(&body).await.status, 200);
    }

    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/workouts?limit=3".to_owned();
    loop {
        let page = world.get(&path).await;
        seen.extend(page["workouts"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/workouts?limit=3&cursor={cursor}"),
            None => break,
        }
    }

    let starts: Vec<&str> = seen
        .iter()
        .map(|w| w["started_at"].as_str().unwrap())
        .collect();
    assert!(starts.is_sorted_by(|a, b| a >= b), "{starts:?}");
    let mut ids: Vec<&str> = seen
        .iter()
        .map(|w| w["workout_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
    world.stop().await;
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_refused_rather_than_ignored() {
    let world = world!(Start::Paused);

    for (path, code) in [
        ("/workouts?limit=0", "bad_limit"),
        ("/workouts?limit=many", "bad_limit"),
        ("/workouts?cursor=x", "bad_cursor"),
        ("/workouts?page=2", "unknown_parameter"),
        ("/planned-workouts?from=yesterday", "bad_date"),
    ] {
        let answer = world.send(Method::GET, path, "").await;
        assert_eq!((answer.status, answer.code()), (400, code), "{path}");
    }
    let health = reqwest::get(format!("{}/health", world.endpoint().url))
        .await
        .unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    world.stop().await;
}
