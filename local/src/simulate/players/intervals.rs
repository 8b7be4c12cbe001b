//! Intervals.icu in its own words: events with the application's secret, the activity, its file or its streams.
//!
//! Source: forum.intervals.icu, threads 80090 ("API Integration Cookbook") and 2759 ("API access").

use chrono::{NaiveDate, SecondsFormat};
use serde_json::{Value, json};

use super::strava::{self, SPORTS};
use super::{Player, and, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Kind};
use crate::simulate::api::{Asked, Found, Happening, Known};
use crate::simulate::key::{Key, account};
use crate::simulate::send::Message;
use crate::simulate::settings::Secrets;

pub(super) struct Intervals;

impl Player for Intervals {
    fn name(&self) -> &'static str {
        "intervals"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"secrets": [secret(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/api/v1/"
    }

    /// Its words are Strava's.
    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn account(&self, number: u64) -> String {
        format!("i{number}")
    }

    fn id(&self, number: u64) -> String {
        format!("i{number}")
    }

    fn number(&self, id: &str) -> Option<u64> {
        id.strip_prefix('i')?.parse().ok()
    }

    fn has_tokens_that_end(&self) -> bool {
        false
    }

    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message> {
        let secret = secret(&play.secrets);
        vec![event(play, key, happening, Some(secret))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        event(play, key, Happening::Created, guess(key))
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["api", "v1", path @ ..] = path else {
            return None;
        };
        let found = match path {
            ["activity", id] => detail(&asked.activity(id)?),
            ["activity", id, "file"] => {
                // Of every other one there is no file.
                let known = asked.activity(id)?;
                return asked.file(id).filter(|_| known.key.index.is_multiple_of(2));
            }
            ["activity", id, "streams.json"] => streams(&asked.activity(id)?.activity),
            ["athlete", _, "activities"] => list(asked),
            _ => return None,
        };
        Some(Found::Json(found))
    }
}

fn secret(secrets: &Secrets) -> String {
    secrets.for_the("secret of intervals")
}

/// It is uploaded first, and analysed whenever it changed.
fn event(play: &Play, key: Key, happening: Happening, secret: Option<String>) -> Message {
    let options = &play.options;
    let kind = match happening {
        Happening::Created => "ACTIVITY_UPLOADED",
        Happening::Updated | Happening::Deleted => "ACTIVITY_ANALYZED",
    };
    let sport = word(SPORTS, Activity::of(options, key, 0).kind);
    let at = key.happened_at(options, happening);
    let event = json!({
        "athlete_id": account(options.seed, key.provider, key.athlete),
        "type": kind,
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, false),
        "activity": {"id": key.id(options.seed), "type": sport},
    });
    Message::of(&json!({"secret": secret, "events": [event]}))
}

/// `GET activity/{id}`.
fn detail(known: &Known) -> Value {
    let local = known.activity.local_start();
    let local = local.format("%Y-%m-%dT%H:%M:%S").to_string();
    let more = [("id", json!(known.id)), ("start_date_local", json!(local))];
    and(strava::told(&known.activity), more)
}

/// `GET activity/{id}/streams.json`.
fn streams(activity: &Activity) -> Value {
    let columns = strava::columns(activity).into_iter();
    columns
        .map(|(kind, data)| json!({"type": kind, "data": data}))
        .collect()
}

/// All since an athlete's date, on one page. What came there from Strava may not be shown, and has no start.
fn list(asked: &Asked<'_>) -> Value {
    let oldest = asked.parameter("oldest");
    let oldest: Option<NaiveDate> = oldest.and_then(|date| date.parse().ok());
    let is_wanted = |known: &Known| {
        let date = known.activity.local_start().date();
        oldest.is_none_or(|oldest| date >= oldest)
    };
    let own = asked.all().filter(is_wanted).map(|known| detail(&known));
    let another = json!({"id": "1", "source": "STRAVA"});
    own.chain([another]).collect()
}
