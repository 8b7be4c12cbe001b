//! An issuer's public keys: given with the configuration, or published by the issuer at an address.

use crate::config::{ConfigError, invalid};
use crate::problem::Problem;
use crate::providers::client::Client;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// How long published keys are believed without asking again: as long as an access token lives.
const FRESH: Duration = Duration::from_secs(15 * 60);
/// How long an issuer is left alone whatever key a token names, so that forged tokens have nobody asked.
const REST: Duration = Duration::from_secs(60);
/// The same, while none of its keys is known.
const SHORT_REST: Duration = Duration::from_secs(1);
/// The longest that keys are waited for: an HTTP function has five seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// The largest set of keys that is read, and the most keys of it.
const LARGEST_SET: usize = 64 * 1024;
const MOST_KEYS: usize = 32;

/// A key that signatures are checked by.
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl Key {
    fn read(jwk: &Jwk) -> Result<Self, String> {
        let key =
            DecodingKey::from_jwk(jwk).map_err(|error| format!("holds a bad key: {error}"))?;
        let algorithm = jwk
            .common
            .key_algorithm
            .and_then(|name| name.to_string().parse().ok())
            .filter(|name| {
                // Only signatures that a public key can check.
                matches!(name, Algorithm::EdDSA | Algorithm::ES256 | Algorithm::RS256)
            })
            .ok_or("holds a key whose alg is not EdDSA, ES256 or RS256")?;
        Ok(Self {
            id: jwk.common.key_id.clone(),
            algorithm,
            key,
        })
    }
}

/// Where an issuer's keys come from.
pub(super) enum Keys {
    /// They are known, and change with the configuration.
    Given(Arc<[Key]>),
    /// They are asked for, and change when the issuer changes them.
    Published(Box<Published>),
}

impl Keys {
    /// Reads `AUTH_JWKS`: a JWK set, or where one is published.
    pub(super) fn new(setting: &str) -> Result<Self, ConfigError> {
        if let Some(url) = address(setting) {
            return Ok(Self::Published(Box::new(Published::at(url))));
        }
        let set: JwkSet = serde_json::from_str(setting).map_err(|error| {
            invalid(
                "AUTH_JWKS",
                format!("is neither a JWK set nor an https URL: {error}"),
            )
        })?;
        let keys = set.keys.iter().map(Key::read);
        let keys = keys.collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|problem| invalid("AUTH_JWKS", problem))?;
        if keys.is_empty() {
            return Err(invalid("AUTH_JWKS", "holds no key"));
        }
        Ok(Self::Given(keys.into()))
    }

    /// The keys, among which there is the one of this id if the issuer has it.
    pub(super) async fn with(&self, id: Option<&str>) -> Result<Arc<[Key]>, Problem> {
        match self {
            Self::Given(keys) => Ok(Arc::clone(keys)),
            Self::Published(published) => published.with(id).await,
        }
    }
}

/// An address that keys may be asked at: over TLS, or on this machine.
fn address(setting: &str) -> Option<Url> {
    let url = Url::parse(setting.trim()).ok()?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    (url.scheme() == "https" || (url.scheme() == "http" && is_local)).then_some(url)
}

/// Keys at an address.
pub(super) struct Published {
    url: Url,
    client: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<Arc<[Key]>>,
    asked_at: Option<Instant>,
    heard_at: Option<Instant>,
}

impl Known {
    fn has(&self, id: Option<&str>) -> bool {
        let keys = self.keys.as_deref().unwrap_or_default();
        id.is_none() || keys.iter().any(|key| key.id.as_deref() == id)
    }

    /// Whether the issuer is to be asked for the sake of this key.
    fn wants(&self, id: Option<&str>, now: Instant) -> bool {
        let rest = match self.keys {
            Some(_) => REST,
            None => SHORT_REST,
        };
        let since = |moment: Option<Instant>| moment.map(|at| now.duration_since(at));
        let has_rested = since(self.asked_at).is_none_or(|rested| rested >= rest);
        let is_fresh = since(self.heard_at).is_some_and(|age| age < FRESH);
        has_rested && !(is_fresh && self.has(id))
    }
}

impl Published {
    pub(super) fn at(url: Url) -> Self {
        Self {
            url,
            client: Client::new(),
            known: Mutex::default(),
        }
    }

    /// The keys, asked for again when this one is not among them; whoever comes meanwhile waits for that one answer.
    pub(super) async fn with(&self, id: Option<&str>) -> Result<Arc<[Key]>, Problem> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        if known.wants(id, now) {
            known.asked_at = Some(now);
            match self.ask().await {
                Ok(keys) => {
                    known.keys = Some(keys);
                    known.heard_at = Some(now);
                }
                // Those that are known go on being believed: an issuer that is away must not lock everybody out.
                Err(reason) => tracing::warn!(reason, "an issuer's keys could not be had"),
            }
        }
        known
            .keys
            .clone()
            .ok_or_else(|| Problem::unavailable("the issuer's keys cannot be had; try again"))
    }

    /// Makes what was asked and heard as old as if so much time had passed.
    #[cfg(test)]
    pub(super) async fn let_pass(&self, time: Duration) {
        let mut known = self.known.lock().await;
        known.asked_at = known.asked_at.and_then(|at| at.checked_sub(time));
        known.heard_at = known.heard_at.and_then(|at| at.checked_sub(time));
    }

    async fn ask(&self) -> Result<Arc<[Key]>, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "no transaction is open while an issuer is asked"
        )]
        let answer = tokio::time::timeout(PATIENCE, self.client.get(&self.url, Vec::new()));
        let (status, _, body) = answer
            .await
            .map_err(|_| "it did not answer in time".to_owned())?
            .map_err(|refusal| refusal.to_string())?;
        if !status.is_success() {
            return Err(format!("it answered {status}"));
        }
        read(&body)
    }
}

/// Reads a published set: what is no key for us may be one for others, and is passed over.
fn read(body: &[u8]) -> Result<Arc<[Key]>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    if body.len() > LARGEST_SET {
        return Err("its set of keys is too large".to_owned());
    }
    let set: Set = serde_json::from_slice(body).map_err(|_| "it answered no JWK set".to_owned())?;
    let keys: Vec<Key> = set
        .keys
        .into_iter()
        .take(MOST_KEYS)
        .filter_map(|key| Key::read(&serde_json::from_value(key).ok()?).ok())
        .collect();
    match keys.is_empty() {
        true => Err("it has no key of EdDSA, ES256 or RS256".to_owned()),
        false => Ok(keys.into()),
    }
}
