//! Polar as its documents describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, Visit, looks_back, promises, recording};
use crate::post::{Credential, Post, hex_hmac};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::provider::{Provider, Reply};

const SECRET: &str = "canary-signature-secret-key";
const EXERCISE: &str = "GET /v3/exercises/aQlC83";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "polar",
    account: "475",
    activity: "aQlC83",
    settings,
    knows,
    tells,
    credentials: &[Credential::Header("polar-webhook-signature")],
    signs_body: true,
    asked_with: &[("authorization", "Bearer canary-access")],
    comes_as: [
        Come {
            sport: "run",
            local_date: "2021-06-10",
            samples: 1672,
            figures: &[
                ("/computed/overall/elapsed_s", 1671.0),
                ("/computed/overall/distance_m", 6440.01),
                ("/computed/overall/avg_hr_bpm", 164.223_1),
            ],
        },
        // Without a file, what the exercise says.
        Come {
            sport: "run",
            local_date: "2021-06-10",
            samples: 0,
            figures: &[
                ("/utc_offset_s", 7200.0),
                ("/computed/overall/elapsed_s", 3723.5),
                ("/computed/overall/distance_m", 5010.0),
                ("/computed/overall/avg_hr_bpm", 148.0),
            ],
        },
    ],
};

promises!(DOOR);
looks_back!(DOOR, lists);

fn settings(api: &Provider) -> Value {
    json!({
        "secrets": ["canary-former-secret-key", SECRET],
        "api": {"base_url": format!("{}/v3/", api.url())},
    })
}

fn tells(told: &Told<'_>) -> Post {
    let post = Post::of(&json!({
        "event": "EXERCISE",
        "user_id": told.account_number(),
        "entity_id": told.activity,
        "timestamp": format!("2026-10-21T07:0{}:11Z", told.changes),
        "url": "https://www.polaraccesslink.com/v3/exercises/aQlC83",
    }));
    let signature = hex_hmac(SECRET, &[&post.body]);
    post.with("polar-webhook-signature", signature)
}

fn knows(api: &Provider, changes: usize) {
    let exercise = json!({
        "id": "aQlC83",
        "upload_time": "2026-10-21T07:00:00Z",
        "device": "Polar Vantage V3",
        "start_time": "2026-10-21T00:30:00",
        "start_time_utc_offset": 120,
        "duration": "PT1H2M3.5S",
        "distance": 5010.0,
        "calories": 410,
        "heart_rate": {"average": 148, "maximum": 171},
        "sport": "RUNNING",
        "detailed_sport_info": "RUNNING_TRAIL",
        "has_route": changes == 0,
    });
    api.always(EXERCISE, Reply::json(&exercise));
    let file = if changes == 0 {
        recording("run_track_fenix6.fit")
    } else {
        Reply::status(204)
    };
    api.always(&format!("{EXERCISE}/fit"), file);
}

fn lists(api: &Provider, began: DateTime<Utc>) {
    let local = (began + TimeDelta::hours(2)).naive_utc();
    let rows = json!([{
        "id": "aQlC83",
        "start_time": local.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "start_time_utc_offset": 120,
    }]);
    api.always("GET /v3/exercises", Reply::json(&rows));
}

/// Polar asks whether we are there before it tells the secret, and then the door is still shut.
#[tokio::test]
async fn a_ping_is_answered_before_a_secret_is_known_and_does_nothing() {
    let api = Provider::start().await;
    let settings = BTreeMap::from([("polar".to_owned(), json!({}))]);
    let visit = Visit::with(settings, api).await;
    let before = visit.rows().await;

    let ping = json!({"event": "PING", "timestamp": "2026-10-21T07:02:11Z"});
    let pinged = visit.post(&DOOR, &Post::of(&ping)).await;
    let told = visit.post(&DOOR, &visit.told(&DOOR, 0)).await;

    assert_eq!((pinged.status, pinged.body), (200, json!({"items": []})));
    assert_eq!((told.status, told.code()), (401, "signature_invalid"));
    assert_eq!(visit.rows().await, before);
    visit.stop().await;
}
