//! Strava in its own words: the webhook, the activity and its streams.
//!
//! Source: developers.strava.com, "Webhook Events API" and "API Reference".

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use super::activity::{Activity, Sample, tenths};
use super::api::Happening;
use super::key::{Key, account};
use super::send::Message;
use super::{Options, Play, Provider};

/// The event of something that happened to an activity.
///
/// Its time follows from the activity alone, so that a second run says the same.
pub(super) fn event(play: &Play, key: Key, happening: Happening) -> Message {
    event_of(play, key, happening, play.secrets.subscription_id)
}

fn event_of(play: &Play, key: Key, happening: Happening, subscription_id: u64) -> Message {
    let Options { seed, .. } = play.options;
    let activity = Activity::of(&play.options, key, 0);
    let (aspect, later_s, updates) = match happening {
        Happening::Created => ("create", 60, json!({})),
        Happening::Updated => ("update", 3600, json!({"title": "Changed"})),
        Happening::Deleted => ("delete", 7200, json!({})),
    };
    let end = activity.start + TimeDelta::seconds(activity.elapsed_s.into());
    let body = json!({
        "object_type": "activity",
        "object_id": key.id(seed),
        "aspect_type": aspect,
        "updates": updates,
        "owner_id": account(seed, key.athlete),
        "subscription_id": subscription_id,
        "event_time": end.timestamp() + later_s,
    });
    Message {
        provider: Provider::Strava,
        path_secret: Some(play.secrets.strava_path.clone()),
        client_id: None,
        body: body.to_string(),
    }
}

/// An event of an activity that somebody only claims to have been, in one of three ways.
pub(super) fn forged(play: &Play, key: Key) -> Message {
    let ours = play.secrets.subscription_id;
    let way = key.index % 3;
    let subscription_id = if way == 0 { ours + 1 } else { ours };
    let mut message = event_of(play, key, Happening::Created, subscription_id);
    match way {
        0 => {}
        1 => message.path_secret = None,
        _ => message.path_secret = Some("a-guess".to_owned()),
    }
    message
}

/// `GET activities/{id}`.
pub(super) fn detail(seed: u32, key: Key, activity: &Activity) -> Value {
    let Activity {
        start, offset_s, ..
    } = activity;
    let iso =
        |moment: chrono::DateTime<chrono::Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    let hr: Vec<u32> = activity.samples.iter().map(|s| s.hr_bpm).collect();
    json!({
        "id": key.id(seed),
        "athlete": {"id": account(seed, key.athlete)},
        "name": activity.name,
        "type": activity.kind.strava,
        "sport_type": activity.kind.strava,
        "start_date": iso(*start),
        // Ends in Z although it is local.
        "start_date_local": iso(*start + TimeDelta::seconds((*offset_s).into())),
        "utc_offset": f64::from(*offset_s),
        "elapsed_time": activity.elapsed_s,
        "moving_time": activity.timer_s,
        "distance": tenths(activity.distance_dm),
        "has_heartrate": true,
        "average_heartrate": activity.avg_hr_bpm,
        "max_heartrate": hr.into_iter().max(),
        "device_watts": activity.samples.iter().any(|sample| sample.watts.is_some()),
        "manual": activity.samples.is_empty(),
    })
}

/// `GET activities/{id}/streams`, by type.
pub(super) fn streams(activity: &Activity) -> Value {
    let samples = &activity.samples;
    let column = |value: fn(&Sample) -> Value| {
        let data: Vec<Value> = samples.iter().map(value).collect();
        let size = data.len();
        json!({"data": data, "series_type": "time", "original_size": size, "resolution": "high"})
    };
    let mut streams = json!({
        "time": column(|sample| json!(sample.at_s)),
        "distance": column(|sample| json!(tenths(sample.distance_dm))),
        "velocity_smooth": column(|sample| json!(tenths(sample.speed))),
        "heartrate": column(|sample| json!(sample.hr_bpm)),
        "altitude": column(|sample| json!(tenths(sample.altitude_dm))),
        // Of one leg or one pedal stroke.
        "cadence": column(|sample| json!(sample.cadence / 2)),
    });
    if activity.samples.iter().any(|sample| sample.watts.is_some())
        && let Some(streams) = streams.as_object_mut()
    {
        streams.insert("watts".to_owned(), column(|sample| json!(sample.watts)));
    }
    streams
}
