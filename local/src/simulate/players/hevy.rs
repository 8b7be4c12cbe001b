//! Hevy in its own words: the event that names a workout, the workout with its sets, and the list of what was saved.
//!
//! Source: the API description of `chrisdoc/hevy-mcp`; the webhook: `drkostas/hevy2garmin`.

use axum::http::HeaderMap;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Player, guess, number_of_uuid, uuid_of};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Expected, Kind, Set};
use crate::simulate::api::{Asked, Found, Happening, Known, hex, page};
use crate::simulate::key::{Key, account};
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;

pub(super) struct Hevy;

impl Player for Hevy {
    fn name(&self) -> &'static str {
        "hevy"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"secrets": [secret(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/v1/"
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Strength]
    }

    fn id(&self, number: u64) -> String {
        uuid_of(number)
    }

    fn number(&self, id: &str) -> Option<u64> {
        number_of_uuid(id)
    }

    /// An athlete's own key does not end.
    fn has_tokens_that_end(&self) -> bool {
        false
    }

    fn token<'a>(&self, _secrets: &Secrets, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get("api-key")?.to_str().ok()
    }

    /// Its webhook knows what is new alone.
    fn tells(&self, happening: Happening) -> bool {
        happening == Happening::Created
    }

    /// Deletions, too; but whoever was told of a workout that is gone before it was asked for doubts that for minutes.
    fn lists(&self, happening: Happening) -> bool {
        happening != Happening::Deleted
    }

    fn messages(&self, play: &Play, key: Key, _happening: Happening) -> Vec<Message> {
        vec![event(play, key, Some(secret(&play.secrets)))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key, guess(key))
    }

    /// The account, and its signature.
    fn headers(&self, message: &Message) -> Vec<Header> {
        let account = &message.name;
        let signature = message.signature(&[account]);
        let token = signature.map(|bytes| format!("{account}.{}", hex(&bytes)));
        token
            .map(|token| ("authorization", token))
            .into_iter()
            .collect()
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let found = match path {
            ["v1", "workouts", "events"] => list(asked),
            ["v1", "workouts", id] => workout(&asked.activity(id)?),
            _ => return None,
        };
        Some(Found::Json(found))
    }

    /// Sets and a duration; and times in UTC alone, so that nobody knows the athlete's clock.
    fn expected(&self, activity: &Activity) -> Expected {
        Expected {
            local_date: activity.start.date_naive(),
            distance_m: None,
            avg_hr_bpm: None,
            sets: activity.sets.clone(),
            ..activity.expected_by_totals()
        }
    }
}

fn secret(secrets: &Secrets) -> String {
    secrets.for_the("secret of hevy")
}

fn event(play: &Play, key: Key, secret: Option<String>) -> Message {
    let seed = play.options.seed;
    let id = key.id(seed);
    let body = json!({"id": format!("evt-{id}"), "payload": {"workoutId": id}});
    let account = account(seed, key.provider, key.athlete);
    Message::of(&body).with(secret).named(account)
}

/// `GET workouts/{id}`; sets of an exercise follow each other.
fn workout(known: &Known) -> Value {
    let activity = &known.activity;
    let by_exercise = activity
        .sets
        .chunk_by(|one, next| one.exercise == next.exercise);
    let exercise = |(index, sets): (usize, &[Set])| {
        let set = |(index, set): (usize, &Set)| {
            json!({
                "index": index, "type": "normal", "weight_kg": set.weight_kg, "reps": set.reps,
                "distance_meters": null, "duration_seconds": null, "rpe": null,
            })
        };
        json!({
            "index": index,
            "title": sets.first().map(|set| set.exercise),
            "superset_id": null,
            "sets": sets.iter().enumerate().map(set).collect::<Value>(),
        })
    };
    json!({
        "id": known.id,
        "title": activity.name,
        "description": "",
        "start_time": iso(activity.start),
        "end_time": iso(activity.end()),
        "created_at": iso(activity.end()),
        "updated_at": iso(known.changed_at),
        "exercises": by_exercise.enumerate().map(exercise).collect::<Value>(),
    })
}

/// `GET workouts/events`: what was saved or edited since a time.
fn list(asked: &Asked<'_>) -> Value {
    let (number, size) = (asked.count("page", 1), asked.count("pageSize", 5).min(10));
    let since = asked.time("since");
    let is_wanted = |known: &Known| since.is_none_or(|since| known.changed_at >= since);
    let events: Vec<Value> = asked
        .all()
        .filter(is_wanted)
        .map(|known| json!({"type": "updated", "workout": workout(&known)}))
        .collect();
    json!({
        "page": number,
        "page_count": events.len().div_ceil(size),
        "events": page(events.into_iter(), number, size),
    })
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
