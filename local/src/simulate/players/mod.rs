//! The providers that can be played: a file for each says what it sends, what its API answers, and what it cannot do.

mod coros;
mod garmin;
mod hevy;
mod intervals;
mod paceline;
mod polar;
mod strava;
mod suunto;
mod wahoo;
mod whoop;

use std::fmt;
use std::hash::{Hash, Hasher};

use axum::http::{HeaderMap, header};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::activity::{Activity, Expected, Kind};
use super::api::{Asked, Found, Happening};
use super::key::Key;
use super::send::{Header, Message};
use super::settings::Secrets;
use super::{Options, Play};

/// Everybody that can be played, by name.
const PLAYERS: &[&dyn Player] = &[
    &coros::Coros,
    &garmin::Garmin,
    &hevy::Hevy,
    &intervals::Intervals,
    &paceline::Paceline,
    &polar::Polar,
    &strava::Strava,
    &suunto::Suunto,
    &wahoo::Wahoo,
    &whoop::Whoop,
];

/// A provider's words for what athletes do there.
type Words<T> = &'static [(Kind, T)];

/// What a provider's file says.
pub(super) trait Player: Send + Sync {
    /// Its name in paths and in the database.
    fn name(&self) -> &'static str;

    /// By what an instance believes it: its settings but `api`.
    fn settings(&self, secrets: &Secrets) -> Value;

    /// Where its API is, below its name.
    fn base(&self) -> &'static str;

    /// What athletes do there.
    fn kinds(&self) -> Vec<Kind>;

    /// What is sent when something happened that it [tells](Self::tells), in the order in which it is usual.
    fn messages(&self, play: &Play, key: Key, happening: Happening) -> Vec<Message>;

    /// What somebody sends who only claims to be it.
    fn forged(&self, play: &Play, key: Key) -> Message;

    /// The headers with which a message is posted now.
    fn headers(&self, _message: &Message) -> Vec<Header> {
        Vec::new()
    }

    /// What its API answers to somebody who is believed.
    fn answer(&self, asked: &Asked<'_>, path: &[&str]) -> Option<Found>;

    /// The headers of every answer: an application that may ask a lot, where they tell a limit.
    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// What must be shown of an activity, where it tells less than all.
    fn expected(&self, activity: &Activity) -> Expected {
        activity.expected()
    }

    /// Whether a webhook tells that this happened.
    fn tells(&self, happening: Happening) -> bool {
        happening != Happening::Deleted
    }

    /// Whether its list of what there is tells that this happened.
    fn lists(&self, happening: Happening) -> bool {
        happening == Happening::Created
    }

    /// Whether the order does not matter in which it tells of one activity: it only announces, or it tells when.
    fn may_reorder(&self) -> bool {
        true
    }

    /// Whether what it has of an activity may come later than its webhook.
    fn may_be_late(&self) -> bool {
        false
    }

    /// Whether an activity may have no samples though others have.
    fn may_be_manual(&self) -> bool {
        true
    }

    /// How often it tries in all when nobody answers, or hears 5xx.
    fn tries(&self) -> u32 {
        3
    }

    /// Its account of an athlete.
    fn account(&self, number: u64) -> String {
        number.to_string()
    }

    /// Its id of an activity.
    fn id(&self, number: u64) -> String {
        number.to_string()
    }

    /// The activity that has this id.
    fn number(&self, id: &str) -> Option<u64> {
        id.parse().ok()
    }

    /// Whether its tokens end and are refreshed.
    fn has_tokens_that_end(&self) -> bool {
        true
    }

    /// Whether it wants to hear in `Authorization` who refreshes a token.
    fn wants_basic(&self) -> bool {
        false
    }

    /// Whether it is asked without a token.
    fn is_open(&self) -> bool {
        false
    }

    /// The athlete's token in a request; `None` when something else is missing, too.
    fn token<'a>(&self, _secrets: &Secrets, headers: &'a HeaderMap) -> Option<&'a str> {
        let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        shown.strip_prefix("Bearer ")
    }
}

/// A provider that can be played.
#[derive(Clone, Copy)]
pub struct Provider(&'static dyn Player);

impl Provider {
    /// Everybody that can be played, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAYERS.iter().map(|player| Self(*player))
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|provider| provider.as_str() == name)
    }

    /// Its name in paths and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// Whether it tells what there is, so that a lost webhook can be made up for.
    #[must_use]
    pub fn has_list(self) -> bool {
        self.0.lists(Happening::Created)
    }

    /// Its file.
    pub(super) fn player(self) -> &'static dyn Player {
        self.0
    }

    /// Whether the instance can know that this happened, from a webhook or from a list that it asks for.
    pub(super) fn lets_know(self, options: &Options, happening: Happening) -> bool {
        self.0.tells(happening) || (options.reconciled && self.0.lists(happening))
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Provider {}

impl PartialOrd for Provider {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Provider {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Provider {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The kinds of a table of words.
fn kinds<T>(words: Words<T>) -> Vec<Kind> {
    words.iter().map(|(kind, _)| *kind).collect()
}

/// A table's word for a kind.
fn word<T: Copy + Default>(words: Words<T>, kind: Kind) -> T {
    let found = words.iter().find(|(known, _)| *known == kind);
    found.map(|(_, word)| *word).unwrap_or_default()
}

/// An object with more members, or with others.
fn and<const N: usize>(mut object: Value, more: [(&str, Value); N]) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    object
}

/// What somebody shows, or signs with, who does not know the secret: nothing, nothing in it, or a guess.
fn guess(key: Key) -> Option<String> {
    let guess = match key.index % 3 {
        0 => return None,
        1 => "",
        _ => "a-guess",
    };
    Some(guess.to_owned())
}

/// An id in the form of a UUID, as some providers have them.
fn uuid_of(number: u64) -> String {
    let (high, low) = (number / 1_000_000_000_000, number % 1_000_000_000_000);
    format!("{high:04}0000-0000-4000-8000-{low:012}")
}

/// The number that such an id was made of.
fn number_of_uuid(id: &str) -> Option<u64> {
    let high: u64 = id.get(..4)?.parse().ok()?;
    let low: u64 = id.get(24..)?.parse().ok()?;
    let number = high * 1_000_000_000_000 + low;
    (uuid_of(number) == id).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_name_of_their_own_a_sport_and_ids_that_lead_back() {
        let names: Vec<&str> = Provider::all().map(Provider::as_str).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        for provider in Provider::all() {
            assert!(!provider.player().kinds().is_empty(), "{provider}");
            for number in [0, 1_000_050_007, (1 << 53) - 1] {
                let id = provider.player().id(number);
                assert_eq!(provider.player().number(&id), Some(number), "{provider}");
            }
            assert_eq!(provider.player().number("éééééééééééééééé"), None);
        }
    }

    #[test]
    fn everybody_that_has_a_door_can_be_played() {
        let mut doors: Vec<&str> = platform::providers::names().collect();
        doors.sort_unstable();
        let played: Vec<&str> = Provider::all().map(Provider::as_str).collect();
        assert_eq!(played, doors);
    }
}
