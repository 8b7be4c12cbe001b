//! Garmin: lists of elements, many athletes in one body; most bring the whole activity.
//!
//! Source: Garmin's "Activity API" and "Health API" start guides. Nothing is signed: a header names
//! our application, so a secret in the path is offered besides, and that access ended is only a
//! reason to ask.

mod activity;
mod source;
mod sports;

pub use source::GarminApi;

use super::json::{self, Announcement, each};
use super::{
    About, Change, Delivery, Event, Item, Provider, check_path, event_time, id, invalid, moments,
};
use crate::clock;
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::Secrets;
use activity::{Told, activity_id};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The name in the path and in the database.
pub const NAME: &str = "garmin";
const CLIENT_HEADER: &str = "garmin-client-id";
/// Lists of pings whose address has a file.
const FILES: &str = "activityFiles";

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Garmin {
    /// Our application's ids, which the header names.
    #[serde(default)]
    client_ids: Secrets,
    /// What follows `/webhooks/garmin/`, if anything should.
    #[serde(default)]
    path_secrets: Secrets,
    /// Of which activities totals alone are read.
    #[serde(default)]
    summaries: Summaries,
}

/// Of which activities totals alone are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Summaries {
    /// Of those that were typed in; of all others the details or the file come too, and totals that
    /// come after these would only wipe the samples.
    #[default]
    Manual,
    /// Of all: for an application to which Garmin sends neither details nor files.
    All,
}

/// What a list is of; all that is not here does not concern us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// Totals.
    Summaries(Change),
    /// Totals, samples and laps.
    Details,
    /// Where a file is.
    Files,
    /// That our access changed or ended.
    Access,
}

impl List {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "activities" => Self::Summaries(Change::Create),
            "manuallyUpdatedActivities" => Self::Summaries(Change::Update),
            "activityDetails" => Self::Details,
            FILES => Self::Files,
            "deregistrations" | "userPermissionsChange" => Self::Access,
            _ => return None,
        })
    }
}

/// What pings, files and ends of access have in common.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    #[serde(default, deserialize_with = "json::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    summary_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    activity_id: Option<String>,
    #[serde(rename = "callbackURL")]
    callback_url: Option<String>,
    change_time_in_seconds: Option<i64>,
}

impl Provider for Garmin {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        if !self.path_secrets.is_empty() {
            check_path(&self.path_secrets, request)?;
        }
        self.client_ids.check_shown(request.header(CLIENT_HEADER))
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let lists: BTreeMap<String, Value> = parse_json(delivery.body)?;
        let mut elements = Vec::new();
        for (name, list) in lists {
            let Some(kind) = List::of(&name) else {
                continue;
            };
            let Value::Array(list) = list else {
                return Err(invalid("/", "must hold lists"));
            };
            elements.extend(
                list.into_iter()
                    .map(|element| (name.clone(), kind, element)),
            );
        }
        each(elements, |(name, kind, element)| {
            if !self.concerns_us(kind, &element) {
                return Ok(None);
            }
            let alone = json::alone(&name, &element);
            let item = read(&name, kind, element)?;
            Ok(Some(Item {
                alone: Some(alone),
                ..item
            }))
        })
    }
}

impl Garmin {
    fn concerns_us(&self, list: List, element: &Value) -> bool {
        let is_manual = || element.get("manual").and_then(Value::as_bool) == Some(true);
        !matches!(list, List::Summaries(_)) || self.summaries == Summaries::All || is_manual()
    }
}

fn read(name: &str, list: List, element: Value) -> Result<Item, Problem> {
    let note = Note::deserialize(&element)
        .map_err(|error| Problem::unprocessable("invalid", error.to_string()))?;
    match list {
        List::Access => note.access(name),
        List::Files => note.announced(name),
        List::Summaries(_) | List::Details if note.callback_url.is_some() => note.announced(name),
        List::Summaries(change) => brought(name, note, element, change),
        List::Details => brought(name, note, element, Change::Create),
    }
}

fn brought(name: &str, note: Note, element: Value, change: Change) -> Result<Item, Problem> {
    let account = id(note.user_id, "athlete_missing", "/userId")?;
    let activity = activity_id(note.summary_id, note.activity_id);
    let activity = id(activity, "activity_id_missing", "/summaryId")?;
    let told = Told::read(element)?;
    let occurred_at = as_of(told.activity.started_at, told.is_detailed);
    let recording = told.activity.believable().into_recording();
    let recording = recording.map_err(|error| invalid(error.field, error.problem))?;
    Ok(Item {
        delivery_id: format!("{name}:{activity}"),
        account,
        occurred_at: Some(event_time(occurred_at, "/startTimeInSeconds")?),
        about: About::Activity {
            id: activity,
            event: Event::Brought {
                change,
                name: told.name,
                recording: Box::new(recording),
            },
        },
        alone: None,
    })
}

/// As of when an element speaks of its activity.
///
/// Garmin does not tell when it said something, and says the same activity twice: as totals, and
/// as totals with samples, in either order. Details count as said a second after the start and
/// totals at the start, so that totals that come later are stale instead of wiping the samples.
fn as_of(started_at: DateTime<Utc>, is_detailed: bool) -> DateTime<Utc> {
    started_at + TimeDelta::seconds(is_detailed.into())
}

impl Note {
    fn announced(self, name: &str) -> Result<Item, Problem> {
        if self.callback_url.is_none() {
            return Err(invalid("/callbackURL", "is missing"));
        }
        let activity = activity_id(self.summary_id, self.activity_id);
        let announcement = Announcement {
            delivery_id: format!("{name}:{}", activity.as_deref().unwrap_or_default()),
            athlete: (self.user_id, "/userId"),
            activity: (activity, "/summaryId"),
            occurred_at: None,
            change: Change::Create,
        };
        announcement.item()
    }

    fn access(self, name: &str) -> Result<Item, Problem> {
        let account = id(self.user_id, "athlete_missing", "/userId")?;
        let changed_at = match self.change_time_in_seconds {
            None => None,
            Some(seconds) => {
                let field = "/changeTimeInSeconds";
                let time = moments::from_seconds(seconds)
                    .ok_or_else(|| invalid(field, "is not in seconds since 1970"))?;
                Some(event_time(time, field)?)
            }
        };
        // Without a time, the day keeps a second end from looking like a repetition of the first.
        let day = changed_at.unwrap_or_else(clock::now).date_naive();
        Ok(Item {
            delivery_id: format!("{name}:{account}:{day}"),
            account,
            occurred_at: changed_at,
            about: About::Access,
            alone: None,
        })
    }
}

#[cfg(test)]
mod tests;
