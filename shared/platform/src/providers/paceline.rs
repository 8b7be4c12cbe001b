//! The generic provider: one documented JSON, signed by the Standard Webhooks rules.

use super::{About, Change, Delivery, Event, Item, Provider, event_time, id};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::{SignedHeaders, SigningKeys};
use chrono::{DateTime, Utc};
use domain::decode::Activity;
use serde::Deserialize;

/// The name in the path and in the database.
pub const NAME: &str = "paceline";
const ID_HEADER: &str = "webhook-id";
const TIMESTAMP_HEADER: &str = "webhook-timestamp";
const SIGNATURE_HEADER: &str = "webhook-signature";

/// Its settings: the secrets that may sign, of which two are alive during a rotation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paceline {
    #[serde(default)]
    secrets: SigningKeys,
}

#[derive(Deserialize)]
struct Envelope {
    event: Change,
    athlete: Option<String>,
    activity_id: Option<String>,
    occurred_at: DateTime<Utc>,
    activity: Option<Activity>,
}

impl Provider for Paceline {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        let headers = SignedHeaders {
            id: request.header(ID_HEADER),
            timestamp: request.header(TIMESTAMP_HEADER),
            signature: request.header(SIGNATURE_HEADER),
        };
        self.secrets.verify(headers, request.body())
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER]
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        Ok(vec![read(delivery)?])
    }
}

fn read(delivery: Delivery<'_>) -> Result<Item, Problem> {
    let envelope: Envelope = parse_json(delivery.body)?;
    let account = id(envelope.athlete, "athlete_missing", "/athlete")?;
    let activity_id = id(envelope.activity_id, "activity_id_missing", "/activity_id")?;
    let event = match (envelope.event, envelope.activity) {
        (Change::Delete, _) => Event::Deleted,
        (_, None) => {
            let detail = "a create or update brings the whole activity";
            return Err(Problem::malformed("activity_missing", detail)
                .with_field("/activity", "is missing"));
        }
        (change, Some(activity)) => {
            let name = activity.name.clone();
            let recording = activity.into_recording().map_err(|error| {
                Problem::unprocessable("invalid", error.to_string())
                    .with_field(format!("/activity{}", error.field), error.problem)
            })?;
            Event::Brought {
                change,
                name,
                recording: Box::new(recording),
            }
        }
    };
    Ok(Item {
        delivery_id: delivery.headers.get(ID_HEADER).cloned().unwrap_or_default(),
        account,
        occurred_at: Some(event_time(envelope.occurred_at, "/occurred_at")?),
        about: About::Activity {
            id: activity_id,
            event,
        },
        alone: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Headers;
    use super::*;

    fn item(body: &str) -> Result<Item, Problem> {
        let headers = Headers::from([(ID_HEADER.to_owned(), "d1".to_owned())]);
        let body = body.as_bytes();
        read(Delivery {
            headers: &headers,
            body,
        })
    }

    fn code(body: &str) -> (u16, &'static str) {
        let problem = item(body).unwrap_err();
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

        let About::Activity {
            event: Event::Brought { recording, .. },
            ..
        } = item(body).unwrap().about
        else {
            panic!("a create brings an activity")
        };

        assert_eq!(recording.sport, domain::sport::Sport::Other);
        assert_eq!(recording.sub_sport.as_deref(), Some("curling"));
    }
}
