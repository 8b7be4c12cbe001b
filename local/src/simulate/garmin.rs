//! Garmin in its own words: lists of summaries and details that are pushed, and pings with an address.
//!
//! Source: Garmin's "Activity API" start guide.

use serde_json::{Value, json};

use super::activity::{Activity, Fate, Sample, tenths};
use super::api::Happening;
use super::key::Key;
use super::send::Message;
use super::{Play, Provider};

/// What is pushed when something happened to an activity, in the order in which it is usual.
pub(super) fn pushes(play: &Play, key: Key, happening: Happening) -> Vec<Message> {
    let options = &play.options;
    let fate = Fate::of(options, key);
    let version = match happening {
        Happening::Created => 0,
        Happening::Updated => 1,
        // There is no such event.
        Happening::Deleted => return Vec::new(),
    };
    if fate.is_ping {
        return vec![message(
            play,
            &json!({"activityDetails": [ping(play, key, version)]}),
        )];
    }
    let activity = Activity::of(options, key, version);
    let totals = || summary(options.seed, key, &activity);
    if fate.is_manual {
        let list = match happening {
            Happening::Created => "activities",
            Happening::Updated | Happening::Deleted => "manuallyUpdatedActivities",
        };
        return vec![message(play, &json!({list: [totals()]}))];
    }
    let details = details(options.seed, key, &activity);
    // Totals come beside the details, in the same body or in one of their own.
    if key.index.is_multiple_of(2) {
        let both = json!({"activities": [totals()], "activityDetails": [details]});
        vec![message(play, &both)]
    } else {
        vec![
            message(play, &json!({"activities": [totals()]})),
            message(play, &json!({"activityDetails": [details]})),
        ]
    }
}

/// Details that somebody only claims to come from Garmin, in one of three ways.
pub(super) fn forged(play: &Play, key: Key) -> Message {
    let activity = Activity::of(&play.options, key, 0);
    let details = details(play.options.seed, key, &activity);
    let mut message = message(play, &json!({"activityDetails": [details]}));
    match key.index % 3 {
        0 => message.client_id = None,
        1 => message.client_id = Some("a-guess".to_owned()),
        _ => message.path_secret = Some("a-guess".to_owned()),
    }
    message
}

fn message(play: &Play, body: &Value) -> Message {
    Message {
        provider: Provider::Garmin,
        path_secret: Some(play.secrets.garmin_path.clone()),
        client_id: Some(play.secrets.garmin_client_id.clone()),
        body: body.to_string(),
    }
}

/// Where the details are; the address differs with what it leads to, as Garmin's tokens do.
fn ping(play: &Play, key: Key, version: u8) -> Value {
    let seed = play.options.seed;
    let id = key.id(seed);
    let url = &play.simulator_url;
    json!({
        "userId": key.account(seed),
        "summaryId": format!("{id}-detail"),
        "callbackURL": format!(
            "{url}/garmin/wellness-api/rest/activityDetails?summaryId={id}&token={version}"
        ),
    })
}

/// An element of `activities`.
fn summary(seed: u32, key: Key, activity: &Activity) -> Value {
    let id = key.id(seed);
    json!({
        "userId": key.account(seed),
        "summaryId": id.to_string(),
        "activityId": id,
        "activityName": activity.name,
        "activityType": activity.kind.garmin,
        "startTimeInSeconds": activity.start.timestamp(),
        "startTimeOffsetInSeconds": activity.offset_s,
        "durationInSeconds": activity.timer_s,
        "distanceInMeters": tenths(activity.distance_dm),
        "averageHeartRateInBeatsPerMinute": activity.avg_hr_bpm,
        "deviceName": "simulated",
        "manual": activity.samples.is_empty(),
    })
}

/// An element of `activityDetails`.
pub(super) fn details(seed: u32, key: Key, activity: &Activity) -> Value {
    let id = key.id(seed);
    let start = activity.start.timestamp();
    let is_on_foot = activity.kind.garmin != "CYCLING" && activity.kind.garmin != "GRAVEL_CYCLING";
    let cadence = if is_on_foot {
        "stepsPerMinute"
    } else {
        "bikeCadenceInRPM"
    };
    let sample = |sample: &Sample| {
        let mut told = json!({
            "startTimeInSeconds": start + i64::from(sample.at_s),
            "heartRate": sample.hr_bpm,
            "speedMetersPerSecond": tenths(sample.speed),
            "totalDistanceInMeters": tenths(sample.distance_dm),
            "elevationInMeters": tenths(sample.altitude_dm),
            cadence: sample.cadence,
        });
        if let (Some(watts), Some(told)) = (sample.watts, told.as_object_mut()) {
            told.insert("powerInWatts".to_owned(), json!(watts));
        }
        told
    };
    json!({
        "userId": key.account(seed),
        "summaryId": format!("{id}-detail"),
        "activityId": id,
        "summary": summary(seed, key, activity),
        "samples": activity.samples.iter().map(sample).collect::<Vec<Value>>(),
        "laps": [{"startTimeInSeconds": start}],
    })
}
