//! COROS in its own words: rows of totals with the addresses of their files.
//!
//! Source: the API client of camptocamp.org.

use serde_json::{Value, json};

use super::{Player, Words, guess, kinds, word};
use crate::simulate::Play;
use crate::simulate::activity::{Activity, Expected, Kind, tenths};
use crate::simulate::api::{Asked, Found, Happening};
use crate::simulate::key::{Key, account};
use crate::simulate::send::Message;
use crate::simulate::settings::Secrets;

/// Its `mode` and `subMode`.
const SPORTS: Words<(u32, u32)> = &[(Kind::Run, (8, 1)), (Kind::Ride, (9, 1))];
/// Its time zones are counted in quarters of an hour.
const QUARTER_S: i32 = 900;

pub(super) struct Coros;

impl Player for Coros {
    fn name(&self) -> &'static str {
        "coros"
    }

    fn settings(&self, secrets: &Secrets) -> Value {
        json!({"path_secrets": [path_secret(secrets)]})
    }

    fn base(&self) -> &'static str {
        "/"
    }

    fn kinds(&self) -> Vec<Kind> {
        kinds(SPORTS)
    }

    fn has_tokens_that_end(&self) -> bool {
        false
    }

    /// Its files need no token.
    fn is_open(&self) -> bool {
        true
    }

    /// That a row comes again is not documented.
    fn tells(&self, happening: Happening) -> bool {
        happening == Happening::Created
    }

    /// How it lists is not public.
    fn lists(&self, _happening: Happening) -> bool {
        false
    }

    fn messages(&self, play: &Play, key: Key, _happening: Happening) -> Vec<Message> {
        vec![row(play, key).at(Some(path_secret(&play.secrets)))]
    }

    fn forged(&self, play: &Play, key: Key) -> Message {
        // An empty part is none of a path.
        row(play, key).at(guess(key).filter(|guess| !guess.is_empty()))
    }

    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found> {
        let ["files", name] = path else {
            return None;
        };
        asked.file(name.strip_suffix(".fit")?)
    }

    /// Of what has no file, no beats are told.
    fn expected(&self, activity: &Activity) -> Expected {
        if !activity.is_manual() {
            return activity.expected();
        }
        Expected {
            avg_hr_bpm: None,
            ..activity.expected_by_totals()
        }
    }
}

fn path_secret(secrets: &Secrets) -> String {
    secrets.for_the("path of coros")
}

fn row(play: &Play, key: Key) -> Message {
    let options = &play.options;
    let id = key.id(options.seed);
    let activity = Activity::of(options, key, 0);
    let (mode, sub_mode) = word(SPORTS, activity.kind);
    let address = format!("{}/coros/files/{id}.fit", play.simulator_url);
    let quarters = activity.offset_s / QUARTER_S;
    let row = json!({
        "openId": account(options.seed, key.provider, key.athlete),
        "labelId": id,
        "mode": mode,
        "subMode": sub_mode,
        "distance": tenths(activity.distance_dm).round(),
        "duration": activity.elapsed_s,
        "startTime": activity.start.timestamp(),
        "endTime": activity.end().timestamp(),
        "startTimezone": quarters,
        "endTimezone": quarters,
        "fitUrl": (!activity.is_manual()).then_some(address),
    });
    Message::of(&json!({"sportDataList": [row]}))
}
