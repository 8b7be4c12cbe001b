//! Strava: events that name an activity, which is then asked for.
//!
//! Source: developers.strava.com, "Webhook Events API". It documents no signature; a header
//! `X-Strava-Signature` is reported nevertheless, so how much it counts is a setting, and nothing
//! that an event says is believed beyond "look at this activity".

mod source;
mod sports;

pub use source::StravaApi;
pub(super) use sports::SPORTS;

use super::json::{self, Announcement};
use super::{About, Change, Delivery, Item, Provider, check_path, event_time, id, moments};
use crate::clock::unix_seconds;
use crate::http::{self, Request, Response, parse_json};
use crate::problem::Problem;
use crate::signature::{self, Secrets};
use lambda_http::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

/// The name in the path and in the database.
pub const NAME: &str = "strava";
const SIGNATURE_HEADER: &str = "x-strava-signature";
/// The longest challenge that is echoed.
const LONGEST_CHALLENGE: usize = 200;

/// Its settings. A path's secret or an enforced signature is needed for anything to be believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strava {
    /// What we said when we subscribed, so that the check of our address is answered.
    #[serde(default)]
    verify_tokens: Secrets,
    /// What follows `/webhooks/strava/`.
    #[serde(default)]
    path_secrets: Secrets,
    /// Our subscription, of which every event must be.
    subscription_id: Option<u64>,
    /// How much a signature counts.
    #[serde(default)]
    signature: Signature,
    /// What signs: the client's secret, or a secret of its own; reports differ.
    #[serde(default)]
    signature_keys: Secrets,
}

/// How much the undocumented signature counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Signature {
    /// It is not looked at.
    Off,
    /// It is looked at, and only logged.
    #[default]
    Observe,
    /// Without it nothing is believed.
    Enforce,
}

#[derive(Deserialize)]
struct Subscribed {
    subscription_id: Option<u64>,
}

#[derive(Deserialize)]
struct Event {
    object_type: String,
    #[serde(default, deserialize_with = "json::text")]
    object_id: Option<String>,
    aspect_type: Change,
    #[serde(default, deserialize_with = "json::text")]
    owner_id: Option<String>,
    event_time: i64,
    #[serde(default)]
    updates: Updates,
}

#[derive(Default, Deserialize)]
struct Updates {
    authorized: Option<String>,
}

impl Provider for Strava {
    fn shake_hands(&self, request: &Request) -> Result<Response, Problem> {
        self.check_path(request)?;
        let token = request.query("hub.verify_token");
        self.verify_tokens.check_shown(token.as_deref())?;
        let challenge = request
            .query("hub.challenge")
            .filter(|challenge| challenge.len() <= LONGEST_CHALLENGE);
        match (request.query("hub.mode").as_deref(), challenge) {
            (Some("subscribe"), Some(challenge)) => Ok(http::json(
                StatusCode::OK,
                &json!({ "hub.challenge": challenge }),
            )),
            _ => {
                let detail = "a subscription brings hub.mode=subscribe and hub.challenge";
                Err(Problem::malformed("malformed", detail))
            }
        }
    }

    fn believe(&self, request: &Request) -> Result<(), Problem> {
        if self.path_secrets.is_empty() && self.signature != Signature::Enforce {
            let detail = "without a path's secret or an enforced signature nothing is believed";
            return Err(signature::invalid(detail));
        }
        self.check_path(request)?;
        match self.signature {
            Signature::Off => {}
            Signature::Observe => {
                let seen = self.check_signature(request);
                let verdict = seen.as_ref().err().map_or("believed", Problem::code);
                tracing::info!(verdict, "looked at a Strava signature");
            }
            Signature::Enforce => self.check_signature(request)?,
        }
        self.check_subscription(request)
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE_HEADER]
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let event: Event = parse_json(delivery.body)?;
        Ok(event.item()?.into_iter().collect())
    }
}

impl Strava {
    fn check_path(&self, request: &Request) -> Result<(), Problem> {
        if self.path_secrets.is_empty() {
            return Ok(());
        }
        check_path(&self.path_secrets, request)
    }

    /// `t=<seconds>,v1=<hex>`, over `<seconds>.<body>`.
    fn check_signature(&self, request: &Request) -> Result<(), Problem> {
        let header = request.header(SIGNATURE_HEADER);
        let header = header.ok_or_else(|| signature::missing("X-Strava-Signature is missing"))?;
        let part = |name: &str| {
            let mut parts = header.split(',').filter_map(|part| part.split_once('='));
            parts.find_map(|(key, value)| (key.trim() == name).then_some(value.trim()))
        };
        let (Some(time), Some(hex)) = (part("t"), part("v1")) else {
            return Err(signature::invalid("X-Strava-Signature is not t=…,v1=…"));
        };
        let sent = time
            .parse()
            .map_err(|_| signature::invalid("the time of X-Strava-Signature is no number"))?;
        signature::check_recent(sent, unix_seconds())?;
        let parts = [time.as_bytes(), b".", request.body()];
        self.signature_keys.check_hex(&parts, Some(hex))
    }

    fn check_subscription(&self, request: &Request) -> Result<(), Problem> {
        let Some(ours) = self.subscription_id else {
            return Ok(());
        };
        let told: Option<Subscribed> = serde_json::from_slice(request.body()).ok();
        match told.and_then(|told| told.subscription_id) {
            Some(theirs) if theirs == ours => Ok(()),
            Some(_) => Err(signature::invalid("the event is of another subscription")),
            None => Err(signature::missing("the subscription_id is missing")),
        }
    }
}

impl Event {
    fn item(self) -> Result<Option<Item>, Problem> {
        let time = moments::from_seconds(self.event_time)
            .ok_or_else(|| super::invalid("/event_time", "is not in seconds since 1970"))?;
        let occurred_at = Some(event_time(time, "/event_time")?);
        let delivery_id = format!(
            "{}:{}:{}:{}",
            self.object_type,
            self.object_id.as_deref().unwrap_or_default(),
            self.aspect_type.as_str(),
            self.event_time
        );
        match self.object_type.as_str() {
            "activity" => {
                let announcement = Announcement {
                    delivery_id,
                    athlete: (self.owner_id, "/owner_id"),
                    activity: (self.object_id, "/object_id"),
                    occurred_at,
                    change: self.aspect_type,
                };
                announcement.item().map(Some)
            }
            // The documents tell an update; a deletion is seen too.
            "athlete" if self.ends_access() => Ok(Some(Item {
                delivery_id,
                account: id(self.owner_id, "athlete_missing", "/owner_id")?,
                occurred_at,
                about: About::Access,
                alone: None,
            })),
            _ => Ok(None),
        }
    }

    fn ends_access(&self) -> bool {
        self.aspect_type == Change::Delete || self.updates.authorized.as_deref() == Some("false")
    }
}

#[cfg(test)]
mod tests;
