//! Hevy as the clients of its API describe it: what it sends, and what its API answers.

use crate::doors::{Come, Door, Told, Visit, looks_back, parameter, promises};
use crate::post::{Credential, Post, hex_hmac};
use crate::reconcile::hours_pass;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::now;

const SECRET: &str = "canary-that-signs-accounts";
const EVENTS: &str = "GET /v1/workouts/events";
pub(crate) const WORKOUT: &str = "3f0c6a5e-0b0e-4a1e-9c86-2c3b0a9f7b11";

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
looks_back!(DOOR, lists);

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
    let exercises = json!([{
        "index": 0,
        "title": "Squat (Barbell)",
        "exercise_template_id": "D04AC939",
        "superset_id": null,
        "sets": [set(0, "warmup", 60.0, 10), set(1, "normal", 100.0, 5 + changes)],
    }]);
    let path = format!("GET /v1/workouts/{WORKOUT}");
    api.always(&path, Reply::json(&workout(changes, &exercises)));
}

/// A set of an exercise.
pub(crate) fn set(index: usize, kind: &str, weight_kg: f64, reps: usize) -> Value {
    json!({
        "index": index, "type": kind, "weight_kg": weight_kg, "reps": reps,
        "distance_meters": null, "duration_seconds": null, "rpe": null,
    })
}

/// The workout after so many changes.
pub(crate) fn workout(changes: usize, exercises: &Value) -> Value {
    json!({
        "id": WORKOUT,
        "title": "Legs",
        "description": "",
        "start_time": "2026-10-21T00:30:00+02:00",
        "end_time": "2026-10-21T01:20:00+02:00",
        "created_at": "2026-10-20T23:21:00Z",
        "updated_at": format!("2026-10-20T23:2{}:00Z", changes + 1),
        "exercises": exercises,
    })
}

/// On its second page.
fn lists(api: &Provider, began: DateTime<Utc>) {
    api.answers(EVENTS, move |call| {
        let events = match parameter(call, "page") {
            Some("1") => json!([{"type": "deleted", "id": "never-seen"}]),
            Some("2") => json!([saved(began, began)]),
            _ => return Reply::status(500),
        };
        Reply::json(&json!({"page": 1, "page_count": 2, "events": events}))
    });
}

/// An event of a workout that was saved, or edited.
fn saved(began: DateTime<Utc>, at: DateTime<Utc>) -> Value {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "type": "updated",
        "workout": {"id": WORKOUT, "start_time": text(began), "updated_at": text(at)},
    })
}

/// The API tells these events, on one page.
fn happened(api: &Provider, events: &Value) {
    let page = json!({"page": 1, "page_count": 1, "events": events});
    api.always(EVENTS, Reply::json(&page));
}

/// Hevy tells edits by its list alone.
#[tokio::test]
async fn an_edit_is_found_in_the_list_and_asked_for_once() {
    let visit = Visit::to(&DOOR).await;
    let workout = visit.bring(&DOOR, 0).await;
    let now = DateTime::<Utc>::from(now());
    let began = now - TimeDelta::days(1);
    // Known since before anybody asked.
    happened(&visit.api, &json!([saved(began, began)]));
    let pass = visit.world.look_back().await;
    assert_eq!((&pass["asked"], &pass["changed"]), (&json!(1), &json!(0)));

    (DOOR.knows)(&visit.api, 1);
    happened(&visit.api, &json!([saved(began, now)]));
    hours_pass(&visit.world).await;
    let pass = visit.world.look_back().await;
    assert_eq!(
        (&pass["repaired"], &pass["changed"]),
        (&json!(0), &json!(1))
    );
    visit.world.settle().await;
    visit.assert_is(workout, &DOOR.comes_as[1]).await;

    // Asked long enough after the edit, it is not asked for again.
    happened(
        &visit.api,
        &json!([saved(began, now - TimeDelta::hours(1))]),
    );
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["changed"], 0);
    visit.stop().await;
}

/// P-08: a deletion counts once Hevy, asked, does not know the workout.
#[tokio::test]
async fn a_deletion_is_found_in_the_list_and_believed_once_hevy_does_not_know_the_workout() {
    let visit = Visit::to(&DOOR).await;
    let workout = visit.bring(&DOOR, 0).await;
    let deleted = json!([{"type": "deleted", "id": WORKOUT, "deleted_at": "2026-10-22T05:00:00Z"}]);
    happened(&visit.api, &deleted);

    assert_eq!(visit.world.look_back().await["changed"], 1);
    visit.world.settle().await;
    visit.assert_is(workout, &DOOR.comes_as[0]).await;

    let path = format!("GET /v1/workouts/{WORKOUT}");
    visit.api.always(&path, Reply::status(404));
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["changed"], 1);
    visit.world.settle().await;
    assert_eq!(visit.world.get("/workouts").await["workouts"], json!([]));

    // A tombstone is asked about no more.
    let asked = visit.api.count(&path);
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["changed"], 0);
    assert_eq!(visit.api.count(&path), asked);
    visit.stop().await;
}
