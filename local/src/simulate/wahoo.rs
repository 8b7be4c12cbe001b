//! Wahoo in its own words: the webhook with its token, the list, the workout and its file.
//!
//! Source: cloud-api.wahooligan.com, "Webhooks" and "Workouts".

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::activity::{Activity, tenths};
use super::api::Happening;
use super::key::{Key, account};
use super::send::Message;
use super::{Play, Provider};

/// What a webhook says of something that happened to an activity; it tells no deletions.
pub(super) fn event(play: &Play, key: Key, happening: Happening) -> Option<Message> {
    let version = match happening {
        Happening::Created => 0,
        Happening::Updated => 1,
        Happening::Deleted => return None,
    };
    Some(event_of(
        play,
        key,
        version,
        Some(&play.secrets.wahoo_token),
    ))
}

fn event_of(play: &Play, key: Key, version: u8, token: Option<&str>) -> Message {
    let activity = Activity::of(&play.options, key, version);
    let mut summary = summary(play, key, &activity, version);
    if let Some(summary) = summary.as_object_mut() {
        let workout = row(play.options.seed, key, &activity);
        summary.insert("workout".to_owned(), workout);
    }
    let body = json!({
        "event_type": "workout_summary",
        "webhook_token": token,
        "user": {"id": account(play.options.seed, key.athlete)},
        "workout_summary": summary,
    });
    Message {
        provider: Provider::Wahoo,
        path_secret: None,
        client_id: None,
        body: body.to_string(),
    }
}

/// A summary that somebody only claims to come from Wahoo, in one of three ways.
pub(super) fn forged(play: &Play, key: Key) -> Message {
    let token = match key.index % 3 {
        0 => None,
        1 => Some(""),
        _ => Some("a-guess"),
    };
    event_of(play, key, 0, token)
}

/// A workout as `GET workouts` lists it.
pub(super) fn row(seed: u32, key: Key, activity: &Activity) -> Value {
    let (number, _) = activity.kind.wahoo.unwrap_or_default();
    json!({
        "id": key.id(seed),
        "starts": iso(activity.start),
        "minutes": activity.elapsed_s / 60,
        "name": activity.name,
        "created_at": iso(ended(activity)),
        "updated_at": iso(ended(activity)),
        "plan_id": null,
        "workout_token": "simulated",
        "workout_type_id": number,
    })
}

/// `GET workouts/{id}`.
pub(super) fn workout(play: &Play, key: Key, activity: &Activity, version: u8) -> Value {
    let mut workout = row(play.options.seed, key, activity);
    if let Some(workout) = workout.as_object_mut() {
        let summary = summary(play, key, activity, version);
        workout.insert("workout_summary".to_owned(), summary);
    }
    workout
}

/// What was done; figures are decimal text.
fn summary(play: &Play, key: Key, activity: &Activity, version: u8) -> Value {
    let id = key.id(play.options.seed);
    let is_manual = activity.samples.is_empty();
    let url = &play.simulator_url;
    let file = (!is_manual).then(|| format!("{url}/wahoo/files/{id}.fit"));
    let created_at = ended(activity) + TimeDelta::seconds(60);
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

fn ended(activity: &Activity) -> DateTime<Utc> {
    activity.start + TimeDelta::seconds(activity.elapsed_s.into())
}

fn iso(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}
