//! A provider that limits, fails, hangs or points elsewhere.

use crate::doors::Visit;
use crate::fetch::{fetch_of, world};
use crate::strava::{self, EVENT_TIME, detail_of};
use crate::wahoo;
use platform::providers::api::Refusal;
use platform::providers::client::Client;
use serde_json::json;
use support::provider::{Provider, Reply};
use tokio::process::Command;

/// P-73
#[tokio::test]
async fn a_provider_that_says_too_many_is_left_alone_by_everybody_until_then() {
    let strava = Provider::start().await;
    for activity in 1..5 {
        strava::knows_run(&strava, activity, 60);
    }
    let limited = Reply::status(429).with_header("retry-after", "600");
    strava.next(&detail_of(1), limited);
    let world = world(&strava).await;
    let first = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    world.cloud().resume_mappings();
    world
        .until("SELECT count(*) = 1 FROM stage_runs WHERE not_before IS NOT NULL")
        .await;

    for activity in 2..5 {
        strava::tell(&world, activity, "create", EVENT_TIME).await;
    }
    world
        .until("SELECT count(*) = 4 FROM stage_runs WHERE not_before IS NOT NULL")
        .await;
    assert_eq!(strava.calls().len(), 1, "nobody asks before the time");
    let waiting = fetch_of(&world, first).await;
    let error = waiting["error"].as_str().unwrap();
    assert!(error.starts_with("rate_limited: "), "{error}");
    let soon = world
        .rows(
            "SELECT to_jsonb(count(*)) FROM stage_runs
             WHERE not_before < clock_timestamp() + interval '9 minutes' OR attempt > 0",
        )
        .await;
    assert_eq!(soon, [json!(0)], "and waiting is no attempt");

    world
        .rows("WITH past AS (DELETE FROM provider_pauses RETURNING 1) SELECT to_jsonb(1) FROM past")
        .await;
    world.settle().await;
    assert_eq!(fetch_of(&world, first).await["status"], "complete");
    world.stop().await;
}

/// P-73: one that does not say until when is left alone for a minute, and others are asked meanwhile.
#[tokio::test]
async fn who_says_too_many_without_a_time_is_left_alone_for_a_minute_and_nobody_else_is() {
    let doors = [&strava::DOOR, &wahoo::DOOR];
    let visit = Visit::open(&doors).await;
    for door in doors {
        visit.connect(door).await;
        (door.knows)(&visit.api, 0);
    }
    let Visit { world, api, .. } = &visit;
    api.next(&detail_of(42), Reply::status(429));
    let told = visit.told(&strava::DOOR, 0);
    let limited = visit.post(&strava::DOOR, &told).await.workout_id();
    world.cloud().resume_mappings();
    world
        .until("SELECT count(*) = 1 FROM stage_runs WHERE not_before IS NOT NULL")
        .await;
    let pauses = world
        .rows(
            "SELECT jsonb_build_array(p.provider, p.until >= d.received_at + interval '1 minute',
                 p.until <= clock_timestamp() + interval '1 minute')
             FROM provider_pauses AS p JOIN deliveries AS d USING (provider)",
        )
        .await;
    assert_eq!(pauses, [json!(["strava", true, true])]);

    let told = visit.told(&wahoo::DOOR, 0);
    assert_eq!(visit.post(&wahoo::DOOR, &told).await.status, 200);
    world
        .until(
            "SELECT count(*) = 4 FROM stage_runs AS r JOIN workouts AS w ON w.id = r.workout_id
             WHERE w.provider = 'wahoo' AND r.status = 'complete'",
        )
        .await;
    assert_eq!(api.count(&detail_of(42)), 1, "nobody asks before the time");

    world
        .rows("WITH past AS (DELETE FROM provider_pauses RETURNING 1) SELECT to_jsonb(1) FROM past")
        .await;
    world.settle().await;
    assert_eq!(fetch_of(world, limited).await["status"], "complete");
    visit.stop().await;
}

/// P-73: the headers say more than the documents.
#[tokio::test]
async fn a_budget_that_is_used_up_is_kept_by_everybody_without_being_told_no() {
    let strava = Provider::start().await;
    let used_up = |reply: Reply| {
        reply
            .with_header("x-readratelimit-limit", "100,1000")
            .with_header("x-readratelimit-usage", "100,400")
    };
    strava.always(&detail_of(1), used_up(Reply::json(&strava::detail(1, 60))));
    strava.always(
        &strava::streams_of(1),
        used_up(Reply::json(&strava::streams(60))),
    );
    let world = world(&strava).await;
    let workout = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    world.cloud().resume_mappings();
    world
        .until("SELECT count(*) = 1 FROM stage_runs WHERE not_before IS NOT NULL")
        .await;

    // The first answer said that it was the last for this quarter of an hour.
    assert_eq!(strava.calls().len(), 1);
    let windows = world
        .rows("SELECT to_jsonb(used) FROM provider_windows ORDER BY length_s")
        .await;
    assert_eq!(windows, [json!(100), json!(400)]);

    strava::knows_run(&strava, 1, 60);
    world
        .rows(
            "WITH past AS (
                 UPDATE provider_windows SET resets_at = clock_timestamp() RETURNING 1
             )
             SELECT to_jsonb(1) FROM past",
        )
        .await;
    world.settle().await;
    assert_eq!(fetch_of(&world, workout).await["status"], "complete");
    world.stop().await;
}

/// P-73
#[tokio::test]
async fn a_provider_that_fails_is_asked_again_later_and_given_up_in_the_end() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 60);
    for status in [500, 502, 503] {
        strava.next(&detail_of(1), Reply::status(status));
    }
    strava.always(&detail_of(2), Reply::status(500));
    let world = world(&strava).await;
    let passing = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    let lasting = strava::tell(&world, 2, "create", EVENT_TIME)
        .await
        .workout_id();

    world.settle().await;

    assert_eq!(fetch_of(&world, passing).await["status"], "complete");
    assert_eq!(strava.count(&detail_of(1)), 4);
    let given_up = fetch_of(&world, lasting).await;
    assert_eq!(given_up["status"], "failed");
    assert_eq!(given_up["error"], "provider_unavailable: it answered 500");
    assert_eq!(strava.count(&detail_of(2)), 10);

    // An operator who wants it again gives it all of its time again.
    let redriven = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args(["redrive", "--stage", "fetch", "--failed"])
        .env("DATABASE_URL", world.database().url_as("paceline_sweep"))
        .output()
        .await
        .unwrap();
    assert!(redriven.status.success(), "{redriven:?}");
    strava::knows_run(&strava, 2, 60);
    strava.next(&detail_of(2), Reply::status(500));
    world.settle().await;
    assert_eq!(fetch_of(&world, lasting).await["status"], "complete");
    world.stop().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_wherever_it_points() {
    let strava = Provider::start().await;
    let elsewhere = format!("{}/inside", strava.url());
    for (activity, address) in [
        (1, "http://169.254.169.254/latest/meta-data"),
        (2, &*elsewhere),
    ] {
        let moved = Reply::status(302).with_header("location", address);
        strava.always(&detail_of(activity), moved);
    }
    let world = world(&strava).await;
    for activity in [1, 2] {
        let workout = strava::tell(&world, activity, "create", EVENT_TIME)
            .await
            .workout_id();
        world.settle().await;
        let shown = fetch_of(&world, workout).await;
        assert_eq!(shown["status"], "failed");
        let error = "provider_answer: it points elsewhere, and that is not followed";
        assert_eq!(shown["error"], error);
    }
    assert_eq!(strava.count("GET /inside"), 0);
    world.stop().await;
}

#[tokio::test]
async fn nonsense_from_a_provider_fails_with_a_code_and_stores_nothing() {
    let strava = Provider::start().await;
    for (activity, body) in [
        (1, "not json"),
        (2, r#"{"id":2}"#),
        (3, &*"[".repeat(100_000)),
        (
            4,
            r#"{"id":4,"type":"Run","start_date":"2026-11-20T17:30:00Z","distance":1e400}"#,
        ),
    ] {
        let reply = Reply::status(200).with_body(body.to_owned());
        strava.always(&detail_of(activity), reply);
    }
    let world = world(&strava).await;
    for activity in 1..5 {
        let workout = strava::tell(&world, activity, "create", EVENT_TIME)
            .await
            .workout_id();
        world.settle().await;
        let shown = world.get(&format!("/workouts/{workout}")).await;
        assert_eq!(shown["fetch"]["status"], "failed", "{activity}: {shown}");
        let error = shown["fetch"]["error"].as_str().unwrap();
        assert!(
            error.starts_with("provider_answer: "),
            "{activity}: {error}"
        );
        assert_eq!(shown["generation"], 0);
    }
    world.stop().await;
}

/// The clock is the test's own: it runs ahead as soon as nothing else can happen.
#[tokio::test(start_paused = true)]
async fn an_answer_that_trickles_is_given_up_in_time_and_a_flood_in_size() {
    let provider = Provider::start().await;
    provider.always("GET /slow", Reply::status(200).without_end());
    let flood = vec![b' '; 20 * 1024 * 1024 + 1];
    provider.always("GET /flood", Reply::status(200).with_body(flood));
    let url = |path: &str| format!("{}{path}", provider.url()).parse().unwrap();

    let slow = Client::new().get(&url("/slow"), Vec::new()).await;
    assert!(matches!(slow, Err(Refusal::Unavailable(_))), "{slow:?}");
    let flood = Client::new().get(&url("/flood"), Vec::new()).await;
    assert!(matches!(flood, Err(Refusal::Unusable(_))));
    let nobody = "http://127.0.0.1:1/".parse().unwrap();
    let away = Client::new().get(&nobody, Vec::new()).await;
    assert!(matches!(away, Err(Refusal::Unavailable(_))), "{away:?}");
}
