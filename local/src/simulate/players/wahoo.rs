//! Wahoo in its own words: the webhook with its token, the list, the workout and its file.
//!
//! Source: cloud-api.wahooligan.com, "Webhooks" and "Workouts".

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Player, Words, and, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Kind, tenths};
use crate::simulate::api::{Asked, Found, Happening, page};
use crate::simulate::key::{Key, account_number};
use crate::simulate::send::Message;
use crate::simulate::settings::Secrets;

/// Its `workout_type_id`, where it is documented.
const SPORTS: Words<u32> = &[
    (Kind::Run, 1),
    (Kind::TrailRun, 4),
    (Kind::Ride, 0),
    (Kind::GravelRide, 15),
    (Kind::Hike, 9),
];

pub(super) struct Wahoo;

impl Player for Wahoo {
    fn name(&self) -> &'static str {
        "wahoo"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"tokens": [webhook_token(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/v1/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    /// Once and four times more.
    fn tries(&self) -> u32 {
        5
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        let version = u8::from(happening == Happening::Updated);
        let token = webhook_token(&play.secrets);
        vec![event(play, key, version, Some(token))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key, 0, guess(key))
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let found = match path {
            ["files", name] => return asked.file(name.strip_suffix(".fit")?),
            ["v1", "workouts"] => list(asked),
            ["v1", "workouts", id] => {
                let known = asked.activity(id)?;
                workout(asked.play, known.key, &known.activity, known.version)
            }
            _ => return None,
        };
        Some(Found::Json(found))
    }

    /// A day, an hour, five minutes.
    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("x-ratelimit-limit", "100000000, 10000000, 1000000"),
            ("x-ratelimit-remaining", "99999999, 9999999, 999999"),
        ]
    }
}

fn webhook_token(secrets: &Secrets) -> String {
    secrets.for_the("token of wahoo")
}

fn event(play: &Play, key: Key, version: u8, token: Option<String>) -> Message {
    let seed = play.options.seed;
    let activity = Activity::of(&play.options, key, version);
    let summary = summary(play, key, &activity, version);
    let summary = and(summary, [("workout", row(seed, key, &activity))]);
    Message::of(&json!({
        "event_type": "workout_summary",
        "webhook_token": token,
        "user": {"id": account_number(seed, key.athlete)},
        "workout_summary": summary,
    }))
}

/// A page of workouts, newest first.
fn list(asked: &Asked<'_>) -> Value {
    let (number, size) = (asked.count("page", 1), asked.count("per_page", 30));
    let seed = asked.play.options.seed;
    let rows: Vec<Value> = asked
        .all()
        .map(|known| row(seed, known.key, &known.activity))
        .collect();
    json!({
        "total": rows.len(),
        "workouts": page(rows.into_iter(), number, size),
        "page": number,
        "per_page": size,
        "order": "descending",
        "sort": "starts",
    })
}

/// A workout as `GET workouts` lists it.
fn row(seed: u32, key: Key, activity: &Activity) -> Value {
    json!({
        "id": key.number(seed),
        "starts": iso(activity.start),
        "minutes": activity.elapsed_s / 60,
        "name": activity.name,
        "created_at": iso(activity.end()),
        "updated_at": iso(activity.end()),
        "plan_id": null,
        "workout_token": "simulated",
        "workout_type_id": word(SPORTS, activity.kind),
    })
}

/// `GET workouts/{id}`.
fn workout(play: &Play, key: Key, activity: &Activity, version: u8) -> Value {
    let summary = summary(play, key, activity, version);
    and(
        row(play.options.seed, key, activity),
        [("workout_summary", summary)],
    )
}

/// What was done; figures are decimal text.
fn summary(play: &Play, key: Key, activity: &Activity, version: u8) -> Value {
    let id = key.number(play.options.seed);
    let is_manual = activity.is_manual();
    let url = &play.simulator_url;
    let file = (!is_manual).then(|| format!("{url}/wahoo/files/{id}.fit"));
    let created_at = activity.end() + TimeDelta::seconds(60);
    let figure = |value: f64| format!("{value:.4}");
    json!({
        "id": id,
        "distance_accum": figure(tenths(activity.distance_dm)),
        "duration_active_accum": figure(activity.timer_s.into()),
        "duration_paused_accum": figure((activity.elapsed_s - activity.timer_s).into()),
        "duration_total_accum": figure(activity.elapsed_s.into()),
        "heart_rate_avg": figure(activity.avg_hr_bpm),
        "time_zone": zone(activity.offset_s),
        "manual": is_manual,
        "edited": version > 0,
        "created_at": iso(created_at),
        "updated_at": iso(created_at + TimeDelta::hours(version.into())),
        "file": {"url": file},
    })
}

/// A zone that was always as far from UTC as athletes are.
fn zone(offset_s: i32) -> &'static str {
    match offset_s {
        -36_000 => "Pacific/Honolulu",
        -25_200 => "America/Phoenix",
        -10_800 => "America/Argentina/Buenos_Aires",
        3_600 => "Africa/Lagos",
        19_800 => "Asia/Kolkata",
        32_400 => "Asia/Tokyo",
        46_800 => "Pacific/Tongatapu",
        _ => "Etc/UTC",
    }
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}
