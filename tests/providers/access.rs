//! An athlete's tokens: refreshed once, never revoked by a failure, and given up when refused.

use crate::fetch::{fetch_of, world};
use crate::strava::{self, ACCOUNT, EVENT_TIME};
use serde_json::{Value, json};
use std::sync::Mutex;
use support::provider::{Call, Provider, Reply};
use support::world::World;

const REFRESH: &str = "POST /oauth/token";

/// A provider that takes each refresh token once, and believes the newest access token alone.
fn rotates(strava: &Provider, activities: std::ops::Range<u64>) {
    let newest = Mutex::new(1);
    strava.answers(REFRESH, move |call: &Call| {
        let mut newest = newest.lock().unwrap();
        if !call
            .body
            .contains(&format!("refresh_token=canary-refresh-{newest}"))
        {
            return Reply::status(400).with_body(r#"{"error":"invalid_grant"}"#);
        }
        *newest += 1;
        Reply::json(&json!({
            "access_token": format!("canary-access-{newest}"),
            "refresh_token": format!("canary-refresh-{newest}"),
            "expires_in": 21_600,
        }))
    });
    for activity in activities {
        let only_newest = |reply: Value| {
            move |call: &Call| match call.headers["authorization"].to_str() {
                Ok("Bearer canary-access-2") => Reply::json(&reply),
                _ => Reply::status(401),
            }
        };
        strava.answers(
            &strava::detail_of(activity),
            only_newest(strava::detail(activity, 60)),
        );
        strava.answers(
            &strava::streams_of(activity),
            only_newest(strava::streams(60)),
        );
    }
}

async fn states(world: &World) -> Vec<Value> {
    world
        .rows("SELECT DISTINCT to_jsonb(status) FROM stage_runs")
        .await
}

/// P-72
#[tokio::test]
async fn twenty_fetches_with_a_token_that_ended_refresh_it_exactly_once() {
    let strava = Provider::start().await;
    rotates(&strava, 0..20);
    let world = world(&strava).await;
    world
        .connect(
            "strava",
            ACCOUNT,
            "canary-access-1",
            Some("canary-refresh-1"),
            -60,
        )
        .await;
    for activity in 0..20 {
        strava::tell(&world, activity, "create", EVENT_TIME).await;
    }

    world.settle().await;

    assert_eq!(states(&world).await, [json!("complete")]);
    assert_eq!(strava.count(REFRESH), 1);
    let refresh = strava.calls().into_iter().find(|call| call.what == REFRESH);
    assert!(refresh.unwrap().body.contains("client_id=1234"));
    world.stop().await;
}

/// P-72: a token may be revoked before its time.
#[tokio::test]
async fn a_token_that_is_not_believed_is_refreshed_once_by_whoever_finds_out() {
    let strava = Provider::start().await;
    rotates(&strava, 0..20);
    let world = world(&strava).await;
    for activity in 0..20 {
        strava::tell(&world, activity, "create", EVENT_TIME).await;
    }

    world.settle().await;

    assert_eq!(states(&world).await, [json!("complete")]);
    assert_eq!(strava.count(REFRESH), 1);
    world.stop().await;
}

/// P-72: what fails is tried again with the same token, and revokes nothing.
#[tokio::test]
async fn a_refresh_that_fails_is_tried_again_and_the_connection_stays() {
    let strava = Provider::start().await;
    rotates(&strava, 42..43);
    for status in [500, 503, 429] {
        strava.next(REFRESH, Reply::status(status));
    }
    let world = world(&strava).await;
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();

    world.settle().await;

    assert_eq!(fetch_of(&world, workout).await["status"], "complete");
    assert_eq!(strava.count(REFRESH), 4);
    world.stop().await;
}

/// P-72: the athlete sees that the connection is dead, and nobody storms the provider.
#[tokio::test]
async fn a_refused_refresh_ends_the_connection_visibly_and_asks_no_more() {
    let strava = Provider::start().await;
    strava.always(REFRESH, Reply::status(400));
    strava.always(&strava::detail_of(1), Reply::status(401));
    let world = world(&strava).await;
    let workout = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;

    let shown = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(shown["fetch"]["status"], "failed");
    let error = shown["fetch"]["error"].as_str().unwrap();
    assert!(error.starts_with("needs_reauthorisation: "), "{error}");
    assert_eq!(shown["summary_status"], "failed");
    assert_eq!(shown["summary_error"], json!(error));
    let connection = world
        .rows("SELECT to_jsonb(status) FROM connections WHERE provider = 'strava'")
        .await;
    assert_eq!(connection, [json!("needs_reauthorisation")]);

    let before = strava.calls().len();
    for activity in 2..12 {
        strava::tell(&world, activity, "create", EVENT_TIME).await;
    }
    world.settle().await;
    assert_eq!(
        strava.calls().len(),
        before,
        "a dead connection asks nobody"
    );

    // Connected again, what was missed is a click away.
    rotates(&strava, 1..12);
    world
        .connect(
            "strava",
            ACCOUNT,
            "canary-access-2",
            Some("canary-refresh-2"),
            3600,
        )
        .await;
    let again = format!("/workouts/{workout}/reanalyse");
    let answer = world.send(reqwest::Method::POST, &again, "").await;
    assert_eq!(answer.status, 202);
    world.settle().await;
    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["summary_status"], "complete", "{come}");
    world.stop().await;
}

#[tokio::test]
async fn tokens_are_sealed_and_only_who_asks_may_read_them() {
    let strava = Provider::start().await;
    let world = world(&strava).await;
    let plain = world
        .rows(
            "SELECT to_jsonb(count(*)) FROM connections
             WHERE position('canary-access-1'::bytea IN access_token) > 0
                 OR position('canary-refresh-1'::bytea IN refresh_token) > 0",
        )
        .await;
    assert_eq!(plain, [json!(0)]);
    let readers = world
        .rows(
            "SELECT to_jsonb(rolname) FROM pg_roles
             WHERE rolname LIKE 'paceline\\_%'
                 AND has_column_privilege(oid, 'connections', 'access_token', 'SELECT')
             ORDER BY 1",
        )
        .await;
    assert_eq!(
        readers,
        [json!("paceline_connect"), json!("paceline_fetch")]
    );
    world.stop().await;
}
