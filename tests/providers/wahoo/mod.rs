//! Wahoo as its documents describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, looks_back, parameter, promises, recording};
use crate::post::{Credential, Post};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "wahoo",
    account: "60462",
    activity: "4711",
    settings,
    knows,
    tells,
    credentials: &[Credential::Body("webhook_token")],
    signs_body: false,
    asked_with: &[("authorization", "Bearer canary-access")],
    comes_as: [
        Come {
            sport: "ride",
            local_date: "2025-10-20",
            samples: 1801,
            figures: &[
                ("/computed/overall/elapsed_s", 1800.0),
                ("/computed/overall/distance_m", 11_845.34),
                ("/computed/overall/avg_hr_bpm", 112.710_7),
                ("/computed/overall/avg_power_w", 163.514_7),
            ],
        },
        // Without a file, what the summary says.
        Come {
            sport: "ride",
            local_date: "2025-10-20",
            samples: 0,
            figures: &[
                ("/utc_offset_s", 7200.0),
                ("/computed/overall/elapsed_s", 3601.0),
                ("/computed/overall/timer_s", 3540.0),
                ("/computed/overall/distance_m", 30_211.7),
                ("/computed/overall/avg_hr_bpm", 141.0),
                ("/computed/overall/avg_power_w", 192.0),
                ("/computed/overall/avg_cadence", 84.0),
            ],
        },
    ],
};

promises!(DOOR);
looks_back!(DOOR, lists);

fn settings(api: &Provider) -> Value {
    json!({
        "tokens": ["canary-of-the-form"],
        "api": {
            "client_id": "1234",
            "client_secret": "canary-client-secret",
            "base_url": format!("{}/v1/", api.url()),
            "token_url": format!("{}/oauth/token", api.url()),
        },
    })
}

fn tells(told: &Told<'_>) -> Post {
    let mut summary = summary(told.api, told.changes);
    summary["workout"] = json!({
        "id": told.activity_number(),
        "starts": "2026-10-20T22:30:00.000Z",
        "minutes": 60,
        "name": "Tempo",
        "plan_id": null,
        "workout_token": "abc",
        "workout_type_id": 15,
    });
    Post::of(&json!({
        "event_type": "workout_summary",
        "webhook_token": "canary-of-the-form",
        "user": {"id": told.account_number()},
        "workout_summary": summary,
    }))
}

fn knows(api: &Provider, changes: usize) {
    api.always("GET /files/8297.fit", recording("indoor_bike_fr965.fit"));
    let workout = json!({
        "id": 4711,
        "starts": "2026-10-20T22:30:00.000Z",
        "minutes": 60,
        "name": "Tempo",
        "workout_type_id": 15,
        "workout_summary": summary(api, changes),
    });
    api.always("GET /v1/workouts/4711", Reply::json(&workout));
}

/// Its second page: the first is full of what was planned, and none has an end.
fn lists(api: &Provider, began: DateTime<Utc>) {
    api.answers("GET /v1/workouts", move |call| {
        let row = |id: u32, starts: DateTime<Utc>| {
            json!({
                "id": id,
                "starts": starts.to_rfc3339_opts(SecondsFormat::Millis, true),
                "minutes": 60,
                "name": "Tempo",
                "plan_id": null,
                "workout_token": "abc",
                "workout_type_id": 15,
            })
        };
        let planned = began + TimeDelta::days(7);
        let rows = match parameter(call, "page") {
            Some("1") => json!([row(4713, planned), row(4712, planned)]),
            Some("2") => json!([row(4711, began), row(4000, began - TimeDelta::days(400))]),
            // What follows is older still, and not asked for.
            _ => return Reply::status(500),
        };
        Reply::json(&json!({
            "workouts": rows, "total": 99, "page": 1, "per_page": 30,
            "order": "descending", "sort": "starts",
        }))
    });
}

/// Its figures are decimal text; once it was edited, there is no file.
fn summary(api: &Provider, changes: usize) -> Value {
    let file = (changes == 0).then(|| format!("{}/files/8297.fit", api.url()));
    json!({
        "id": 8297,
        "ascent_accum": "142.0",
        "cadence_avg": "84.0",
        "calories_accum": "610.0",
        "distance_accum": "30211.7",
        "duration_active_accum": "3540.0",
        "duration_paused_accum": "61.0",
        "duration_total_accum": "3601.0",
        "heart_rate_avg": "141.0",
        "power_avg": "192.0",
        "speed_avg": "8.39",
        "time_zone": "Europe/Berlin",
        "manual": changes > 0,
        "edited": changes > 0,
        "fitness_app_id": 1,
        "created_at": "2026-10-21T06:10:00.000Z",
        "updated_at": format!("2026-10-21T06:1{changes}:00.000Z"),
        "file": {"url": file},
    })
}
