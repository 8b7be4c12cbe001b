//! The generic provider: the documented JSON, signed by the Standard Webhooks rules.

use serde_json::{Value, json};

use super::{Player, Words, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Kind, Sample, tenths};
use crate::simulate::api::{Asked, Found, Happening};
use crate::simulate::key::{Key, account};
use crate::simulate::send::{Header, Message};
use crate::simulate::settings::Secrets;
use platform::signature::SigningKeys;

/// Our words, and one that is not ours.
const SPORTS: Words<&str> = &[
    (Kind::Run, "run"),
    (Kind::Ride, "ride"),
    (Kind::Walk, "walk"),
    (Kind::Hike, "hike"),
    (Kind::Row, "row"),
    (Kind::Elliptical, "elliptical"),
];

pub(super) struct Paceline;

impl Player for Paceline {
    fn name(&self) -> &'static str {
        "paceline"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"secrets": [secrets.generic()]})
    }

    /// It is never asked.
    fn base(&self) -> &'static str {
        "/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn has_tokens_that_end(&self) -> bool {
        false
    }

    fn tells(&self, _happening: Happening) -> bool {
        true
    }

    fn lists(&self, _happening: Happening) -> bool {
        false
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        let secret = play.secrets.generic().to_owned();
        vec![event(play, key, happening).with(Some(secret))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        // What is no key signs nothing, so that a guess is somebody else's key.
        let guess = guess(key).map(|guess| {
            if guess.is_empty() {
                guess
            } else {
                GUESS.to_owned()
            }
        });
        event(play, key, Happening::Created).with(guess)
    }

    fn headers(&self, message: &Message) -> Vec<Header> {
        let now = platform::clock::now().timestamp();
        let keys = message
            .secret
            .clone()
            .and_then(|key| SigningKeys::parse(&[key]));
        let signature =
            keys.and_then(|keys| keys.sign(&message.name, now, message.body.as_bytes()));
        let signature = signature.map(|signature| ("webhook-signature", signature));
        let named = [
            ("webhook-id", message.name.clone()),
            ("webhook-timestamp", now.to_string()),
        ];
        named.into_iter().chain(signature).collect()
    }

    fn answer(&self, _asked: &Asked<'_>, _path: &[&str]) -> Option<Found> {
        None
    }
}

/// Somebody else's key.
const GUESS: &str = "whsec_YS1ndWVzcy1hdC1hLWtleS1vZi0zMi1ieXRlcw==";

fn event(play: &Play, key: Key, happening: Happening) -> Message {
    let options = &play.options;
    let id = key.id(options.seed);
    let (event, version) = match happening {
        Happening::Created => ("create", 0),
        Happening::Updated => ("update", 1),
        Happening::Deleted => ("delete", 1),
    };
    let activity = activity(&Activity::of(options, key, version));
    let body = json!({
        "event": event,
        "athlete": account(options.seed, key.provider, key.athlete),
        "activity_id": id,
        "occurred_at": key.happened_at(options, happening),
        "activity": (happening != Happening::Deleted).then_some(activity),
    });
    Message::of(&body).named(format!("{event}-{id}"))
}

fn activity(activity: &Activity) -> Value {
    let column =
        |value: fn(&Sample) -> Value| -> Value { activity.samples.iter().map(value).collect() };
    let samples = json!({
        "time_s": column(|sample| json!(sample.at_s)),
        "distance_m": column(|sample| json!(tenths(sample.distance_dm))),
        "speed_mps": column(|sample| json!(tenths(sample.speed))),
        "hr_bpm": column(|sample| json!(sample.hr_bpm)),
        "altitude_m": column(|sample| json!(tenths(sample.altitude_dm))),
        "power_w": column(|sample| json!(sample.watts)),
        "cadence": column(|sample| json!(sample.cadence)),
    });
    json!({
        "sport": word(SPORTS, activity.kind),
        "name": activity.name,
        "started_at": activity.start,
        "utc_offset_s": activity.offset_s,
        "elapsed_s": activity.elapsed_s,
        "timer_s": activity.timer_s,
        "distance_m": tenths(activity.distance_dm),
        "avg_hr_bpm": activity.avg_hr_bpm,
        "samples": (!activity.is_manual()).then_some(samples),
    })
}
