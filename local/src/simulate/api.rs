//! The providers' APIs, as the instance asks them: activities as they are now, and tokens that rotate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::activity::{Activity, Fate};
use super::key::{FORGED, Key, account_number};
use super::settings::CLIENT_ID;
use super::{Options, Play, Provider, fit};

/// How long a refreshed token is believed, in seconds: Strava's six hours.
const TOKEN_LIFE_S: u64 = 6 * 3600;
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
    changed_at: Option<DateTime<Utc>>,
    is_deleted: bool,
    was_asked: bool,
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
            Happening::Updated => self.change(key, |made| {
                made.version = 1;
                made.changed_at = Some(platform::clock::now());
            }),
            Happening::Deleted => self.change(key, |made| made.is_deleted = true),
        }
    }

    fn change<T>(&self, key: Key, change: impl FnOnce(&mut Made) -> T) -> T {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        change(made.entry(key).or_default())
    }

    /// The version that there is, and when it was changed; `None` when it was deleted.
    fn version(&self, options: &Options, key: Key) -> Option<(u8, Option<DateTime<Utc>>)> {
        let fate = Fate::of(options, key);
        if fate.is_dropped {
            // Nobody is told, so nobody could be told in time.
            return (!fate.is_deleted).then_some((fate.last_version(), None));
        }
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.get(&key).copied().unwrap_or_default();
        (!made.is_deleted).then_some((made.version, made.changed_at))
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
    athlete: u32,
    kind: TokenKind,
    rotations: u32,
) -> String {
    let secret = play.secrets.for_the("tokens");
    let account = account_number(play.options.seed, athlete);
    let digest = Sha256::digest(format!(
        "{secret} {provider} {account} {kind:?} {rotations}"
    ));
    format!("{account}.{}", hex(&digest))
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    let path = uri.path();
    let mut path = path.split('/').filter(|part| !part.is_empty());
    let Some(provider) = path.next().and_then(Provider::named) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path: Vec<&str> = path.collect();
    if method == Method::POST && path == ["oauth", "token"] {
        return refresh(&play, provider, &headers, &body);
    }
    let player = provider.player();
    let athlete = player
        .token(&play.secrets, &headers)
        .and_then(|shown| owner(&play, provider, TokenKind::Access, shown));
    if athlete.is_none() && !player.is_open() {
        play.tally.refused.add();
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let asked = Asked {
        play: &play,
        provider,
        athlete,
        query: parameters(uri.query().unwrap_or_default()),
    };
    let (status, kind, body) = match player.answer(&asked, &path) {
        Some(Found::Json(found)) => (StatusCode::OK, "application/json", found.to_string().into()),
        Some(Found::File(bytes)) => (StatusCode::OK, "application/octet-stream", bytes),
        None => (StatusCode::NOT_FOUND, "text/plain", Vec::new()),
    };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    for (name, value) in player.limits() {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(*name, value);
    }
    response
}

/// The athlete whose token this is now.
fn owner(play: &Play, provider: Provider, kind: TokenKind, shown: &str) -> Option<u32> {
    let (account, _) = shown.split_once('.')?;
    // An account is the beginning of its activities' numbers.
    let number = account.parse::<u64>().ok()?.checked_mul(100_000)?;
    let athlete = Key::numbered(&play.options, provider, number)?.athlete;
    let rotations = play.api.rotations(provider, athlete);
    (token(play, provider, athlete, kind, rotations) == shown).then_some(athlete)
}

/// Refreshes tokens (RFC 6749, section 6); the old ones end.
fn refresh(play: &Play, provider: Provider, headers: &HeaderMap, body: &[u8]) -> Response {
    let form = parameters(std::str::from_utf8(body).unwrap_or_default());
    let of = |name: &str| form.get(name).map(String::as_str);
    let secret = play.secrets.client();
    let is_ours = if provider.player().wants_basic() {
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{secret}")));
        headers
            .get(header::AUTHORIZATION)
            .map(HeaderValue::as_bytes)
            == Some(basic.as_bytes())
    } else {
        of("client_id") == Some(CLIENT_ID) && of("client_secret") == Some(secret.as_str())
    };
    let athlete = of("refresh_token")
        .filter(|_| is_ours && of("grant_type") == Some("refresh_token"))
        .and_then(|shown| owner(play, provider, TokenKind::Refresh, shown));
    let Some(athlete) = athlete else {
        play.tally.refused.add();
        return StatusCode::BAD_REQUEST.into_response();
    };
    play.tally.refreshed.add();
    let rotations = play.api.rotate(provider, athlete);
    let of = |kind| token(play, provider, athlete, kind, rotations);
    let tokens = json!({
        "token_type": "Bearer",
        "access_token": of(TokenKind::Access),
        "refresh_token": of(TokenKind::Refresh),
        "expires_in": TOKEN_LIFE_S,
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, tokens.to_string()).into_response()
}

/// The parameters of a query or form.
fn parameters(text: &str) -> HashMap<String, String> {
    // They are read as those of an address, whichever.
    let url = Url::parse(&format!("http://localhost/?{text}"));
    url.map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default()
}

/// What an API knows.
pub(super) enum Found {
    Json(Value),
    File(Vec<u8>),
}

/// An activity as its provider knows it now.
pub(super) struct Known {
    pub(super) key: Key,
    /// The provider's id of it.
    pub(super) id: String,
    pub(super) activity: Activity,
    pub(super) version: u8,
    /// When it was saved, or changed after that.
    pub(super) changed_at: DateTime<Utc>,
}

/// A question of somebody who is believed.
pub(super) struct Asked<'a> {
    pub(super) play: &'a Play,
    provider: Provider,
    /// Who asks; `None` where nobody has to say.
    athlete: Option<u32>,
    query: HashMap<String, String>,
}

impl Asked<'_> {
    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.parameter(name)?.parse().ok()
    }

    /// A number of the query that counts something.
    pub(super) fn count(&self, name: &str, otherwise: usize) -> usize {
        let told = self.parameter(name).and_then(|told| told.parse().ok());
        told.filter(|told| *told > 0).unwrap_or(otherwise)
    }

    /// A time of the query.
    pub(super) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.parameter(name)?.parse().ok()
    }

    /// An activity of the one who asks, as it is now.
    pub(super) fn activity(&self, id: &str) -> Option<Known> {
        let options = &self.play.options;
        let key = Key::of(options, self.provider, id)?;
        // What is forged is there too: believing it would show.
        let is_known = key.index < options.activities || key.index >= FORGED;
        let is_theirs = self.athlete.is_none_or(|athlete| athlete == key.athlete);
        (is_known && is_theirs).then(|| self.known(key)).flatten()
    }

    /// The file of an activity of the one who asks, unless it was typed in.
    pub(super) fn file(&self, id: &str) -> Option<Found> {
        let known = self
            .activity(id)
            .filter(|known| !known.activity.is_manual())?;
        Some(Found::File(fit::file(&known.activity)))
    }

    /// All activities of the one who asks, newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = Known> {
        let athlete = self.athlete.into_iter();
        let keys = athlete.flat_map(move |athlete| {
            (0..self.play.options.activities).map(move |index| Key {
                provider: self.provider,
                athlete,
                index,
            })
        });
        keys.filter_map(|key| self.known(key))
    }

    /// Whether this is the first question for something of an activity that comes late.
    pub(super) fn is_too_early(&self, key: Key) -> bool {
        let was_asked = |made: &mut Made| std::mem::replace(&mut made.was_asked, true);
        Fate::of(&self.play.options, key).is_late && !self.play.api.change(key, was_asked)
    }

    fn known(&self, key: Key) -> Option<Known> {
        let options = &self.play.options;
        let (version, changed_at) = self.play.api.version(options, key)?;
        Some(Known {
            key,
            id: key.id(options.seed),
            activity: Activity::of(options, key, version),
            version,
            changed_at: changed_at.unwrap_or_else(|| key.happened_at(options, Happening::Created)),
        })
    }
}

/// A page of rows, the first being 1.
pub(super) fn page<T>(rows: impl Iterator<Item = T>, number: usize, size: usize) -> Vec<T> {
    let skipped = number.saturating_sub(1).saturating_mul(size);
    rows.skip(skipped).take(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        let form = parameters("since=2026-10-21T00%3A30%3A00Z&refresh_token=1.ab");
        assert_eq!(form.get("refresh_token").map(String::as_str), Some("1.ab"));
        assert_eq!(
            form.get("since").map(String::as_str),
            Some("2026-10-21T00:30:00Z")
        );
        assert_eq!(form.get("token"), None);
    }

    #[test]
    fn an_activity_is_as_it_last_became() {
        let (api, options) = (Api::default(), Options::default());
        let key = Key {
            provider: Provider::named("strava").unwrap(),
            athlete: 0,
            index: 0,
        };
        let version = || api.version(&options, key).map(|(version, _)| version);
        assert_eq!(version(), Some(0));
        api.happen(key, Happening::Updated);
        api.happen(key, Happening::Created);
        assert_eq!(version(), Some(1));
        api.happen(key, Happening::Deleted);
        assert_eq!(version(), None);
    }
}
