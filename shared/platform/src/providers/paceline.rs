//! The generic provider: one documented JSON, signed by the Standard Webhooks rules.

use crate::clock::unix_seconds;
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::{SignedHeaders, SigningKeys};
use chrono::{DateTime, SubsecRound, Utc};
use domain::decode::Activity;
use domain::recording::Recording;
use serde::Deserialize;

/// The name in the path and in the database.
pub const NAME: &str = "paceline";
/// The most characters of an id.
const LONGEST_ID: usize = 200;
/// How far ahead of us an event may be: one from next year would make every later one stale.
const FURTHEST_AHEAD_S: i64 = 24 * 3600;

/// What a delivery says about one activity.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryItem {
    /// The provider's own id of the delivery.
    pub delivery_id: String,
    /// Whose activity, by the provider's own account.
    pub account: String,
    /// Which activity, by the provider's own id.
    pub activity_id: String,
    /// The provider's own time of the event.
    pub occurred_at: DateTime<Utc>,
    /// What happened to it.
    pub event: Event,
}

/// What happened to an activity.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It is new or has changed; both bring the whole activity.
    Brought {
        /// `create` or `update`, as the provider calls it.
        kind: &'static str,
        /// What people call it.
        name: Option<String>,
        /// Its samples and totals.
        recording: Box<Recording>,
    },
    /// It is gone.
    Deleted,
}

impl Event {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Brought { kind, .. } => kind,
            Self::Deleted => "delete",
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    event: Kind,
    athlete: Option<String>,
    activity_id: Option<String>,
    occurred_at: DateTime<Utc>,
    activity: Option<Activity>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Create,
    Update,
    Delete,
}

/// Believes a request and reads what it delivers.
///
/// # Errors
/// 401 before anything is read; 400 when it is malformed or names no athlete or activity; 422
/// when a value is not acceptable.
pub fn receive(keys: &SigningKeys, request: &Request) -> Result<DeliveryItem, Problem> {
    let headers = SignedHeaders {
        id: request.header("webhook-id"),
        timestamp: request.header("webhook-timestamp"),
        signature: request.header("webhook-signature"),
    };
    let delivery_id = keys.verify(headers, request.body())?.to_owned();
    read(delivery_id, request.body())
}

fn read(delivery_id: String, body: &[u8]) -> Result<DeliveryItem, Problem> {
    let envelope: Envelope = parse_json(body)?;
    let account = id(envelope.athlete, "athlete_missing", "/athlete")?;
    let activity_id = id(envelope.activity_id, "activity_id_missing", "/activity_id")?;
    let event = match (envelope.event, envelope.activity) {
        (Kind::Delete, _) => Event::Deleted,
        (_, None) => {
            let detail = "a create or update brings the whole activity";
            return Err(Problem::malformed("activity_missing", detail)
                .with_field("/activity", "is missing"));
        }
        (kind, Some(activity)) => {
            let name = activity.name().map(str::to_owned);
            let recording = activity.into_recording().map_err(|error| {
                Problem::unprocessable("invalid", error.to_string())
                    .with_field(format!("/activity{}", error.field), error.problem)
            })?;
            let kind = if kind == Kind::Create {
                "create"
            } else {
                "update"
            };
            Event::Brought {
                kind,
                name,
                recording: Box::new(recording),
            }
        }
    };
    // As PostgreSQL keeps it: with more digits, an equal time would look newer than the stored one.
    let occurred_at = envelope.occurred_at.trunc_subsecs(6);
    if occurred_at.timestamp() > unix_seconds().saturating_add(FURTHEST_AHEAD_S) {
        return Err(
            Problem::unprocessable("invalid", "/occurred_at is in the future")
                .with_field("/occurred_at", "is in the future"),
        );
    }
    Ok(DeliveryItem {
        delivery_id,
        account,
        activity_id,
        occurred_at,
        event,
    })
}

fn id(value: Option<String>, code: &'static str, field: &'static str) -> Result<String, Problem> {
    let value = value.filter(|id| !id.is_empty()).ok_or_else(|| {
        Problem::malformed(code, format!("{field} is missing")).with_field(field, "is missing")
    })?;
    if value.len() > LONGEST_ID || value.contains('\0') {
        let problem = "must be at most 200 bytes without NUL";
        return Err(
            Problem::unprocessable("invalid", format!("{field} {problem}"))
                .with_field(field, problem),
        );
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> (u16, &'static str) {
        let problem = read("d1".into(), body.as_bytes()).unwrap_err();
        (problem.status().as_u16(), problem.code())
    }

    /// P-09, P-10
    #[test]
    fn what_is_missing_or_wrong_is_named_by_a_code() {
        let body = |rest: &str| {
            format!(r#"{{"event":"create","occurred_at":"2026-11-21T10:00:00Z"{rest}}}"#)
        };
        let activity = |inner: &str| {
            body(&format!(
                r#","athlete":"a","activity_id":"1","activity":{{{inner}}}"#
            ))
        };
        let run = r#""sport":"run","started_at":"2026-11-21T09:00:00Z""#;

        assert_eq!(code("not json"), (400, "malformed"));
        assert_eq!(
            code(&body(r#","activity_id":"1""#)),
            (400, "athlete_missing")
        );
        assert_eq!(
            code(&body(r#","athlete":"a""#)),
            (400, "activity_id_missing")
        );
        assert_eq!(
            code(&body(r#","athlete":"a","activity_id":"1""#)),
            (400, "activity_missing")
        );
        assert_eq!(code(&activity(r#""sport":"run""#)), (422, "invalid"));
        assert_eq!(
            code(&activity(&format!(r#"{run},"distance_m":-1"#))),
            (422, "invalid")
        );
        assert_eq!(
            code(&activity(&format!(r#"{run},"distance_m":1e400"#))),
            (400, "malformed")
        );
        assert_eq!(
            code(&activity(&format!(r#"{run},"name":"a\u0000b""#))),
            (422, "invalid")
        );
        assert_eq!(
            code(&activity(&format!(
                r#"{run},"samples":{{"time_s":[0,1],"hr_bpm":[90]}}"#
            ))),
            (422, "invalid")
        );
    }

    #[test]
    fn an_unknown_sport_is_other_and_keeps_its_word() {
        let body = r#"{"event":"create","athlete":"a","activity_id":"1",
            "occurred_at":"2026-11-21T10:00:00Z",
            "activity":{"sport":"curling","started_at":"2026-11-21T09:00:00Z"}}"#;

        let Event::Brought { recording, .. } = read("d".into(), body.as_bytes()).unwrap().event
        else {
            panic!("a create brings an activity")
        };

        assert_eq!(recording.sport, domain::sport::Sport::Other);
        assert_eq!(recording.sub_sport.as_deref(), Some("curling"));
    }
}
