//! Polar in its own words: the signed event, the exercise and its file.
//!
//! Source: polar.com/accesslink-api, "Webhooks" and "Exercises".

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{Player, Words, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Expected, Kind, tenths};
use crate::simulate::api::{Asked, Found, Happening, Known};
use crate::simulate::key::{Key, account_number};
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;

/// Its `detailed_sport_info`.
const SPORTS: Words<&str> = &[
    (Kind::Run, "RUNNING"),
    (Kind::TrailRun, "RUNNING_TRAIL"),
    (Kind::Ride, "CYCLING_ROAD"),
    (Kind::GravelRide, "CYCLING_CYCLOCROSS"),
    (Kind::Walk, "WALKING"),
    (Kind::Hike, "HIKING"),
    (Kind::Row, "WATERSPORTS_ROWING"),
];

pub(super) struct Polar;

impl Player for Polar {
    fn name(&self) -> &'static str {
        "polar"
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

    fn has_tokens_that_end(&self) -> bool {
        false
    }

    /// An exercise is uploaded, and then stays as it is.
    fn tells(&self, happening: Happening) -> bool {
        happening == Happening::Created
    }

    fn messages(&self, play: &Play, key: Key, _happening: Happening) -> Vec<Message> {
        vec![event(play, key).with(Some(secret(&play.secrets)))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key).with(guess(key))
    }

    fn headers(&self, message: &Message) -> Vec<Header> {
        message.hex_header("polar-webhook-signature")
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["v3", "exercises", path @ ..] = path else {
            return None;
        };
        let found = match path {
            [] => asked.all().map(|known| exercise(&known)).collect(),
            [id] => exercise(&asked.activity(id)?),
            [id, "fit"] => return asked.file(id),
            _ => return None,
        };
        Some(Found::Json(found))
    }

    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("ratelimit-limit", "1000000, 100000000"),
            ("ratelimit-usage", "1, 1"),
        ]
    }

    fn expected(&self, activity: &Activity) -> Expected {
        if activity.is_manual() {
            activity.expected_by_totals()
        } else {
            activity.expected()
        }
    }
}

fn secret(secrets: &Secrets) -> String {
    secrets.for_the("secret of polar")
}

fn event(play: &Play, key: Key) -> Message {
    let options = &play.options;
    let id = key.id(options.seed);
    let at = key.happened_at(options, Happening::Created);
    Message::of(&json!({
        "event": "EXERCISE",
        "user_id": account_number(options.seed, key.athlete),
        "entity_id": id,
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "url": format!("https://www.polaraccesslink.com/v3/exercises/{id}"),
    }))
}

/// `GET exercises/{id}`; its beats are whole.
fn exercise(known: &Known) -> Value {
    let activity = &known.activity;
    let sport = word(SPORTS, activity.kind);
    let (coarse, _) = sport.split_once('_').unwrap_or((sport, ""));
    let hr = activity.samples.iter().map(|sample| sample.hr_bpm);
    json!({
        "id": known.id,
        "upload_time": known.changed_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "device": "simulated",
        "start_time": activity.local_start().format("%Y-%m-%dT%H:%M:%S").to_string(),
        "start_time_utc_offset": activity.offset_s / 60,
        "duration": format!("PT{}M{}S", activity.elapsed_s / 60, activity.elapsed_s % 60),
        "distance": tenths(activity.distance_dm),
        "heart_rate": {"average": activity.avg_hr_bpm.round(), "maximum": hr.max()},
        "sport": coarse,
        "detailed_sport_info": sport,
        "has_route": false,
    })
}
