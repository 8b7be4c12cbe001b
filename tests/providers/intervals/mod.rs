//! Intervals.icu as its forum describes it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, looks_back, promises, recording};
use crate::post::{Credential, Post};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};

const ACTIVITY: &str = "GET /api/v1/activity/i99887766";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "intervals",
    account: "i12345",
    activity: "i99887766",
    settings,
    knows,
    tells,
    credentials: &[Credential::Body("secret")],
    signs_body: false,
    asked_with: &[("authorization", "Bearer canary-access")],
    comes_as: [
        // Its own samples, where it has no file.
        Come {
            sport: "run",
            local_date: "2026-10-21",
            samples: 601,
            figures: &[
                ("/computed/overall/elapsed_s", 600.0),
                ("/computed/overall/distance_m", 1800.0),
                ("/computed/overall/avg_hr_bpm", 150.0),
                // Both legs.
                ("/computed/overall/avg_cadence", 170.0),
            ],
        },
        Come {
            sport: "run",
            local_date: "2026-10-21",
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
        "secrets": ["canary-of-the-application"],
        "api": {"base_url": format!("{}/api/v1/", api.url())},
    })
}

fn tells(told: &Told<'_>) -> Post {
    let kind = ["ACTIVITY_UPLOADED", "ACTIVITY_ANALYZED"][told.changes];
    let event = json!({
        "athlete_id": told.account,
        "type": kind,
        "timestamp": format!("2026-10-21T07:0{}:00.000+00:00", told.changes),
        "activity": {"id": told.activity, "type": "Run"},
    });
    Post::of(&json!({"secret": "canary-of-the-application", "events": [event]}))
}

fn knows(api: &Provider, changes: usize) {
    let activity = json!({
        "id": "i99887766",
        "name": "Evening run",
        "type": "TrailRun",
        "start_date": "2026-10-20T22:30:00Z",
        "start_date_local": "2026-10-21T00:30:00",
        "elapsed_time": 600,
        "moving_time": 600,
        "distance": 1800.0,
        "average_heartrate": 150,
        "average_cadence": 85.0,
    });
    api.always(ACTIVITY, Reply::json(&activity));
    let file = if changes == 0 {
        Reply::status(404)
    } else {
        recording("run_track_fenix6.fit")
    };
    api.always(&format!("{ACTIVITY}/file"), file);
    let stream = |kind: &str, value: fn(u32) -> f64| {
        let data: Vec<f64> = (0..=600).map(value).collect();
        json!({"type": kind, "data": data})
    };
    let streams = json!([
        stream("time", f64::from),
        stream("distance", |second| f64::from(second) * 3.0),
        stream("heartrate", |_| 150.0),
        stream("cadence", |_| 85.0),
    ]);
    api.always(&format!("{ACTIVITY}/streams.json"), Reply::json(&streams));
}

fn lists(api: &Provider, began: DateTime<Utc>) {
    let began = began.to_rfc3339_opts(SecondsFormat::Secs, true);
    let rows = json!([
        {"id": "9", "start_date_local": "2026-10-21T00:30:00", "source": "STRAVA"},
        {"id": "i99887766", "type": "TrailRun", "start_date": began},
    ]);
    api.always("GET /api/v1/athlete/i12345/activities", Reply::json(&rows));
}
