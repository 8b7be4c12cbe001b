//! The providers' APIs, as the instance asks them: activities as they are now, and tokens that rotate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::activity::{Activity, Fate};
use super::key::{FORGED, Key, account};
use super::settings::CLIENT_ID;
use super::{Options, Play, Provider, fit, garmin, strava, wahoo};

/// How long a refreshed token is believed, in seconds: Strava's six hours.
const TOKEN_LIFE_S: u64 = 6 * 3600;
/// What an application may ask that is allowed a lot, and what it used of that.
const LIMITS: [(&str, &str); 4] = [
    ("x-readratelimit-limit", "1000000,100000000"),
    ("x-readratelimit-usage", "1,1"),
    // Wahoo's: a day, an hour, five minutes.
    ("x-ratelimit-limit", "100000000, 10000000, 1000000"),
    ("x-ratelimit-remaining", "99999999, 9999999, 999999"),
];

/// What happened to an activity at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    Created,
    Updated,
    Deleted,
}

/// What became of an activity so far; most are as they began and are not kept.
#[derive(Debug, Clone, Copy, Default)]
struct Made {
    version: u8,
    is_deleted: bool,
    was_asked_for_samples: bool,
}

/// What the providers know beyond what follows from the seed.
#[derive(Default)]
pub(super) struct Api {
    made: Mutex<HashMap<Key, Made>>,
    /// How often an athlete's tokens were refreshed.
    rotated: Mutex<HashMap<(Provider, u32), u32>>,
}

impl Api {
    /// Makes something happen at the provider, before anybody is told.
    pub(super) fn happen(&self, key: Key, happening: Happening) {
        match happening {
            Happening::Created => {}
            Happening::Updated => self.change(key, |made| made.version = 1),
            Happening::Deleted => self.change(key, |made| made.is_deleted = true),
        }
    }

    fn change<T>(&self, key: Key, change: impl FnOnce(&mut Made) -> T) -> T {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        change(made.entry(key).or_default())
    }

    /// The version that there is; `None` when it was deleted.
    fn version(&self, options: &Options, key: Key) -> Option<u8> {
        let fate = Fate::of(options, key);
        if fate.is_dropped {
            // Nobody is told, so nobody could be told in time.
            return (!fate.is_deleted).then_some(fate.last_version());
        }
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.get(&key).copied().unwrap_or_default();
        (!made.is_deleted).then_some(made.version)
    }

    fn rotations(&self, provider: Provider, athlete: u32) -> u32 {
        let rotated = self.rotated.lock().unwrap_or_else(PoisonError::into_inner);
        rotated.get(&(provider, athlete)).copied().unwrap_or(0)
    }

    /// Ends the tokens of an athlete, and answers of which generation the next are.
    fn rotate(&self, provider: Provider, athlete: u32) -> u32 {
        let mut rotated = self.rotated.lock().unwrap_or_else(PoisonError::into_inner);
        let rotations = rotated.entry((provider, athlete)).or_insert(0);
        *rotations += 1;
        *rotations
    }
}

/// Which of an athlete's tokens.
#[derive(Debug, Clone, Copy)]
pub(super) enum TokenKind {
    Access,
    Refresh,
}

/// An athlete's token after so many refreshes: whose it is, and what only we can know.
pub(super) fn token(
    play: &Play,
    provider: Provider,
    account: &str,
    kind: TokenKind,
    rotations: u32,
) -> String {
    let secret = &play.secrets.tokens;
    let digest = Sha256::digest(format!(
        "{secret} {provider} {account} {kind:?} {rotations}"
    ));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{account}.{hex}")
}

/// Everything that the instance may ask.
pub(super) fn router(play: Arc<Play>) -> Router {
    Router::new().fallback(answer).with_state(play)
}

async fn answer(
    State(play): State<Arc<Play>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    play.tally.asked.add();
    let mut path = uri.path().split('/').filter(|part| !part.is_empty());
    let provider = match path.next() {
        Some("strava") => Provider::Strava,
        Some("garmin") => Provider::Garmin,
        Some("wahoo") => Provider::Wahoo,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let path: Vec<&str> = path.collect();
    if method == Method::POST && path == ["oauth", "token"] {
        return refresh(&play, provider, &body);
    }
    let Some(athlete) = believed(&play, provider, &headers) else {
        play.tally.refused.add();
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let asked = Asked {
        play: &play,
        provider,
        athlete,
        query: uri.query().unwrap_or_default(),
    };
    match asked.find(&path) {
        Some(Found::Json(found)) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (json, LIMITS, found.to_string()).into_response()
        }
        Some(Found::File(bytes)) => {
            let file = [(header::CONTENT_TYPE, "application/octet-stream")];
            (file, LIMITS, bytes).into_response()
        }
        None => (StatusCode::NOT_FOUND, LIMITS).into_response(),
    }
}

/// Whose token a request carries, if it is the latest.
fn believed(play: &Play, provider: Provider, headers: &HeaderMap) -> Option<u32> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    owner(
        play,
        provider,
        TokenKind::Access,
        shown.strip_prefix("Bearer ")?,
    )
}

/// The athlete whose token this is now.
fn owner(play: &Play, provider: Provider, kind: TokenKind, shown: &str) -> Option<u32> {
    let (account, _) = shown.split_once('.')?;
    // An account is the beginning of its activities' ids.
    let id = account.parse::<u64>().ok()?.checked_mul(100_000)?;
    let athlete = Key::of(&play.options, provider, id)?.athlete;
    let rotations = play.api.rotations(provider, athlete);
    (token(play, provider, account, kind, rotations) == shown).then_some(athlete)
}

/// Refreshes tokens (RFC 6749, section 6); the old ones end.
fn refresh(play: &Play, provider: Provider, body: &[u8]) -> Response {
    let form = std::str::from_utf8(body).unwrap_or_default();
    let is_ours = parameter(form, "client_id") == Some(CLIENT_ID)
        && parameter(form, "client_secret") == Some(&play.secrets.client_secret)
        && parameter(form, "grant_type") == Some("refresh_token");
    let athlete = parameter(form, "refresh_token")
        .filter(|_| is_ours)
        .and_then(|shown| owner(play, provider, TokenKind::Refresh, shown));
    let Some(athlete) = athlete else {
        play.tally.refused.add();
        return StatusCode::BAD_REQUEST.into_response();
    };
    play.tally.refreshed.add();
    let rotations = play.api.rotate(provider, athlete);
    let account = account(play.options.seed, athlete).to_string();
    let of = |kind| token(play, provider, &account, kind, rotations);
    let tokens = json!({
        "token_type": "Bearer",
        "access_token": of(TokenKind::Access),
        "refresh_token": of(TokenKind::Refresh),
        "expires_in": TOKEN_LIFE_S,
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, tokens.to_string()).into_response()
}

/// A parameter of a query or form; none that we look for has anything to decode.
fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// What an API knows.
enum Found {
    Json(Value),
    File(Vec<u8>),
}

/// A question of somebody who is believed.
struct Asked<'a> {
    play: &'a Play,
    provider: Provider,
    athlete: u32,
    query: &'a str,
}

impl Asked<'_> {
    fn find(&self, path: &[&str]) -> Option<Found> {
        if let (Provider::Wahoo, ["files", name]) = (self.provider, path) {
            let (_, activity, _) = self.activity(name.strip_suffix(".fit")?)?;
            let (_, sport) = activity.kind.wahoo?;
            return Some(Found::File(fit::file(&activity, sport)));
        }
        self.find_json(path).map(Found::Json)
    }

    fn find_json(&self, path: &[&str]) -> Option<Value> {
        match (self.provider, path) {
            (Provider::Strava, ["api", "v3", "activities", id]) => {
                let (key, activity, _) = self.activity(id)?;
                Some(strava::detail(self.play.options.seed, key, &activity))
            }
            (Provider::Strava, ["api", "v3", "activities", id, "streams"]) => {
                let (key, activity, _) = self.activity(id)?;
                let is_late = Fate::of(&self.play.options, key).is_late;
                let was_asked =
                    |made: &mut Made| std::mem::replace(&mut made.was_asked_for_samples, true);
                if is_late && !self.play.api.change(key, was_asked) {
                    return Some(json!({}));
                }
                Some(strava::streams(&activity))
            }
            (Provider::Strava, ["api", "v3", "athlete", "activities"]) => Some(self.list()),
            (Provider::Wahoo, ["v1", "workouts"]) => Some(self.workouts()),
            (Provider::Wahoo, ["v1", "workouts", id]) => {
                let (key, activity, version) = self.activity(id)?;
                Some(wahoo::workout(self.play, key, &activity, version))
            }
            (Provider::Garmin, ["wellness-api", "rest", "activityDetails"]) => {
                let id = parameter(self.query, "summaryId")?;
                let (key, activity, _) = self.activity(id)?;
                let details = garmin::details(self.play.options.seed, key, &activity);
                Some(json!([details]))
            }
            (Provider::Strava | Provider::Garmin | Provider::Wahoo, _) => None,
        }
    }

    /// An activity of the one who asks, as it is now.
    fn activity(&self, id: &str) -> Option<(Key, Activity, u8)> {
        let options = &self.play.options;
        let key = Key::of(options, self.provider, id.parse().ok()?)?;
        // What is forged is there too: believing it would show.
        let is_known = key.index < options.activities || key.index >= FORGED;
        if key.athlete != self.athlete || !is_known {
            return None;
        }
        self.known(key)
    }

    /// An activity as it is now, and in which version.
    fn known(&self, key: Key) -> Option<(Key, Activity, u8)> {
        let version = self.play.api.version(&self.play.options, key)?;
        let activity = Activity::of(&self.play.options, key, version);
        Some((key, activity, version))
    }

    /// One of this athlete's activities, the newest being 0.
    fn nth(&self, index: u32) -> Option<(Key, Activity, u8)> {
        self.known(Key {
            provider: self.provider,
            athlete: self.athlete,
            index,
        })
    }

    fn number(&self, name: &str) -> Option<i64> {
        parameter(self.query, name).and_then(|text| text.parse().ok())
    }

    /// A number of the query that counts something.
    fn count(&self, name: &str, otherwise: usize) -> usize {
        let told = self
            .number(name)
            .and_then(|told| usize::try_from(told).ok());
        told.filter(|told| *told > 0).unwrap_or(otherwise)
    }

    /// A page of Wahoo's workouts, newest first.
    fn workouts(&self) -> Value {
        let (page, size) = (self.count("page", 1), self.count("per_page", 30));
        let Options {
            activities, seed, ..
        } = self.play.options;
        let all = (0..activities).filter_map(|index| self.nth(index));
        let found: Vec<Value> = all
            .map(|(key, activity, _)| wahoo::row(seed, key, &activity))
            .collect();
        let skipped = (page - 1).saturating_mul(size);
        let shown: Vec<&Value> = found.iter().skip(skipped).take(size).collect();
        json!({
            "workouts": shown,
            "total": found.len(),
            "page": page,
            "per_page": size,
            "order": "descending",
            "sort": "starts",
        })
    }

    /// A page of an athlete's activities, newest first, or oldest first after a time.
    fn list(&self) -> Value {
        let (before, after) = (self.number("before"), self.number("after"));
        let (page, size) = (self.count("page", 1), self.count("per_page", 30).min(200));
        let options = &self.play.options;
        let of = |index| {
            let (key, activity, _) = self.nth(index)?;
            let start = activity.start.timestamp();
            let wanted = before.is_none_or(|before| start < before)
                && after.is_none_or(|after| start > after);
            wanted.then(|| strava::detail(options.seed, key, &activity))
        };
        let skipped = (page - 1).saturating_mul(size);
        let found: Vec<Value> = if after.is_some() {
            let oldest_first = (0..options.activities).rev().filter_map(of);
            oldest_first.skip(skipped).take(size).collect()
        } else {
            let newest_first = (0..options.activities).filter_map(of);
            newest_first.skip(skipped).take(size).collect()
        };
        Value::Array(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        let form = "grant_type=refresh_token&refresh_token=1.ab&client_id=x";
        assert_eq!(parameter(form, "refresh_token"), Some("1.ab"));
        assert_eq!(parameter(form, "token"), None);
    }

    #[test]
    fn an_activity_is_as_it_last_became() {
        let (api, options) = (Api::default(), Options::default());
        let key = Key {
            provider: Provider::Strava,
            athlete: 0,
            index: 0,
        };
        assert_eq!(api.version(&options, key), Some(0));
        api.happen(key, Happening::Updated);
        api.happen(key, Happening::Created);
        assert_eq!(api.version(&options, key), Some(1));
        api.happen(key, Happening::Deleted);
        assert_eq!(api.version(&options, key), None);
    }
}
