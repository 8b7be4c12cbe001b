//! Garmin in its own words: lists of summaries and details that are pushed, and pings with an address.
//!
//! Source: Garmin's "Activity API" start guide.

use serde_json::{Value, json};

use super::{Player, Words, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Expected, Kind, Sample, tenths};
use crate::simulate::api::{Asked, Found, Happening};
use crate::simulate::key::Key;
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;

/// Its `activityType`.
const SPORTS: Words<&str> = &[
    (Kind::Run, "RUNNING"),
    (Kind::TrailRun, "TRAIL_RUNNING"),
    (Kind::Ride, "CYCLING"),
    (Kind::GravelRide, "GRAVEL_CYCLING"),
    (Kind::Walk, "WALKING"),
    (Kind::Hike, "HIKING"),
    (Kind::Row, "ROWING"),
    (Kind::Elliptical, "ELLIPTICAL"),
];

pub(super) struct Garmin;

impl Player for Garmin {
    fn name(&self) -> &'static str {
        "garmin"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"client_ids": [client_id(secrets)], "path_secrets": [path_secret(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/wellness-api/rest/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    /// Asked for the past, it sends webhooks.
    fn lists(&self, _happening: Happening) -> bool {
        false
    }

    /// It tells no times of what happened.
    fn may_reorder(&self) -> bool {
        false
    }

    /// For days.
    fn tries(&self) -> u32 {
        8
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        let bodies = pushes(play, key, happening).into_iter();
        bodies.map(|body| ours(play, &body)).collect()
    }

    /// Details without our name, with a guess at it, or at a guessed path.
    fn forged(&self, play: &Play, key: Key) -> Message {
        let activity = Activity::of(&play.options, key, 0);
        let details = details(play.options.seed, key, &activity);
        let message = ours(play, &json!({"activityDetails": [details]}));
        let guess = Some("a-guess".to_owned());
        match key.index % 3 {
            0 => message.with(None),
            1 => message.with(guess),
            _ => message.at(guess),
        }
    }

    fn headers(&self, message: &Message) -> Vec<Header> {
        let shown = message.secret.iter().cloned();
        shown.map(|id| ("garmin-client-id", id)).collect()
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["wellness-api", "rest", "activityDetails"] = path else {
            return None;
        };
        let known = asked.activity(asked.parameter("summaryId")?)?;
        let details = details(asked.play.options.seed, known.key, &known.activity);
        Some(Found::Json(json!([details])))
    }

    /// Of what was typed in, it tells the timer's time alone.
    fn expected(&self, activity: &Activity) -> Expected {
        let expected = activity.expected();
        Expected {
            elapsed_s: expected.elapsed_s.filter(|_| !activity.is_manual()),
            ..expected
        }
    }
}

fn client_id(secrets: &Secrets) -> String {
    secrets.for_the("client id of garmin")
}

fn path_secret(secrets: &Secrets) -> String {
    secrets.for_the("path of garmin")
}

fn ours(play: &Play, body: &Value) -> Message {
    let message = Message::of(body).at(Some(path_secret(&play.secrets)));
    message.with(Some(client_id(&play.secrets)))
}

/// What is pushed when something happened to an activity, in the order in which it is usual.
fn pushes(play: &Play, key: Key, happening: Happening) -> Vec<Value> {
    let seed = play.options.seed;
    let (version, typed_in) = match happening {
        Happening::Created => (0, "activities"),
        Happening::Updated | Happening::Deleted => (1, "manuallyUpdatedActivities"),
    };
    let activity = Activity::of(&play.options, key, version);
    let totals = || summary(seed, key, &activity);
    if activity.is_manual() {
        return vec![json!({typed_in: [totals()]})];
    }
    // Of a few, whatever happens to them, only the address is sent.
    if key.dice(seed, 20).one_in(40) {
        return vec![json!({"activityDetails": [ping(play, key, version)]})];
    }
    let details = details(seed, key, &activity);
    // Totals come beside the details, in the same body or in one of their own.
    if key.index.is_multiple_of(2) {
        vec![json!({"activities": [totals()], "activityDetails": [details]})]
    } else {
        vec![
            json!({"activities": [totals()]}),
            json!({"activityDetails": [details]}),
        ]
    }
}

/// Where the details are; the address differs with what it leads to, as Garmin's tokens do.
fn ping(play: &Play, key: Key, version: u8) -> Value {
    let seed = play.options.seed;
    let id = key.number(seed);
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
    let id = key.number(seed);
    json!({
        "userId": key.account(seed),
        "summaryId": id.to_string(),
        "activityId": id,
        "activityName": activity.name,
        "activityType": word(SPORTS, activity.kind),
        "startTimeInSeconds": activity.start.timestamp(),
        "startTimeOffsetInSeconds": activity.offset_s,
        "durationInSeconds": activity.timer_s,
        "distanceInMeters": tenths(activity.distance_dm),
        "averageHeartRateInBeatsPerMinute": activity.avg_hr_bpm,
        "deviceName": "simulated",
        "manual": activity.is_manual(),
    })
}

/// An element of `activityDetails`.
fn details(seed: u32, key: Key, activity: &Activity) -> Value {
    let id = key.number(seed);
    let start = activity.start.timestamp();
    let cadence = if activity.kind.is_ride() {
        "bikeCadenceInRPM"
    } else {
        "stepsPerMinute"
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
