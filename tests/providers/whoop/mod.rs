//! WHOOP as its documents describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, Visit, looks_back, parameter, promises};
use crate::post::{Credential, Post, base64_hmac};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::now;

const SECRET: &str = "canary-client-secret";
const WORKOUT: &str = "ecfc6a15-4661-442f-a9a4-f160dd7afae8";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "whoop",
    account: "10129",
    activity: WORKOUT,
    settings,
    knows,
    tells,
    credentials: &[
        Credential::Header("x-whoop-signature"),
        Credential::Header("x-whoop-signature-timestamp"),
    ],
    signs_body: true,
    asked_with: &[("authorization", "Bearer canary-access")],
    comes_as: [
        Come {
            sport: "run",
            local_date: "2026-10-21",
            samples: 0,
            figures: &[
                ("/utc_offset_s", 7200.0),
                ("/computed/overall/elapsed_s", 1800.0),
                ("/computed/overall/distance_m", 5010.0),
                ("/computed/overall/avg_hr_bpm", 148.0),
            ],
        },
        Come {
            sport: "run",
            local_date: "2026-10-21",
            samples: 0,
            figures: &[("/computed/overall/distance_m", 5110.0)],
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
            "client_secret": SECRET,
            "base_url": format!("{}/developer/", api.url()),
            "token_url": format!("{}/oauth/oauth2/token", api.url()),
        },
    })
}

/// WHOOP has one word for what is new and what has changed.
fn tells(told: &Told<'_>) -> Post {
    event("workout.updated", told)
}

fn event(kind: &str, told: &Told<'_>) -> Post {
    let sent_at = DateTime::<Utc>::from(now()).timestamp_millis().to_string();
    let post = Post::of(&json!({
        "user_id": told.account_number(),
        "id": told.activity,
        "type": kind,
        "trace_id": format!("{kind}-{}", told.changes),
    }));
    let signature = base64_hmac(SECRET, &[&sent_at, &post.body]);
    post.with("x-whoop-signature", signature)
        .with("x-whoop-signature-timestamp", sent_at)
}

fn asked() -> String {
    format!("GET /developer/v2/activity/workout/{WORKOUT}")
}

fn knows(api: &Provider, changes: usize) {
    let metres = [5010.0, 5110.0][changes];
    let workout = json!({
        "id": WORKOUT,
        "user_id": 10129,
        "created_at": "2026-10-20T23:05:00.000Z",
        "updated_at": "2026-10-20T23:06:00.000Z",
        "start": "2026-10-20T22:30:00.000Z",
        "end": "2026-10-20T23:00:00.000Z",
        "timezone_offset": "+02:00",
        "sport_name": "running",
        "sport_id": 0,
        "score_state": "SCORED",
        "score": {
            "strain": 8.25,
            "average_heart_rate": 148,
            "max_heart_rate": 171,
            "kilojoule": 1569.35,
            "distance_meter": metres,
            "altitude_gain_meter": 46.6,
            "zone_durations": {"zone_zero_milli": 0},
        },
    });
    api.always(&asked(), Reply::json(&workout));
}

/// On the page that the first one names.
pub(crate) fn lists(api: &Provider, began: DateTime<Utc>) {
    api.answers("GET /developer/v2/activity/workout", move |call| {
        let began = began.to_rfc3339_opts(SecondsFormat::Millis, true);
        Reply::json(&match parameter(call, "nextToken") {
            None => json!({"records": [], "next_token": "MTIz"}),
            Some("MTIz") => json!({
                "records": [{"id": WORKOUT, "start": began, "updated_at": began}],
                "next_token": null,
            }),
            Some(_) => return Reply::status(500),
        })
    });
}

/// P-08
#[tokio::test]
async fn a_deletion_leaves_a_tombstone_once_whoop_does_not_know_the_workout() {
    let visit = Visit::to(&DOOR).await;
    let workout = visit.bring(&DOOR, 0).await;
    let deleted = |changes| {
        let (account, activity) = (Some(DOOR.account), Some(DOOR.activity));
        let api = &visit.api;
        event(
            "workout.deleted",
            &Told {
                api,
                account,
                activity,
                changes,
            },
        )
    };

    // Signed or not, it is asked, and here it still knows the workout.
    let told = visit.post(&DOOR, &deleted(1)).await;
    assert_eq!(told.body["outcome"], "announced");
    visit.world.settle().await;
    assert_eq!(visit.api.count(&asked()), 2);
    visit.assert_is(workout, &DOOR.comes_as[0]).await;

    visit.api.always(&asked(), Reply::status(404));
    visit.post(&DOOR, &deleted(2)).await;
    visit.world.settle().await;

    assert_eq!(visit.api.count(&asked()), 3);
    assert_eq!(visit.world.get("/workouts").await["workouts"], json!([]));
    let tombstones = "SELECT to_jsonb(id) FROM workouts WHERE deleted_at IS NOT NULL";
    assert_eq!(visit.world.rows(tombstones).await, [json!(workout)]);
    visit.stop().await;
}
