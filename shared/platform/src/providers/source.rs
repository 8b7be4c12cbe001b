//! How a provider is asked for what it only announced.

use super::api::{Api, Refusal};
use super::oauth::OAuth;
use super::tokens::ClientCredentials;
use super::{
    Delivery, coros, garmin, hevy, intervals, polar, settings, strava, suunto, wahoo, whoop,
};
use crate::config::{self, ConfigError};
use crate::secret::Secret;
use chrono::{DateTime, Utc};
use domain::recording::Recording;
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The part of a provider's file that asks.
pub trait Source: Send + Sync {
    /// Where it is asked, and as whom.
    fn settings(&self) -> &ApiSettings;

    /// Where its API is, by its documents.
    fn documented_base_url(&self) -> &'static str;

    /// Where tokens are refreshed, by its documents; `None` where they do not end.
    fn documented_token_url(&self) -> Option<&'static str> {
        None
    }

    /// Where its API is.
    fn base_url(&self) -> &str {
        let told = self.settings().base_url.as_deref();
        told.unwrap_or(self.documented_base_url())
    }

    /// Where tokens are refreshed; `None` where they are not.
    fn token_url(&self) -> Option<&str> {
        let told = self.settings().token_url.as_deref();
        told.or(self.documented_token_url())
    }

    /// How we say who we are when a token is refreshed.
    fn client_credentials(&self) -> ClientCredentials {
        ClientCredentials::Form
    }

    /// Whether it is asked with the athlete's token; one that needs none is asked without.
    fn needs_token(&self) -> bool {
        true
    }

    /// The headers of a request for the athlete whose token this is.
    fn authorization(&self, token: &Secret<String>) -> Vec<(HeaderName, String)> {
        vec![(header::AUTHORIZATION, format!("Bearer {}", token.expose()))]
    }

    /// How often an application may ask, by the provider's documents; its answers may say better.
    fn windows(&self) -> &'static [Window];

    /// What an answer's headers say of those windows.
    fn usage(&self, _headers: &HeaderMap) -> Vec<Usage> {
        Vec::new()
    }

    /// Asks what an activity is now.
    fn fetch<'a>(
        &'a self,
        api: &'a Api<'a>,
        asked: Asked<'a>,
    ) -> BoxFuture<'a, Result<Fetched, Refusal>>;

    /// How athletes connect it by themselves, by its documents; `None` where they cannot.
    fn oauth(&self) -> Option<&'static OAuth> {
        None
    }

    /// How it tells what there is, if it does.
    fn lists(&self) -> Option<&dyn Lists> {
        None
    }
}

/// The part of a provider's file that asks what there is, because a webhook may have been lost.
pub trait Lists: Send + Sync {
    /// Asks for one page of what an athlete did since a time.
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>>;
}

/// Which page of whose activities is asked for.
#[derive(Debug, Clone, Copy)]
pub struct LookedFor<'a> {
    /// The provider's own account of the athlete.
    pub account: &'a str,
    /// From when on; where a provider lists changes, from which change on.
    pub since: DateTime<Utc>,
    /// What the page before called the [next](Page::next); `None` for the first.
    pub next: Option<&'a str>,
}

/// A page of what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What is on it.
    pub listed: Vec<Listed>,
    /// How its provider's file finds the page behind it: a number, or the provider's own token;
    /// `None` when this is the last.
    pub next: Option<String>,
}

/// What a list says of one activity, by the provider's own id of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// It is there.
    There {
        /// Which.
        activity_id: String,
        /// When it began.
        started_at: DateTime<Utc>,
        /// When it changed last, where the list tells it.
        changed_at: Option<DateTime<Utc>>,
    },
    /// It was deleted.
    Deleted {
        /// Which.
        activity_id: String,
    },
}

/// Where a provider is asked, and as whom; a member `api` of its settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSettings {
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret<String>,
    /// The application's key for every request, where a provider has one (Suunto).
    pub subscription_key: Secret<String>,
    /// Where its API is, if not where the provider's documents say.
    pub base_url: Option<String>,
    /// Where tokens are refreshed, if not where the provider's documents say.
    pub token_url: Option<String>,
    /// Where the athlete's browser comes back to; without it, nobody can connect by themselves.
    pub redirect_url: Option<String>,
    /// Where athletes are sent to connect, if not where the provider's documents say.
    pub authorise_url: Option<String>,
    /// How many days back a connection is asked that was never asked before, if not 30.
    pub first_look_days: Option<u16>,
    /// From where files are fetched over HTTPS, beside the hosts that the provider's documents name.
    pub file_hosts: Vec<String>,
}

impl ApiSettings {
    /// From where files are fetched.
    pub(super) fn hosts<'a>(&'a self, documented: &[&'a str]) -> Vec<&'a str> {
        let more = self.file_hosts.iter().map(String::as_str);
        documented.iter().copied().chain(more).collect()
    }
}

/// A window of a provider's rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How long it is; it turns at whole multiples of that.
    pub length: Duration,
    /// How many requests it takes.
    pub most: u32,
}

impl Window {
    /// So many requests in so many seconds.
    pub(super) const fn of(most: u32, seconds: u64) -> Self {
        Self {
            length: Duration::from_secs(seconds),
            most,
        }
    }
}

/// What a provider says of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Which window.
    pub length: Duration,
    /// How many requests it takes.
    pub most: u32,
    /// How many it has taken.
    pub used: u32,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The provider's own account of the athlete.
    pub account: &'a str,
    /// The provider's own id of the activity.
    pub activity_id: &'a str,
    /// What the provider said last about it, if that is still kept: it may say where the data is.
    pub delivery: Option<Delivery<'a>>,
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// The activity.
    Brought {
        /// What people call it.
        name: Option<String>,
        /// Its samples and totals.
        recording: Box<Recording>,
        /// Whether the provider will have more of it later, so that it is to be asked again.
        more_later: bool,
    },
    /// There is no such activity (any more).
    Gone,
    /// It is there, and the provider has nothing to show of it yet.
    NotReady,
}

/// Builds the part of a provider that asks.
type Configure = fn(ApiSettings) -> Box<dyn Source>;

/// Every provider that can be asked; apart from the doors, so that a function that asks nobody does
/// not carry the code.
const KNOWN: &[(&str, Configure)] = &[
    (coros::NAME, |api| Box::new(coros::CorosApi(api))),
    (garmin::NAME, |api| Box::new(garmin::GarminApi(api))),
    (hevy::NAME, |api| Box::new(hevy::HevyApi(api))),
    (intervals::NAME, |api| {
        Box::new(intervals::IntervalsApi(api))
    }),
    (polar::NAME, |api| Box::new(polar::PolarApi(api))),
    (strava::NAME, |api| Box::new(strava::StravaApi(api))),
    (suunto::NAME, |api| Box::new(suunto::SuuntoApi(api))),
    (wahoo::NAME, |api| Box::new(wahoo::WahooApi(api))),
    (whoop::NAME, |api| Box::new(whoop::WhoopApi(api))),
];

/// The providers that are configured and can be asked.
pub struct Sources(BTreeMap<&'static str, Box<dyn Source>>);

impl Sources {
    /// Reads them from the environment: the member `api` of each member of `PROVIDER_SETTINGS`.
    ///
    /// # Errors
    /// [`ConfigError`] when the settings of one make no sense; it shows nothing of what it read.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::of(settings()?)
    }

    fn of(mut settings: super::Settings) -> Result<Self, ConfigError> {
        let mut sources = BTreeMap::new();
        for (name, configure) in KNOWN {
            let Some(mut settings) = settings.remove(*name) else {
                continue;
            };
            let api = match settings.remove("api") {
                None => ApiSettings::default(),
                Some(api) => serde_json::from_value(api).map_err(|_| {
                    let problem = format!("has an api of {name} that makes no sense");
                    config::invalid("PROVIDER_SETTINGS", problem)
                })?,
            };
            sources.insert(*name, configure(api));
        }
        Ok(Self(sources))
    }

    /// The names of all.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Whether athletes can connect a provider by themselves, once it is configured.
    pub fn documents_oauth(name: &str) -> bool {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known.is_some_and(|(_, configure)| configure(ApiSettings::default()).oauth().is_some())
    }

    /// Finds a provider that can be asked, and its name as we write it.
    pub fn find(&self, name: &str) -> Option<(&'static str, &dyn Source)> {
        let (name, source) = self.0.get_key_value(name)?;
        Some((name, source.as_ref()))
    }
}

/// What two headers say of some windows: the limits and what is used of them, each `a,b,…`.
pub(super) fn usage(headers: &HeaderMap, most: &str, used: &str, windows: &[Window]) -> Vec<Usage> {
    let numbers = |name: &str| -> Vec<u32> {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        let parts = text.unwrap_or_default().split(',');
        parts.map_while(|part| part.trim().parse().ok()).collect()
    };
    let told = numbers(most).into_iter().zip(numbers(used));
    windows
        .iter()
        .zip(told)
        .map(|(window, (most, used))| Usage {
            length: window.length,
            most,
            used,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sources(text: serde_json::Value) -> Result<Sources, ConfigError> {
        Sources::of(serde_json::from_value(text).unwrap())
    }

    #[test]
    fn a_provider_is_asked_where_its_documents_say_unless_told_otherwise() {
        let sources = sources(json!({
            "strava": {"api": {"client_id": "7", "base_url": "http://127.0.0.1:1/v3"}},
            "garmin": {"client_ids": ["c"]},
            "paceline": {"secrets": []},
        }))
        .unwrap();

        let (name, strava) = sources.find("strava").unwrap();
        assert_eq!(
            (name, strava.base_url()),
            ("strava", "http://127.0.0.1:1/v3")
        );
        assert_eq!(
            strava.token_url(),
            Some("https://www.strava.com/oauth/token")
        );
        assert!(sources.find("garmin").is_some());
        assert!(sources.find("paceline").is_none());
    }

    #[test]
    fn a_misspelt_setting_is_refused_without_being_shown() {
        let settings = json!({"strava": {"api": {"client_sercet": "canary"}}});
        let error = sources(settings).err().unwrap();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn whoever_is_asked_has_a_door_and_is_asked_over_https() {
        for (name, configure) in KNOWN {
            assert!(
                super::super::KNOWN.iter().any(|(door, _)| door == name),
                "{name}"
            );
            let source = configure(ApiSettings::default());
            let oauth = source.oauth();
            let urls = [
                Some(source.base_url()),
                source.token_url(),
                oauth.map(|oauth| oauth.authorise_url),
                oauth.and_then(|oauth| oauth.exchange_url),
            ];
            for url in urls.into_iter().flatten() {
                assert!(url.starts_with("https://"), "{name} {url}");
            }
        }
    }
}
