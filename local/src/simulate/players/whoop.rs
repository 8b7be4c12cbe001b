//! WHOOP in its own words: the signed event, and the workout with its score.
//!
//! Source: developer.whoop.com, "Webhooks" (version 2), "Workout" and "Pagination".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Player, Words, guess, kinds, number_of_uuid, uuid_of, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Expected, Kind, tenths};
use crate::simulate::api::{Asked, Found, Happening, Known, page};
use crate::simulate::key::{Key, account_number};
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;

/// Its `sport_name`.
const SPORTS: Words<&str> = &[
    (Kind::Run, "running"),
    (Kind::TrailRun, "trail-running"),
    (Kind::Ride, "cycling"),
    (Kind::GravelRide, "mountain-biking"),
    (Kind::Walk, "walking"),
    (Kind::Hike, "hiking-rucking"),
    (Kind::Row, "rowing"),
    (Kind::Elliptical, "elliptical"),
];

pub(super) struct Whoop;

impl Player for Whoop {
    fn name(&self) -> &'static str {
        "whoop"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"secrets": [secrets.client()]})
    }

    fn base(&self) -> &'static str {
        "/developer/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn id(&self, number: u64) -> String {
        uuid_of(number)
    }

    fn number(&self, id: &str) -> Option<u64> {
        number_of_uuid(id)
    }

    fn tells(&self, _happening: Happening) -> bool {
        true
    }

    /// Its list tells when a workout changed, and not that one is gone.
    fn lists(&self, happening: Happening) -> bool {
        happening != Happening::Deleted
    }

    /// A score is pending at first.
    fn may_be_late(&self) -> bool {
        true
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        vec![event(play, key, happening).with(Some(play.secrets.client()))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key, Happening::Created).with(guess(key))
    }

    fn headers(&self, message: &Message) -> Vec<Header> {
        let sent_at = platform::clock::now().timestamp_millis().to_string();
        let signature = message.signature(&[&sent_at, &message.body]);
        let signature = signature.map(|bytes| ("x-whoop-signature", STANDARD.encode(bytes)));
        let time = ("x-whoop-signature-timestamp", sent_at);
        signature.into_iter().chain([time]).collect()
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["developer", "v2", "activity", "workout", path @ ..] = path else {
            return None;
        };
        let found = match path {
            [] => list(asked),
            [id] => {
                let known = asked.activity(id)?;
                let is_pending = asked.is_too_early(known.key);
                workout(&known, is_pending)
            }
            _ => return None,
        };
        Some(Found::Json(found))
    }

    /// The nearest limit alone is told; that of a day is as documented.
    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("x-ratelimit-limit", "1000000, 1000000;window=60"),
            ("x-ratelimit-remaining", "999999"),
        ]
    }

    /// Whole beats; of what cannot be scored, a duration alone.
    fn expected(&self, activity: &Activity) -> Expected {
        let expected = activity.expected_by_totals();
        let is_scored = !activity.is_manual();
        Expected {
            distance_m: expected.distance_m.filter(|_| is_scored),
            avg_hr_bpm: is_scored.then(|| activity.avg_hr_bpm.round()),
            ..expected
        }
    }
}

/// It has one word for what is new and what has changed.
fn event(play: &Play, key: Key, happening: Happening) -> Message {
    let seed = play.options.seed;
    let id = key.id(seed);
    let (kind, nth) = match happening {
        Happening::Created => ("workout.updated", 0),
        Happening::Updated => ("workout.updated", 1),
        Happening::Deleted => ("workout.deleted", 2),
    };
    Message::of(&json!({
        "user_id": account_number(seed, key.athlete),
        "id": id,
        "type": kind,
        "trace_id": format!("{id}-{nth}"),
    }))
}

/// `GET v2/activity/workout/{id}`.
fn workout(known: &Known, is_pending: bool) -> Value {
    let activity = &known.activity;
    let offset = FixedOffset::east_opt(activity.offset_s);
    let hr = activity.samples.iter().map(|sample| sample.hr_bpm);
    let state = match (is_pending, activity.is_manual()) {
        (true, _) => "PENDING_SCORE",
        (false, true) => "UNSCORABLE",
        (false, false) => "SCORED",
    };
    let score = json!({
        "average_heart_rate": activity.avg_hr_bpm.round(),
        "max_heart_rate": hr.max(),
        "distance_meter": tenths(activity.distance_dm),
    });
    json!({
        "id": known.id,
        "created_at": iso(activity.end()),
        "updated_at": iso(known.changed_at),
        "start": iso(activity.start),
        "end": iso(activity.end()),
        "timezone_offset": offset.map(|offset| offset.to_string()),
        "sport_name": word(SPORTS, activity.kind),
        "score_state": state,
        "score": (state == "SCORED").then_some(score),
    })
}

/// A page of what began since a time, newest first, and the number of the next as its token.
fn list(asked: &Asked<'_>) -> Value {
    let (number, size) = (
        asked.count("nextToken", 1),
        asked.count("limit", 10).min(25),
    );
    let start = asked.time("start");
    let is_wanted = |known: &Known| start.is_none_or(|start| known.activity.start >= start);
    let rows: Vec<Value> = asked
        .all()
        .filter(is_wanted)
        .map(|known| workout(&known, false))
        .collect();
    let is_last = rows.len() <= number * size;
    json!({
        "next_token": (!is_last).then(|| (number + 1).to_string()),
        "records": page(rows.into_iter(), number, size),
    })
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}
