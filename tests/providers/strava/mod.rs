//! Strava as its documents describe it: what it sends, and what its API answers.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::provider::{Provider, Reply};
use support::world::{Answer, World};

/// The athlete's id at Strava.
pub(crate) const ACCOUNT: &str = "4455667";
const PATH: &str = "strava/a-path-that-nobody-knows";
const SUBSCRIPTION: u64 = 135_790;

/// Strava's settings for an instance that asks this stand-in.
pub(crate) fn settings(strava: &Provider) -> BTreeMap<String, Value> {
    let settings = json!({
        "verify_tokens": ["verify"],
        "path_secrets": ["a-path-that-nobody-knows"],
        "subscription_id": SUBSCRIPTION,
        "api": {
            "client_id": "1234",
            "client_secret": "canary-client-secret",
            "base_url": format!("{}/api/v3/", strava.url()),
            "token_url": format!("{}/oauth/token", strava.url()),
        },
    });
    BTreeMap::from([("strava".to_owned(), settings)])
}

/// Tells of an activity, as Strava does.
pub(crate) async fn tell(world: &World, activity: u64, aspect: &str, at: i64) -> Answer {
    let body = json!({
        "object_type": "activity",
        "object_id": activity,
        "aspect_type": aspect,
        "updates": {},
        "owner_id": ACCOUNT.parse::<u64>().unwrap(),
        "subscription_id": SUBSCRIPTION,
        "event_time": at,
    });
    world.post_webhook(PATH, &[], body.to_string()).await
}

/// Tells that the athlete took our access away, as Strava does.
pub(crate) async fn deauthorise(world: &World, at: i64) -> Answer {
    let owner = ACCOUNT.parse::<u64>().unwrap();
    let body = json!({
        "object_type": "athlete",
        "object_id": owner,
        "aspect_type": "update",
        "updates": {"authorized": "false"},
        "owner_id": owner,
        "subscription_id": SUBSCRIPTION,
        "event_time": at,
    });
    world.post_webhook(PATH, &[], body.to_string()).await
}

/// When Strava tells of something, in seconds since 1970.
pub(crate) const EVENT_TIME: i64 = 1_795_200_000;

/// What Strava's API is asked for this activity.
pub(crate) fn detail_of(activity: u64) -> String {
    format!("GET /api/v3/activities/{activity}")
}

/// What Strava's API is asked for this activity's samples.
pub(crate) fn streams_of(activity: u64) -> String {
    format!("GET /api/v3/activities/{activity}/streams")
}

/// Strava knows a run of this many seconds, with its samples.
pub(crate) fn knows_run(strava: &Provider, activity: u64, seconds: u32) {
    strava.always(
        &detail_of(activity),
        Reply::json(&detail(activity, seconds)),
    );
    strava.always(&streams_of(activity), Reply::json(&streams(seconds)));
}

/// A run, as the API tells it.
pub(crate) fn detail(activity: u64, seconds: u32) -> Value {
    json!({
        "id": activity,
        "name": "Evening run",
        "type": "Run",
        "sport_type": "TrailRun",
        "start_date": "2026-11-20T17:30:00Z",
        "start_date_local": "2026-11-20T18:30:00Z",
        "utc_offset": 3600.0,
        "elapsed_time": seconds,
        "moving_time": seconds,
        "distance": f64::from(seconds) * 3.0,
        "average_heartrate": 150.0,
        "average_cadence": 85.0,
        "manual": false,
    })
}

/// The samples of [`detail`], one a second.
pub(crate) fn streams(seconds: u32) -> Value {
    let column = |value: fn(u32) -> f64| -> Value {
        let data: Vec<f64> = (0..=seconds).map(value).collect();
        json!({"data": data, "series_type": "time", "original_size": data.len(), "resolution": "high"})
    };
    json!({
        "time": column(f64::from),
        "distance": column(|second| f64::from(second) * 3.0),
        "heartrate": column(|_| 150.0),
        "cadence": column(|_| 85.0),
    })
}
