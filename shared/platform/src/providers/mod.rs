//! Providers: one file each says how a provider shakes hands, how its deliveries are believed,
//! what they say, and which of our sports its words mean.

mod answers;
pub mod api;
pub mod client;
pub mod coros;
pub mod garmin;
pub mod hevy;
pub mod intervals;
mod json;
mod lists;
mod moments;
pub mod oauth;
pub mod paceline;
pub mod polar;
pub mod source;
mod sports;
pub mod strava;
mod streams;
pub mod suunto;
pub mod tokens;
pub mod wahoo;
pub mod whoop;

use crate::clock::unix_seconds;
use crate::config::{self, ConfigError};
use crate::http::{Request, Response};
use crate::problem::Problem;
use crate::signature::Secrets;
use chrono::{DateTime, SubsecRound, Utc};
use domain::recording::Recording;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most characters of an id.
const LONGEST_ID: usize = 200;
/// The most items of one delivery: what one invocation can take in within its time.
pub const MOST_ITEMS: usize = 500;
/// How far ahead of us an event may be: one from next year would make every later one stale.
const FURTHEST_AHEAD_S: i64 = 24 * 3600;

/// What a provider's file says.
pub trait Provider: Send + Sync {
    /// Answers the provider's check of our address.
    ///
    /// # Errors
    /// 405 where the provider has no such check; 401 when it does not know our token.
    fn shake_hands(&self, _request: &Request) -> Result<Response, Problem> {
        Err(Problem::method_not_allowed())
    }

    /// Believes a request, over its bytes as they came.
    ///
    /// # Errors
    /// 401 with a code for each way in which it is not believed.
    fn believe(&self, request: &Request) -> Result<(), Problem>;

    /// Which headers are kept beside the body: those that name or sign the delivery, and never one
    /// that is a secret itself.
    fn kept_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// What is kept beside the body: the [kept headers](Self::kept_headers) as they came, unless
    /// the provider's file has to take out what is a secret.
    fn keep(&self, request: &Request) -> Headers {
        let names = self.kept_headers().iter();
        names
            .filter_map(|name| Some(((*name).to_owned(), request.header(name)?.to_owned())))
            .collect()
    }

    /// Reads what a believed body says; what does not concern us is no item.
    ///
    /// # Errors
    /// 400 when it is malformed; 422 when a value is not acceptable.
    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem>;
}

/// The headers of a delivery that are kept.
pub type Headers = BTreeMap<String, String>;

/// A delivery that is believed: one that came just now, or one that was kept.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The headers that the provider's file asks for.
    pub headers: &'a Headers,
    /// The body.
    pub body: &'a [u8],
}

/// Believes a request and reads what it delivers, with the headers that are kept of it.
///
/// # Errors
/// 401 before anything is read; 400 when it is malformed; 413 when it holds too many items; 422
/// when a value is not acceptable.
pub fn receive(
    provider: &dyn Provider,
    request: &Request,
) -> Result<(Headers, Vec<Item>), Problem> {
    provider.believe(request)?;
    let headers = provider.keep(request);
    let items = provider.read(Delivery {
        headers: &headers,
        body: request.body(),
    })?;
    if items.len() > MOST_ITEMS {
        let detail = format!("a delivery may hold {MOST_ITEMS} items");
        return Err(Problem::too_large(detail));
    }
    Ok((headers, items))
}

/// What a delivery says about one thing of one athlete; one body may hold many.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What makes it the same item whenever it is repeated, together with its content.
    pub delivery_id: String,
    /// Whose, by the provider's own account.
    pub account: String,
    /// The provider's own time of the event, where it tells one.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What it is about.
    pub about: About,
    /// A body that would deliver this item alone; `None` when the whole body does.
    pub alone: Option<Vec<u8>>,
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// One activity.
    Activity {
        /// The provider's own id of it.
        id: String,
        /// What happened to it.
        event: Event,
    },
    /// Our access to the account, which may have ended; the provider is asked before it is
    /// believed.
    Access,
}

/// What happened to an activity.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It is new or has changed; both bring the whole activity.
    Brought {
        /// Which of both, as the provider calls it.
        change: Change,
        /// What people call it.
        name: Option<String>,
        /// Its samples and totals.
        recording: Box<Recording>,
    },
    /// Something happened to it, and the provider has to be asked what it is now.
    Announced(Change),
    /// It is gone.
    Deleted,
}

/// What a provider calls an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Create,
    /// It is not as it was.
    Update,
    /// It is gone, if that is so.
    Delete,
}

impl About {
    /// The name of the event in the database.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Activity { event, .. } => match event {
                Event::Brought { change, .. } | Event::Announced(change) => change.as_str(),
                Event::Deleted => Change::Delete.as_str(),
            },
            Self::Access => "access",
        }
    }
}

impl Change {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Builds a provider from its settings.
type Configure = fn(Value) -> Result<Box<dyn Provider>, serde_json::Error>;

/// Every provider that we know.
const KNOWN: &[(&str, Configure)] = &[
    (coros::NAME, configure::<coros::Coros>),
    (garmin::NAME, configure::<garmin::Garmin>),
    (hevy::NAME, configure::<hevy::Hevy>),
    (intervals::NAME, configure::<intervals::Intervals>),
    (paceline::NAME, configure::<paceline::Paceline>),
    (polar::NAME, configure::<polar::Polar>),
    (strava::NAME, configure::<strava::Strava>),
    (suunto::NAME, configure::<suunto::Suunto>),
    (wahoo::NAME, configure::<wahoo::Wahoo>),
    (whoop::NAME, configure::<whoop::Whoop>),
];

/// The names of all that we know.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(name, _)| *name)
}

fn configure<P: Provider + DeserializeOwned + 'static>(
    settings: Value,
) -> Result<Box<dyn Provider>, serde_json::Error> {
    Ok(Box::new(serde_json::from_value::<P>(settings)?))
}

/// What is configured: a member for each provider, of which `api` says how it is asked and the
/// others how it is believed.
type Settings = BTreeMap<String, Map<String, Value>>;

/// Reads the settings from the environment.
fn settings() -> Result<Settings, ConfigError> {
    serde_json::from_str(config::providers().expose())
        .map_err(|_| config::invalid("PROVIDER_SETTINGS", "is not a JSON object of objects"))
}

/// The providers that are configured.
pub struct Providers(BTreeMap<&'static str, Box<dyn Provider>>);

impl Providers {
    /// Reads them from the environment: `PROVIDER_SETTINGS`, a JSON object with a member for each.
    ///
    /// # Errors
    /// [`ConfigError`] when it is no such object, names a provider that we do not know, or the
    /// settings of one make no sense; it shows nothing of what it read.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::of(settings()?)
    }

    /// Every provider that we know, to read what was believed before: one without settings believes
    /// nobody, and reads all the same.
    ///
    /// # Errors
    /// [`ConfigError`] as [`Self::from_environment`].
    pub fn to_read() -> Result<Self, ConfigError> {
        let mut settings = settings()?;
        for name in names() {
            settings.entry(name.to_owned()).or_default();
        }
        Self::of(settings)
    }

    fn of(settings: Settings) -> Result<Self, ConfigError> {
        let mut providers = BTreeMap::new();
        for (name, mut settings) in settings {
            let known = KNOWN.iter().find(|(known, _)| *known == name);
            let (name, configure) = known.ok_or_else(|| {
                config::invalid("PROVIDER_SETTINGS", "names a provider that is not known")
            })?;
            settings.remove("api");
            let provider = configure(Value::Object(settings)).map_err(|_| {
                config::invalid(
                    "PROVIDER_SETTINGS",
                    format!("has settings of {name} that make no sense"),
                )
            })?;
            providers.insert(*name, provider);
        }
        Ok(Self(providers))
    }

    /// Finds a provider, and its name as we write it.
    ///
    /// # Errors
    /// 404 when we do not know it; 401 when it is not configured, so that nothing is believed.
    pub fn find(&self, name: &str) -> Result<(&'static str, &dyn Provider), Problem> {
        if let Some((name, provider)) = self.0.get_key_value(name) {
            return Ok((name, provider.as_ref()));
        }
        if KNOWN.iter().any(|(known, _)| *known == name) {
            let detail = "this provider is not configured, so nothing of it is believed";
            return Err(Problem::unauthenticated("provider_not_configured", detail));
        }
        Err(Problem::not_found(
            "unknown_provider",
            "there is no such provider",
        ))
    }
}

/// An id that can be stored.
///
/// # Errors
/// 400 with `code` when it is missing; 422 when it is too long or holds a NUL.
fn id(value: Option<String>, code: &'static str, field: &'static str) -> Result<String, Problem> {
    let value = value.filter(|id| !id.is_empty()).ok_or_else(|| {
        Problem::malformed(code, format!("{field} is missing")).with_field(field, "is missing")
    })?;
    if value.len() > LONGEST_ID || value.contains('\0') {
        return Err(invalid(field, "must be at most 200 bytes without NUL"));
    }
    Ok(value)
}

/// A provider's time of an event, as PostgreSQL keeps it: with more digits, an equal time would
/// look newer than the stored one.
///
/// # Errors
/// 422 when it is so far ahead of us that everything later would look stale.
fn event_time(time: DateTime<Utc>, field: &'static str) -> Result<DateTime<Utc>, Problem> {
    if time.timestamp() > unix_seconds().saturating_add(FURTHEST_AHEAD_S) {
        return Err(invalid(field, "is in the future"));
    }
    Ok(time.trunc_subsecs(6))
}

/// The part of the path after a provider's name, where providers that sign badly or not at all may
/// be given a secret.
fn check_path(secrets: &Secrets, request: &Request) -> Result<(), Problem> {
    secrets.check_shown(request.segments().get(2).copied())
}

fn invalid(field: &str, problem: &str) -> Problem {
    Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unconfigured(name: &str) -> Providers {
        let settings = Settings::from([(name.to_owned(), Map::new())]);
        Providers::of(settings).ok().unwrap()
    }

    /// P-02
    #[test]
    fn a_provider_without_a_secret_believes_nobody() {
        for (name, _) in KNOWN {
            let providers = unconfigured(name);
            let (name, provider) = providers.find(name).unwrap();
            for path in ["", "/", "/x"] {
                let request = testing::post(&format!("/webhooks/{name}{path}"), &[], "{}");
                assert!(
                    testing::verdict(provider, &request).starts_with("signature_"),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn no_body_makes_a_door_panic_and_none_without_an_activity_has_an_item() {
        let deep = "[".repeat(100_000);
        let nested = format!(r#"{{"events":{}}}"#, "[".repeat(200));
        for (name, _) in KNOWN {
            let providers = unconfigured(name);
            let (name, provider) = providers.find(name).unwrap();
            for body in [
                "",
                "null",
                "3",
                "\"a\"",
                "[]",
                "[[]]",
                "{\"a\":1e400}",
                "\u{0}",
                &deep,
                &nested,
                r#"{"events":[null,{}],"sportDataList":[{},1],"activities":[[],{"a":1}]}"#,
                r#"{"event":"EXERCISE","type":"WORKOUT_CREATED","event_type":"workout_summary"}"#,
                r#"{"type":"workout.updated","object_type":"activity","aspect_type":"create",
                    "event_time":9223372036854775807}"#,
            ] {
                match testing::read(provider, body) {
                    Ok(items) => assert!(items.is_empty(), "{name} {body:.40}"),
                    Err(problem) => assert!(
                        matches!(problem.status().as_u16(), 400 | 422),
                        "{name} {body:.40}: {problem:?}"
                    ),
                }
            }
        }
    }

    #[test]
    fn settings_are_for_a_known_provider_and_their_secrets_do_not_show() {
        let of = |settings: Value| Providers::of(serde_json::from_value(settings).unwrap());
        for wrong in [
            json!({"myspace": {"secrets": ["canary"]}}),
            json!({"polar": {"secret": ["canary"]}}),
            json!({"strava": {"signature": "canary"}}),
        ] {
            let error = of(wrong).err().unwrap().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
        let both = json!({"polar": {"secrets": ["k"], "api": {"client_id": "7"}}});
        assert!(of(both).is_ok());
        let shown = format!(
            "{:?}",
            testing::configured::<polar::Polar>(json!({"secrets": ["canary"]}))
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}
