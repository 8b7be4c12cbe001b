//! Strava as its documents describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, Visit, promises};
use crate::post::{Credential, Post};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::provider::{Provider, Reply};
use support::world::{Answer, World};

/// The athlete's id at Strava.
pub(crate) const ACCOUNT: &str = "4455667";
const SECRET: &str = "canary-path-that-nobody-knows";
const VERIFY: &str = "canary-verify-token";
const SUBSCRIPTION: u64 = 135_790;

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "strava",
    account: ACCOUNT,
    activity: "42",
    settings: configured,
    knows: |api, changes| knows_run(api, 42, seconds(changes)),
    tells,
    credentials: &[Credential::Path],
    signs_body: false,
    asked_with: &[("authorization", "Bearer canary-access")],
    comes_as: [
        Come {
            sport: "run",
            local_date: "2026-11-20",
            samples: 601,
            figures: &[
                ("/utc_offset_s", 3600.0),
                ("/computed/overall/elapsed_s", 600.0),
                ("/computed/overall/distance_m", 1800.0),
                ("/computed/overall/avg_hr_bpm", 150.0),
                // Both legs.
                ("/computed/overall/avg_cadence", 170.0),
            ],
        },
        Come {
            sport: "run",
            local_date: "2026-11-20",
            samples: 901,
            figures: &[("/computed/overall/distance_m", 2700.0)],
        },
    ],
};

promises!(DOOR);

/// How long the run of [`DOOR`] is after so many changes.
fn seconds(changes: usize) -> u32 {
    [600, 900][changes]
}

fn tells(told: &Told<'_>) -> Post {
    let (aspect, at) = [("create", EVENT_TIME), ("update", EVENT_TIME + 60)][told.changes];
    let (owner, activity) = (told.account_number(), told.activity_number());
    Post::of(&event(owner, activity, aspect, at)).at(SECRET)
}

fn event(owner: Option<u64>, activity: Option<u64>, aspect: &str, at: i64) -> Value {
    json!({
        "object_type": "activity",
        "object_id": activity,
        "aspect_type": aspect,
        "updates": {},
        "owner_id": owner,
        "subscription_id": SUBSCRIPTION,
        "event_time": at,
    })
}

/// Strava's settings alone.
pub(crate) fn settings(strava: &Provider) -> BTreeMap<String, Value> {
    BTreeMap::from([("strava".to_owned(), configured(strava))])
}

/// Strava's settings for an instance that asks this stand-in.
fn configured(strava: &Provider) -> Value {
    json!({
        "verify_tokens": [VERIFY],
        "path_secrets": [SECRET],
        "subscription_id": SUBSCRIPTION,
        "api": {
            "client_id": "1234",
            "client_secret": "canary-client-secret",
            "base_url": format!("{}/api/v3/", strava.url()),
            "token_url": format!("{}/oauth/token", strava.url()),
        },
    })
}

async fn post(world: &World, body: &Value) -> Answer {
    let path = format!("strava/{SECRET}");
    world.post_webhook(&path, &[], body.to_string()).await
}

/// Tells of an activity, as Strava does.
pub(crate) async fn tell(world: &World, activity: u64, aspect: &str, at: i64) -> Answer {
    let owner = ACCOUNT.parse().ok();
    post(world, &event(owner, Some(activity), aspect, at)).await
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
    post(world, &body).await
}

/// When Strava tells of something, in seconds since 1970.
pub(crate) const EVENT_TIME: i64 = 1_795_200_000;

/// A moment of today: what happened long ago is of the past, whoever tells of it.
pub(crate) fn just_now() -> i64 {
    chrono::DateTime::<chrono::Utc>::from(support::world::now()).timestamp()
}

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

/// P-01
#[tokio::test]
async fn a_subscriptions_challenge_is_echoed_to_who_knows_our_path_and_token_alone() {
    let ask = async |visit: &Visit, path: &str, token: &str| {
        let challenge = "hub.mode=subscribe&hub.challenge=15f7d1a91c1f";
        let path = format!("/webhooks/strava{path}?{challenge}{token}");
        visit.world.send(Method::GET, &path, "").await
    };
    let ours = format!("/{SECRET}");
    let token = |token: &str| format!("&hub.verify_token={token}");
    let visit = Visit::open(&[&DOOR]).await;
    let before = visit.rows().await;

    let known = ask(&visit, &ours, &token(VERIFY)).await;
    assert_eq!(
        (known.status, known.body),
        (200, json!({"hub.challenge": "15f7d1a91c1f"}))
    );
    let shorter = token(&VERIFY[1..]);
    for (path, token, code) in [
        (ours.as_str(), String::new(), "signature_missing"),
        (&ours, token(""), "signature_invalid"),
        (&ours, token("another"), "signature_invalid"),
        (&ours, shorter, "signature_invalid"),
        ("", token(VERIFY), "signature_missing"),
        ("/another", token(VERIFY), "signature_invalid"),
    ] {
        let refused = ask(&visit, path, &token).await;
        assert_eq!(
            (refused.status, refused.code()),
            (401, code),
            "{path} {token}"
        );
    }
    assert_eq!(visit.rows().await, before);
    visit.stop().await;

    // Nobody is known to whom no token is told.
    for tokens in [json!([]), json!([""])] {
        let api = Provider::start().await;
        let mut settings = settings(&api);
        settings.entry("strava".to_owned()).and_modify(|strava| {
            strava["verify_tokens"] = tokens;
        });
        let visit = Visit::with(settings, api).await;
        for token in [token(VERIFY), token(""), String::new()] {
            assert_eq!(ask(&visit, &ours, &token).await.status, 401, "{token}");
        }
        visit.stop().await;
    }
}
