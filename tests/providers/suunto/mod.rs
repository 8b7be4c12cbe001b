//! Suunto as its documents describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, looks_back, parameter, promises, recording};
use crate::post::{Credential, Post, hex_hmac};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};

const SECRET: &str = "canary-notification-secret";
const WORKOUT: &str = "GET /v3/workouts/652f77";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "suunto",
    account: "runner42",
    activity: "652f77",
    settings,
    knows,
    tells,
    credentials: &[Credential::Header("x-hmac-sha256-signature")],
    signs_body: true,
    asked_with: &[
        ("authorization", "Bearer canary-access"),
        ("ocp-apim-subscription-key", "canary-subscription-key"),
    ],
    comes_as: [
        Come {
            sport: "swim",
            local_date: "2021-07-09",
            samples: 1762,
            figures: &[
                ("/computed/overall/elapsed_s", 1761.0),
                ("/computed/overall/avg_hr_bpm", 139.034_1),
            ],
        },
        Come {
            sport: "run",
            local_date: "2021-07-09",
            samples: 1672,
            figures: &[
                ("/computed/overall/elapsed_s", 1671.0),
                ("/computed/overall/distance_m", 6440.01),
            ],
        },
    ],
};

promises!(DOOR);
looks_back!(DOOR, lists);

fn settings(api: &Provider) -> Value {
    json!({
        "secrets": [SECRET],
        "api": {
            "client_id": "1234",
            "client_secret": "canary-client-secret",
            "subscription_key": "canary-subscription-key",
            "base_url": format!("{}/v3/", api.url()),
            "token_url": format!("{}/oauth/token", api.url()),
        },
    })
}

fn tells(told: &Told<'_>) -> Post {
    let mut workout = workout(told.changes);
    workout["workoutKey"] = json!(told.activity);
    let post = Post::of(&json!({
        "type": "WORKOUT_CREATED",
        "username": told.account,
        "workout": workout,
        "gear": {"name": "Suunto Race"},
    }));
    let signature = hex_hmac(SECRET, &[&post.body]);
    post.with("x-hmac-sha256-signature", signature)
}

fn knows(api: &Provider, changes: usize) {
    let workout = json!({"error": null, "payload": workout(changes)});
    api.always(WORKOUT, Reply::json(&workout));
    let file = ["swim_pool_fenix6.fit", "run_track_fenix6.fit"][changes];
    api.always(&format!("{WORKOUT}/fit"), recording(file));
}

/// Behind its first hundred.
fn lists(api: &Provider, began: DateTime<Utc>) {
    api.answers("GET /v3/workouts", move |call| {
        let began_ms = began.timestamp_millis();
        let rows = match parameter(call, "offset") {
            Some("0") => json!([{"startTime": began_ms}]),
            Some("100") => json!([{"workoutKey": "652f77", "startTime": began_ms}]),
            _ => json!([]),
        };
        Reply::json(&json!({"error": null, "payload": rows, "metadata": {}}))
    });
}

fn workout(changes: usize) -> Value {
    let sport = [21, 1][changes];
    json!({
        "workoutKey": "652f77",
        "activityId": sport,
        "startTime": 1_792_535_400_000_i64,
        "totalTime": 1761.0,
        "totalDistance": 1000,
        "totalAscent": 0,
        "totalDescent": 0,
        "avgSpeed": 0.6,
        "maxSpeed": 1.1,
        "energyConsumption": 410,
        "stepCount": 0,
        "timeOffsetInMinutes": 120,
        "hrdata": {"workoutAvgHR": 139, "workoutMaxHR": 160},
    })
}
