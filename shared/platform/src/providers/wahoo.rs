//! Wahoo: a summary with the address of its file; the workout is asked for.
//!
//! Source: cloud-api.wahooligan.com, "Webhooks", "Workouts" and "Rate Limits". Nothing is signed:
//! the body holds a shared token.

use super::answers::{brought, found, from_file, part};
use super::api::{Api, Refusal};
use super::json::{self, Announcement};
use super::lists::{page_after, page_number, rows, there};
use super::oauth::{OAuth, Revocation, Whose};
use super::source::{
    ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Usage, Window,
};
use super::sports::{Numbers, from_number};
use super::{Change, Delivery, Item, Provider, event_time};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::Secrets;
use chrono::{DateTime, Utc};
use domain::decode::Activity;
use domain::local_date::utc_offset_s;
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The name in the path and in the database.
pub const NAME: &str = "wahoo";
const TOKEN: &str = "webhook_token";
/// Where its files are.
const HOSTS: &[&str] = &["cdn.wahooligan.com"];
/// What an application in production may ask; files do not count.
const WINDOWS: &[Window] = &[
    Window::of(200, 300),
    Window::of(1000, 3600),
    Window::of(5000, 24 * 3600),
];

/// How many workouts a page of the list holds: as many as by default, because the most is not documented.
const PAGE: &str = "30";

/// Wahoo's `workout_type_id`; what is not verified is other.
const SPORTS: &[Numbers] = &[
    (
        Sport::Run,
        &[
            (1, ""),
            (3, "track"),
            (4, "trail"),
            (5, "treadmill"),
            (19, ""),
            (67, ""),
            (71, ""),
        ],
    ),
    (
        Sport::Ride,
        &[
            (0, ""),
            (11, "cyclocross"),
            (12, "indoor_cycling"),
            (13, "mountain"),
            (14, "recumbent"),
            (15, "road"),
            (16, "track_cycling"),
            (49, "indoor_cycling"),
            (61, "indoor_cycling"),
            (64, "e_bike"),
            (68, "virtual_ride"),
            (70, "handcycle"),
        ],
    ),
    (Sport::Hike, &[(9, ""), (10, "")]),
    (Sport::Swim, &[(25, "lap_swimming"), (26, "open_water")]),
    (Sport::Ski, &[(28, ""), (29, ""), (30, ""), (37, "")]),
];

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wahoo {
    /// What we wrote into the application's form, and every body holds.
    #[serde(default)]
    tokens: Secrets,
}

#[derive(Deserialize)]
struct Shown {
    webhook_token: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    /// The vendor's text names it so; a harvest of its schema says `event`.
    event_type: Option<String>,
    event: Option<String>,
    user: Option<User>,
    workout_summary: Option<Announced>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Announced {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    workout_id: Option<String>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    workout: Option<User>,
}

impl Provider for Wahoo {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        // Nothing else is read of a body that is not believed, so a malformed one shows no token.
        let shown: Option<Shown> = serde_json::from_slice(request.body()).ok();
        let token = shown.and_then(|shown| shown.webhook_token);
        self.tokens.check_shown(token.as_deref())
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let mut body: Map<String, Value> = parse_json(delivery.body)?;
        body.remove(TOKEN);
        // What is kept must not hold the token.
        let alone = serde_json::to_vec(&body).unwrap_or_default();
        let event: Event = json::value(Value::Object(body))?;
        let kind = event.event_type.as_deref().or(event.event.as_deref());
        if kind != Some("workout_summary") {
            return Ok(Vec::new());
        }
        Ok(vec![Item {
            alone: Some(alone),
            ..event.item()?
        }])
    }
}

impl Event {
    fn item(self) -> Result<Item, Problem> {
        let field = "/workout_summary/updated_at";
        let summary = self.workout_summary.unwrap_or_default();
        let updated_at = summary.updated_at.map(|at| event_time(at, field));
        let occurred_at = updated_at.transpose()?;
        let activity = summary.workout.and_then(|workout| workout.id);
        let announcement = Announcement {
            delivery_id: format!(
                "workout_summary:{}:{}",
                summary.id.unwrap_or_default(),
                occurred_at
                    .map(|at| at.timestamp_millis())
                    .unwrap_or_default()
            ),
            athlete: (self.user.and_then(|user| user.id), "/user/id"),
            activity: (
                activity.or(summary.workout_id),
                "/workout_summary/workout/id",
            ),
            occurred_at,
            change: if summary.created_at == summary.updated_at {
                Change::Create
            } else {
                Change::Update
            },
        };
        announcement.item()
    }
}

/// Source: cloud-api.wahooligan.com, "Authentication", "Users" and "Permissions". Its challenge is for
/// applications without a secret.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://api.wahooligan.com/oauth/authorize",
    exchange_url: None,
    scopes: &["user_read", "workouts_read", "offline_data"],
    separator: " ",
    has_challenge: false,
    account: Whose::Asked("user", "/id"),
    registration: None,
    revocation: Revocation::Deleted("permissions"),
};

/// Wahoo, as it is asked.
#[derive(Debug)]
pub struct WahooApi(pub ApiSettings);

impl Source for WahooApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://api.wahooligan.com/v1/"
    }

    fn documented_token_url(&self) -> Option<&'static str> {
        Some("https://api.wahooligan.com/oauth/token")
    }

    fn windows(&self) -> &'static [Window] {
        WINDOWS
    }

    /// `5000, 1000, 200` and what remains of each: the longest window comes first.
    fn usage(&self, headers: &HeaderMap) -> Vec<Usage> {
        let numbers = |name: &str| -> Vec<u32> {
            let text = headers.get(name).and_then(|value| value.to_str().ok());
            let parts = text.unwrap_or_default().split(',');
            parts.map_while(|part| part.trim().parse().ok()).collect()
        };
        let most = numbers("x-ratelimit-limit");
        let remaining = numbers("x-ratelimit-remaining");
        let told = most.into_iter().zip(remaining);
        let windows = WINDOWS.iter().rev().zip(told);
        let usage = windows.map(|(window, (most, remaining))| Usage {
            length: window.length,
            most,
            used: most.saturating_sub(remaining),
        });
        usage.collect()
    }

    fn oauth(&self) -> Option<&'static OAuth> {
        Some(&OAUTH)
    }

    fn fetch<'a>(
        &'a self,
        api: &'a Api<'a>,
        asked: Asked<'a>,
    ) -> BoxFuture<'a, Result<Fetched, Refusal>> {
        Box::pin(self.fetch(api, asked.activity_id))
    }

    fn lists(&self) -> Option<&dyn Lists> {
        Some(self)
    }
}

impl Lists for WahooApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `GET workouts`: newest start first, without a filter by time; 30 to a page, if not told otherwise.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let number = page_number(looked.next);
    let page = number.to_string();
    let query = [("page", &*page), ("per_page", PAGE)];
    let Some(answer) = found(api.get("workouts", &query).await?)? else {
        return Ok(Page::default());
    };
    let told: Workouts = answer.json()?;
    let is_empty = told.workouts.is_empty();
    let rows: Vec<Row> = rows(told.workouts);
    // What follows is older still.
    let is_last = is_empty || rows.last().is_some_and(|row| row.starts < looked.since);
    let recent = rows.into_iter().filter(|row| row.starts >= looked.since);
    Ok(Page {
        listed: recent.filter_map(Row::listed).collect(),
        next: page_after(number).filter(|_| !is_last),
    })
}

#[derive(Deserialize)]
struct Workouts {
    workouts: Vec<Value>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    starts: DateTime<Utc>,
    /// The documents' example leaves it out; where it is told and `null`, nothing was done yet.
    #[serde(default = "untold")]
    workout_summary: Value,
}

fn untold() -> Value {
    Value::Bool(true)
}

impl Row {
    fn listed(self) -> Option<Listed> {
        if self.workout_summary.is_null() {
            return None;
        }
        there(self.id, self.starts, None)
    }
}

impl WahooApi {
    async fn fetch(&self, api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
        let path = format!("workouts/{}", part(id)?);
        let Some(answer) = found(api.get(&path, &[]).await?)? else {
            return Ok(Fetched::Gone);
        };
        let workout: Workout = answer.json()?;
        let Some(summary) = &workout.workout_summary else {
            return Ok(Fetched::NotReady);
        };
        let activity = workout.activity(summary);
        let name = json::name(workout.name.clone());
        let address = summary.file.as_ref().and_then(|file| file.url.as_deref());
        if let Some(address) = address {
            let hosts = self.0.hosts(HOSTS);
            if let Some(file) = found(api.download(address, &hosts).await?)? {
                return from_file(name, &file.body, Some(activity));
            }
        }
        brought(name, activity, !summary.manual)
    }
}

#[derive(Deserialize)]
struct Workout {
    starts: DateTime<Utc>,
    name: Option<String>,
    workout_type_id: Option<u32>,
    workout_summary: Option<Summary>,
}

/// Its figures are decimal text.
#[derive(Deserialize)]
struct Summary {
    #[serde(default, deserialize_with = "json::number")]
    duration_total_accum: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    duration_active_accum: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    distance_accum: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    heart_rate_avg: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    power_avg: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    cadence_avg: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    ascent_accum: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    calories_accum: Option<f64>,
    time_zone: Option<String>,
    #[serde(default)]
    manual: bool,
    file: Option<File>,
}

#[derive(Deserialize)]
struct File {
    url: Option<String>,
}

impl Workout {
    fn activity(&self, summary: &Summary) -> Activity {
        let told = self.workout_type_id;
        let (sport, sub_sport) =
            told.map_or((Sport::Other, None), |told| from_number(SPORTS, told));
        let zone = summary.time_zone.as_deref();
        Activity {
            utc_offset_s: zone.and_then(|zone| utc_offset_s(self.starts, zone)),
            totals: Totals {
                elapsed_s: summary.duration_total_accum,
                timer_s: summary.duration_active_accum,
                distance_m: summary.distance_accum,
                avg_hr_bpm: summary.heart_rate_avg,
                avg_power_w: summary.power_avg,
                // Whether it counts one leg or both on foot is not documented.
                avg_cadence: summary.cadence_avg.filter(|_| !sport.is_on_foot()),
                elevation_gain_m: summary.ascent_accum,
                calories_kcal: summary.calories_accum,
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, self.starts)
        }
    }
}

#[cfg(test)]
mod tests;
