//! Hevy as the clients of its API describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, promises};
use crate::post::{Credential, Post, hex_hmac};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};

const SECRET: &str = "canary-that-signs-accounts";
const WORKOUT: &str = "3f0c6a5e-0b0e-4a1e-9c86-2c3b0a9f7b11";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "hevy",
    account: "lifter.7",
    activity: WORKOUT,
    settings,
    knows,
    tells,
    credentials: &[Credential::Header("authorization")],
    // The account alone.
    signs_body: false,
    asked_with: &[("api-key", "canary-access")],
    comes_as: [
        Come {
            sport: "strength",
            local_date: "2026-10-21",
            samples: 0,
            figures: &[
                ("/computed/overall/elapsed_s", 3000.0),
                ("/computed/analysis/sets/0/reps", 10.0),
                ("/computed/analysis/sets/0/weight_kg", 60.0),
                ("/computed/analysis/sets/1/weight_kg", 100.0),
                ("/computed/analysis/sets/1/volume_kg", 500.0),
            ],
        },
        Come {
            sport: "strength",
            local_date: "2026-10-21",
            samples: 0,
            figures: &[("/computed/analysis/sets/1/volume_kg", 600.0)],
        },
    ],
};

promises!(DOOR);

fn settings(api: &Provider) -> Value {
    json!({
        "secrets": [SECRET],
        "api": {"base_url": format!("{}/v1/", api.url())},
    })
}

/// Hevy tells no edits; but who saves a workout twice is told of twice.
fn tells(told: &Told<'_>) -> Post {
    let account = told.account.unwrap_or_default();
    let signature = hex_hmac(SECRET, &[account]);
    let event = json!({
        "id": format!("evt-{}", told.changes),
        "payload": {"workoutId": told.activity},
    });
    Post::of(&event).with("authorization", format!("{account}.{signature}"))
}

fn knows(api: &Provider, changes: usize) {
    let set = |index: usize, kind: &str, weight_kg: f64, reps: usize| {
        json!({
            "index": index, "type": kind, "weight_kg": weight_kg, "reps": reps,
            "distance_meters": null, "duration_seconds": null, "rpe": null,
        })
    };
    let workout = json!({
        "id": WORKOUT,
        "title": "Legs",
        "description": "",
        "start_time": "2026-10-21T00:30:00+02:00",
        "end_time": "2026-10-21T01:20:00+02:00",
        "created_at": "2026-10-20T23:21:00Z",
        "updated_at": format!("2026-10-20T23:2{}:00Z", changes + 1),
        "exercises": [{
            "index": 0,
            "title": "Squat (Barbell)",
            "exercise_template_id": "D04AC939",
            "superset_id": null,
            "sets": [set(0, "warmup", 60.0, 10), set(1, "normal", 100.0, 5 + changes)],
        }],
    });
    let path = format!("GET /v1/workouts/{WORKOUT}");
    api.always(&path, Reply::json(&workout));
}
