//! Suunto in its own words: the signed event with the workout's totals, the workout and its file.
//!
//! Source: apizone.suunto.com, "Webhooks"; members and numbers of sports: open-wearables.

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use super::{Player, Words, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Kind, tenths};
use crate::simulate::api::{Asked, Found, Happening, Known, page};
use crate::simulate::key::{Key, account};
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;

/// Its `activityId`.
const SPORTS: Words<u32> = &[
    (Kind::Run, 1),
    (Kind::TrailRun, 22),
    (Kind::Ride, 2),
    (Kind::GravelRide, 99),
    (Kind::Walk, 0),
    (Kind::Hike, 11),
    (Kind::Row, 15),
];

pub(super) struct Suunto;

impl Player for Suunto {
    fn name(&self) -> &'static str {
        "suunto"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"secrets": [secret(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/v3/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn account(&self, number: u64) -> String {
        format!("athlete{number}")
    }

    fn wants_basic(&self) -> bool {
        true
    }

    /// Whoever asks has to have the application's key, too.
    fn token<'a>(&self, secrets: &Secrets, headers: &'a HeaderMap) -> Option<&'a str> {
        let key = headers.get("ocp-apim-subscription-key")?;
        let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = shown.strip_prefix("Bearer ")?;
        (key.as_bytes() == secrets.subscription_key().as_bytes()).then_some(token)
    }

    /// A workout is made, and then stays as it is.
    fn tells(&self, happening: Happening) -> bool {
        happening == Happening::Created
    }

    /// Its file may follow the workout.
    fn may_be_late(&self) -> bool {
        true
    }

    /// Whatever has no file yet is said to have one later.
    fn may_be_manual(&self) -> bool {
        false
    }

    /// It does not try again.
    fn tries(&self) -> u32 {
        1
    }

    fn messages(&self, play: &Play, key: Key, _happening: Happening) -> Vec<Message> {
        vec![event(play, key).with(Some(secret(&play.secrets)))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key).with(guess(key))
    }

    fn headers(&self, message: &Message) -> Vec<Header> {
        message.hex_header("x-hmac-sha256-signature")
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["v3", "workouts", path @ ..] = path else {
            return None;
        };
        let payload = match path {
            [] => list(asked),
            [id] => {
                let Known { id, activity, .. } = asked.activity(id)?;
                workout(&id, &activity)
            }
            [id, "fit"] => {
                let key = asked.activity(id)?.key;
                return asked.file(id).filter(|_| !asked.is_too_early(key));
            }
            _ => return None,
        };
        let wrapped = json!({"error": null, "payload": payload, "metadata": {}});
        Some(Found::Json(wrapped))
    }
}

fn secret(secrets: &Secrets) -> String {
    secrets.for_the("secret of suunto")
}

fn event(play: &Play, key: Key) -> Message {
    let options = &play.options;
    let activity = Activity::of(options, key, 0);
    Message::of(&json!({
        "type": "WORKOUT_CREATED",
        "username": account(options.seed, key.provider, key.athlete),
        "workout": workout(&key.id(options.seed), &activity),
        "gear": {"name": "simulated"},
    }))
}

/// A workout's totals; its start is in milliseconds.
fn workout(id: &str, activity: &Activity) -> Value {
    let hr = activity.samples.iter().map(|sample| sample.hr_bpm);
    json!({
        "workoutKey": id,
        "activityId": word(SPORTS, activity.kind),
        "startTime": activity.start.timestamp_millis(),
        "totalTime": activity.elapsed_s,
        "totalDistance": tenths(activity.distance_dm),
        "timeOffsetInMinutes": activity.offset_s / 60,
        "hrdata": {"workoutAvgHR": activity.avg_hr_bpm.round(), "workoutMaxHR": hr.max()},
    })
}

/// A page of what began since a time, newest first.
fn list(asked: &Asked<'_>) -> Value {
    let since = asked.number("since");
    let (size, skipped) = (asked.count("limit", 50), asked.count("offset", 0));
    let is_wanted = |known: &Known| {
        let start = known.activity.start.timestamp_millis();
        since.is_none_or(|since| start >= since)
    };
    let rows = asked.all().filter(is_wanted);
    let rows = rows.map(|known| workout(&known.id, &known.activity));
    page(rows.skip(skipped), 1, size).into()
}
