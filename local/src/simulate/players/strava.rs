//! Strava in its own words: the webhook, the activity and its streams.
//!
//! Source: developers.strava.com, "Webhook Events API" and "API Reference".

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Player, Words, and, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Kind, Sample, tenths};
use crate::simulate::api::{Asked, Found, Happening, Known, page};
use crate::simulate::key::{Key, account_number};
use crate::simulate::send::Message;
use crate::simulate::settings::Secrets;

/// Its `sport_type`.
pub(super) const SPORTS: Words<&str> = &[
    (Kind::Run, "Run"),
    (Kind::TrailRun, "TrailRun"),
    (Kind::Ride, "Ride"),
    (Kind::GravelRide, "GravelRide"),
    (Kind::Walk, "Walk"),
    (Kind::Hike, "Hike"),
    (Kind::Row, "Rowing"),
    (Kind::Elliptical, "Elliptical"),
];

pub(super) struct Strava;

impl Player for Strava {
    fn name(&self) -> &'static str {
        "strava"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({
            "verify_tokens": [secrets.client()],
            "path_secrets": [path_secret(secrets)],
            "subscription_id": subscription_id(secrets),
        })
    }

    fn base(&self) -> &'static str {
        "/api/v3/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn tells(&self, _happening: Happening) -> bool {
        true
    }

    fn may_be_late(&self) -> bool {
        true
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        let path_secret = path_secret(&play.secrets);
        let event = event(play, key, happening, subscription_id(&play.secrets));
        vec![event.at(Some(path_secret))]
    }

    /// Of another subscription, or without the path's secret, or with a guess.
    fn forged(&self, play: &Play, key: Key) -> Message {
        let ours = subscription_id(&play.secrets);
        let of = |id, path_secret| event(play, key, Happening::Created, id).at(path_secret);
        match key.index % 3 {
            0 => of(ours + 1, Some(path_secret(&play.secrets))),
            1 => of(ours, None),
            _ => of(ours, Some("a-guess".to_owned())),
        }
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let found = match path {
            ["api", "v3", "activities", id] => detail(asked.play, &asked.activity(id)?),
            ["api", "v3", "activities", id, "streams"] => {
                let Known { key, activity, .. } = asked.activity(id)?;
                if asked.is_too_early(key) {
                    json!({})
                } else {
                    streams(&activity)
                }
            }
            ["api", "v3", "athlete", "activities"] => list(asked),
            _ => return None,
        };
        Some(Found::Json(found))
    }

    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("x-readratelimit-limit", "1000000,100000000"),
            ("x-readratelimit-usage", "1,1"),
        ]
    }
}

fn path_secret(secrets: &Secrets) -> String {
    secrets.for_the("path of strava")
}

fn subscription_id(secrets: &Secrets) -> u64 {
    let digits = secrets.for_the("subscription");
    let digits = digits.get(..8).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

fn event(play: &Play, key: Key, happening: Happening, subscription_id: u64) -> Message {
    let seed = play.options.seed;
    let (aspect, updates) = match happening {
        Happening::Created => ("create", json!({})),
        Happening::Updated => ("update", json!({"title": "Changed"})),
        Happening::Deleted => ("delete", json!({})),
    };
    Message::of(&json!({
        "object_type": "activity",
        "object_id": key.number(seed),
        "aspect_type": aspect,
        "updates": updates,
        "owner_id": account_number(seed, key.athlete),
        "subscription_id": subscription_id,
        "event_time": key.happened_at(&play.options, happening).timestamp(),
    }))
}

/// A page of an athlete's activities, newest first, or oldest first after a time.
fn list(asked: &Asked<'_>) -> Value {
    let (before, after) = (asked.number("before"), asked.number("after"));
    let (number, size) = (asked.count("page", 1), asked.count("per_page", 30).min(200));
    let is_wanted = |known: &Known| {
        let start = known.activity.start.timestamp();
        before.is_none_or(|before| start < before) && after.is_none_or(|after| start > after)
    };
    let mut found: Vec<Known> = asked.all().filter(is_wanted).collect();
    if after.is_some() {
        found.reverse();
    }
    let rows = found.iter().map(|known| detail(asked.play, known));
    page(rows, number, size).into()
}

/// `GET activities/{id}`.
fn detail(play: &Play, known: &Known) -> Value {
    let Known { key, activity, .. } = known;
    let seed = play.options.seed;
    let sport = word(SPORTS, activity.kind);
    // Ends in Z although it is local.
    let local = iso(activity.local_start().and_utc());
    and(
        told(activity),
        [
            ("id", json!(key.number(seed))),
            ("athlete", json!({"id": account_number(seed, key.athlete)})),
            ("sport_type", json!(sport)),
            ("start_date_local", json!(local)),
            ("utc_offset", json!(f64::from(activity.offset_s))),
            ("has_heartrate", json!(true)),
            ("device_watts", json!(has_power(activity))),
            ("manual", json!(activity.is_manual())),
        ],
    )
}

/// What those tell of an activity who follow Strava, too.
pub(super) fn told(activity: &Activity) -> Value {
    json!({
        "name": activity.name,
        "type": word(SPORTS, activity.kind),
        "start_date": iso(activity.start),
        "elapsed_time": activity.elapsed_s,
        "moving_time": activity.timer_s,
        "distance": tenths(activity.distance_dm),
        "average_heartrate": activity.avg_hr_bpm,
        "max_heartrate": activity.samples.iter().map(|sample| sample.hr_bpm).max(),
    })
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn has_power(activity: &Activity) -> bool {
    activity.samples.iter().any(|sample| sample.watts.is_some())
}

/// The samples in columns, by type.
pub(super) fn columns(activity: &Activity) -> Vec<(&'static str, Vec<Value>)> {
    let column = |value: fn(&Sample) -> Value| activity.samples.iter().map(value).collect();
    let mut columns = vec![
        ("time", column(|sample| json!(sample.at_s))),
        (
            "distance",
            column(|sample| json!(tenths(sample.distance_dm))),
        ),
        (
            "velocity_smooth",
            column(|sample| json!(tenths(sample.speed))),
        ),
        ("heartrate", column(|sample| json!(sample.hr_bpm))),
        (
            "altitude",
            column(|sample| json!(tenths(sample.altitude_dm))),
        ),
        // Of one leg or one pedal stroke.
        ("cadence", column(|sample| json!(sample.cadence / 2))),
    ];
    if has_power(activity) {
        columns.push(("watts", column(|sample| json!(sample.watts))));
    }
    columns
}

/// `GET activities/{id}/streams`, by type.
fn streams(activity: &Activity) -> Value {
    let stream = |(kind, data): (&str, Vec<Value>)| {
        let size = data.len();
        let stream = json!({
            "data": data, "series_type": "time", "original_size": size, "resolution": "high",
        });
        (kind.to_owned(), stream)
    };
    Value::Object(columns(activity).into_iter().map(stream).collect())
}
