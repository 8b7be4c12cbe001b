//! Intervals.icu: events that name an activity, which is then asked for with its original file.
//!
//! Source: forum.intervals.icu, threads 80090 ("API Integration Cookbook") and 2759 ("API
//! access"). Nothing is signed: the body holds a shared secret.

use super::answers::{brought, decoded, found, part, whole};
use super::api::{Api, Refusal};
use super::json::{self, Announcement, each};
use super::lists::{rows, there};
use super::moments::Start;
use super::oauth::{OAuth, Revocation, Whose};
use super::source::{ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Window};
use super::sports::from_word;
use super::strava::SPORTS;
use super::streams::{Column, fitted, steps_per_minute};
use super::{Change, Delivery, Item, Provider, event_time};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::Secrets;
use chrono::{DateTime, TimeDelta, Utc};
use domain::decode::{Activity, Columns};
use domain::recording::Totals;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;

/// The name in the path and in the database.
pub const NAME: &str = "intervals";
const LIST: &str = "events";

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intervals {
    /// The secret of the application's page, which every body holds.
    #[serde(default)]
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Shown {
    secret: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    events: Vec<Value>,
}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    #[serde(default, deserialize_with = "json::text")]
    athlete_id: Option<String>,
    timestamp: Option<DateTime<Utc>>,
    activity: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
}

impl Provider for Intervals {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        // Nothing else is read of a body that is not believed, so a malformed one shows no secret.
        let shown: Option<Shown> = serde_json::from_slice(request.body()).ok();
        let secret = shown.and_then(|shown| shown.secret);
        self.secrets.check_shown(secret.as_deref())
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let told: Told = parse_json(delivery.body)?;
        each(told.events, |element| {
            // One event alone, and so without the secret, which must not be kept.
            let alone = Some(json::alone(LIST, &element));
            let Some(change) = change(&element)? else {
                return Ok(None);
            };
            let event: Event = json::value(element)?;
            let item = event.item(change)?;
            Ok(Some(Item { alone, ..item }))
        })
    }
}

/// What happened to an activity; `None` when the event is about something else.
fn change(element: &Value) -> Result<Option<Change>, Problem> {
    let kind = Kind::deserialize(element)
        .map_err(|error| Problem::unprocessable("invalid", error.to_string()))?;
    Ok(match kind.r#type.as_str() {
        "ACTIVITY_UPLOADED" => Some(Change::Create),
        "ACTIVITY_ANALYZED" => Some(Change::Update),
        _ => None,
    })
}

impl Event {
    fn item(self, change: Change) -> Result<Item, Problem> {
        let occurred_at = self.timestamp.map(|at| event_time(at, "/events/timestamp"));
        let occurred_at = occurred_at.transpose()?;
        let id = self.activity.and_then(|activity| activity.id);
        let announcement = Announcement {
            delivery_id: format!(
                "{}:{}:{}",
                self.r#type,
                id.as_deref().unwrap_or_default(),
                occurred_at
                    .map(|at| at.timestamp_millis())
                    .unwrap_or_default()
            ),
            athlete: (self.athlete_id, "/events/athlete_id"),
            activity: (id, "/events/activity/id"),
            occurred_at,
            change,
        };
        announcement.item()
    }
}

/// Source: forum.intervals.icu, thread 2759; `disconnect-app` from its API documentation.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://intervals.icu/oauth/authorize",
    exchange_url: Some("https://intervals.icu/api/oauth/token"),
    scopes: &["ACTIVITY:READ"],
    separator: ",",
    has_challenge: false,
    account: Whose::Told("/athlete/id"),
    registration: None,
    revocation: Revocation::Deleted("disconnect-app"),
};

/// Intervals.icu, as it is asked; its tokens do not end.
#[derive(Debug)]
pub struct IntervalsApi(pub ApiSettings);

impl Source for IntervalsApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://intervals.icu/api/v1/"
    }

    /// None is documented for applications.
    fn windows(&self) -> &'static [Window] {
        &[]
    }

    fn oauth(&self) -> Option<&'static OAuth> {
        Some(&OAUTH)
    }

    fn fetch<'a>(
        &'a self,
        api: &'a Api<'a>,
        asked: Asked<'a>,
    ) -> BoxFuture<'a, Result<Fetched, Refusal>> {
        Box::pin(fetch(api, asked.activity_id))
    }

    fn lists(&self) -> Option<&dyn Lists> {
        Some(self)
    }
}

impl Lists for IntervalsApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `GET athlete/{id}/activities`: all since an athlete's local date, on one page.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let path = format!("athlete/{}/activities", part(looked.account)?);
    // It may be the day before where the athlete is.
    let oldest = (looked.since - TimeDelta::days(1)).date_naive().to_string();
    let Some(answer) = found(api.get(&path, &[("oldest", &*oldest)]).await?)? else {
        return Ok(Page::default());
    };
    let rows: Vec<Row> = rows(answer.json()?);
    Ok(Page {
        listed: rows.into_iter().filter_map(Row::listed).collect(),
        next: None,
    })
}

#[derive(Deserialize)]
struct Row {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    /// Without it, the activity came from a provider that forbids to show it, and nothing else
    /// of it is told either.
    #[serde(flatten)]
    start: Start,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        there(self.id, self.start.utc(), None)
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("activity/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let detail: Detail = answer.json()?;
    let name = json::name(detail.name.clone());
    let activity = detail.activity();
    if let Some(file) = found(api.get(&format!("{path}/file"), &[]).await?)?
        && let Some(recording) = decoded(&file.body, Some(&activity))
    {
        return Ok(whole(name, recording));
    }
    let streams = found(api.get(&format!("{path}/streams.json"), &[]).await?)?;
    let streams: Vec<Stream> = match streams {
        Some(answer) => answer.json()?,
        None => Vec::new(),
    };
    let (sport, _) = detail.kind();
    let samples = fitted(columns(streams), sport);
    brought(
        name,
        Activity {
            samples,
            ..activity
        },
        false,
    )
}

#[derive(Deserialize)]
struct Detail {
    name: Option<String>,
    r#type: Option<String>,
    #[serde(flatten)]
    start: Start,
    elapsed_time: Option<f64>,
    moving_time: Option<f64>,
    distance: Option<f64>,
    total_elevation_gain: Option<f64>,
    average_heartrate: Option<f64>,
    max_heartrate: Option<f64>,
    average_cadence: Option<f64>,
    icu_average_watts: Option<f64>,
    max_speed: Option<f64>,
    calories: Option<f64>,
}

impl Detail {
    /// Its words are Strava's.
    fn kind(&self) -> super::sports::Kind {
        from_word(SPORTS, self.r#type.as_deref().unwrap_or_default())
    }

    fn activity(&self) -> Activity {
        let (sport, sub_sport) = self.kind();
        Activity {
            utc_offset_s: self.start.utc_offset_s(),
            totals: Totals {
                elapsed_s: self.elapsed_time,
                timer_s: self.moving_time,
                distance_m: self.distance,
                avg_hr_bpm: self.average_heartrate,
                max_hr_bpm: self.max_heartrate,
                avg_power_w: self.icu_average_watts,
                avg_cadence: steps_per_minute(sport, self.average_cadence),
                max_speed_mps: self.max_speed,
                elevation_gain_m: self.total_elevation_gain,
                calories_kcal: self.calories,
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, self.start.utc())
        }
    }
}

/// One kind of sample; positions have a second column.
#[derive(Deserialize)]
struct Stream {
    r#type: String,
    data: Option<Vec<Value>>,
    data2: Option<Vec<Value>>,
}

fn columns(streams: Vec<Stream>) -> Columns {
    let mut columns = Columns::default();
    for Stream {
        r#type,
        data,
        data2,
    } in streams
    {
        match r#type.as_str() {
            "time" => columns.time_s = numbers(data).into_iter().flatten().flatten().collect(),
            "distance" => columns.distance_m = numbers(data),
            "velocity_smooth" => columns.speed_mps = numbers(data),
            "heartrate" => columns.hr_bpm = numbers(data),
            "watts" => columns.power_w = numbers(data),
            "cadence" => columns.cadence = numbers(data),
            "altitude" => columns.altitude_m = numbers(data),
            "temp" => columns.temperature_c = numbers(data),
            "latlng" => (columns.latitude, columns.longitude) = (numbers(data), numbers(data2)),
            _ => {}
        }
    }
    columns
}

/// A column of numbers; streams of other kinds hold other things.
fn numbers(data: Option<Vec<Value>>) -> Column {
    data.map(|data| data.iter().map(Value::as_f64).collect())
}

#[cfg(test)]
mod tests;
