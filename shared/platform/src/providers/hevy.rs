//! Hevy: events that name a workout of sets, which is then asked for.
//!
//! Source: the API description kept by `chrisdoc/hevy-mcp`, and `drkostas/hevy2garmin` for the
//! webhook, which Hevy's own document no longer names. Hevy does not say whose workout it is: the
//! header `Authorization`, which we choose for each athlete, has to.

use super::answers::{brought, found, part};
use super::api::{Api, Refusal};
use super::json::{self, Announcement};
use super::lists::{deleted, page_after, page_number, rows, there};
use super::moments::{seconds_between, whole};
use super::source::{ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Window};
use super::{Change, Delivery, Headers, Item, Provider};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::signature::{self, Secrets};
use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use domain::decode::Activity;
use domain::recording::{StrengthSet, Totals};
use domain::set::SetKind;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderName, header};
use serde::Deserialize;
use serde_json::Value;

/// The name in the path and in the database.
pub const NAME: &str = "hevy";
const KEY_HEADER: HeaderName = HeaderName::from_static("api-key");
/// Under this name the account is kept beside the body.
const ACCOUNT: &str = "hevy-account";
/// How many events a page of the list holds, the most that there may be.
const PAGE: &str = "10";
/// The heaviest load that is believed, in kilograms.
const HEAVIEST_KG: f64 = 2000.0;
/// The longest set that is believed, in seconds.
const LONGEST_SET_S: f64 = 86_400.0;
/// Further in one set is nobody believed.
const LONGEST_SET_M: f64 = 1_000_000.0;

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hevy {
    /// What signs an athlete's account: `<account>.<hex of HMAC-SHA256(secret, account)>` is the
    /// `authToken` of that athlete's subscription.
    ///
    /// A token that all athletes share would let one of them speak for another, because an athlete
    /// can read their own subscription.
    #[serde(default)]
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default, rename = "workoutId", deserialize_with = "json::text")]
    workout_id: Option<String>,
}

/// The account and its signature, of a header.
fn token(request: &Request) -> Option<(&str, &str)> {
    request
        .header(header::AUTHORIZATION.as_str())?
        .rsplit_once('.')
}

impl Provider for Hevy {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        if request.header(header::AUTHORIZATION.as_str()).is_none() {
            return Err(signature::missing("Authorization is missing"));
        }
        let (account, signature) = token(request)
            .ok_or_else(|| signature::invalid("Authorization is not <account>.<signature>"))?;
        self.secrets
            .check_hex(&[account.as_bytes()], Some(signature))
    }

    /// The account alone, because its signature is a secret.
    fn keep(&self, request: &Request) -> Headers {
        let account = token(request).map(|(account, _)| account.to_owned());
        account
            .map(|account| (ACCOUNT.to_owned(), account))
            .into_iter()
            .collect()
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let event: Event = parse_json(delivery.body)?;
        let workout = event.payload.and_then(|payload| payload.workout_id);
        let announcement = Announcement {
            delivery_id: event.id.or_else(|| workout.clone()).unwrap_or_default(),
            athlete: (delivery.headers.get(ACCOUNT).cloned(), "/athlete"),
            activity: (workout, "/payload/workoutId"),
            occurred_at: None,
            change: Change::Create,
        };
        Ok(vec![announcement.item()?])
    }
}

/// Hevy, as it is asked: with each athlete's own key, which does not end.
#[derive(Debug)]
pub struct HevyApi(pub ApiSettings);

impl Source for HevyApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://api.hevyapp.com/v1/"
    }

    fn authorization(&self, token: &Secret<String>) -> Vec<(HeaderName, String)> {
        vec![(KEY_HEADER, token.expose().clone())]
    }

    /// None is documented.
    fn windows(&self) -> &'static [Window] {
        &[]
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

impl Lists for HevyApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `GET workouts/events`: what was saved, edited or deleted since a time, at most ten to a page.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let number = page_number(looked.next);
    let since = looked.since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let page = number.to_string();
    let query = [("since", &*since), ("page", &*page), ("pageSize", PAGE)];
    // Behind the last page there is none.
    let Some(answer) = found(api.get("workouts/events", &query).await?)? else {
        return Ok(Page::default());
    };
    let told: Events = answer.json()?;
    let is_last = told.events.is_empty() || told.page_count <= number;
    let rows: Vec<Row> = rows(told.events);
    Ok(Page {
        listed: rows.into_iter().filter_map(Row::listed).collect(),
        next: page_after(number).filter(|_| !is_last),
    })
}

#[derive(Deserialize)]
struct Events {
    page_count: u32,
    events: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Row {
    Updated {
        workout: Saved,
    },
    Deleted {
        #[serde(default, deserialize_with = "json::text")]
        id: Option<String>,
    },
}

#[derive(Deserialize)]
struct Saved {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    start_time: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        match self {
            Self::Updated { workout } => there(workout.id, workout.start_time, workout.updated_at),
            Self::Deleted { id } => deleted(id),
        }
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("workouts/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let workout: Workout = answer.json()?;
    brought(json::name(workout.title.clone()), workout.activity(), false)
}

#[derive(Deserialize)]
struct Workout {
    title: Option<String>,
    start_time: DateTime<FixedOffset>,
    end_time: Option<DateTime<Utc>>,
    #[serde(default)]
    exercises: Vec<Exercise>,
}

#[derive(Deserialize)]
struct Exercise {
    title: Option<String>,
    #[serde(default)]
    sets: Vec<Set>,
}

/// A set; its `type` tells warm-ups, drop sets and sets to failure apart.
#[derive(Deserialize)]
struct Set {
    #[serde(rename = "type")]
    kind: Option<String>,
    weight_kg: Option<f64>,
    reps: Option<f64>,
    duration_seconds: Option<f64>,
    distance_meters: Option<f64>,
    rpe: Option<f64>,
}

impl Workout {
    fn activity(self) -> Activity {
        let start = self.start_time.with_timezone(&Utc);
        // It tells UTC whatever the athlete's clock says, so that only another offset is one.
        let offset = self.start_time.offset().local_minus_utc();
        Activity {
            utc_offset_s: Some(offset).filter(|offset| *offset != 0),
            totals: Totals {
                elapsed_s: self.end_time.map(|end| seconds_between(start, end)),
                ..Totals::default()
            },
            sets: self
                .exercises
                .into_iter()
                .flat_map(Exercise::sets)
                .collect(),
            ..Activity::new(Sport::Strength, None, start)
        }
    }
}

impl Exercise {
    fn sets(self) -> impl Iterator<Item = StrengthSet> {
        let category = json::name(self.title);
        self.sets
            .into_iter()
            .map(move |set| set.strength(category.clone()))
    }
}

impl Set {
    /// Hevy tells the order of sets and not their times; all of them count from the start.
    fn strength(self, category: Option<String>) -> StrengthSet {
        let within = |value: Option<f64>, high| value.filter(|value| (0.0..=high).contains(value));
        StrengthSet {
            start_s: 0.0,
            duration_s: within(self.duration_seconds, LONGEST_SET_S),
            active: true,
            reps: self
                .reps
                .and_then(whole)
                .and_then(|reps| u16::try_from(reps).ok()),
            weight_kg: within(self.weight_kg, HEAVIEST_KG),
            category,
            kind: match self.kind.as_deref() {
                Some("warmup") => SetKind::Warmup,
                Some("dropset") => SetKind::Drop,
                Some("failure") => SetKind::Amrap,
                _ => SetKind::Normal,
            },
            distance_m: within(self.distance_meters, LONGEST_SET_M),
            rpe: within(self.rpe, 10.0),
        }
    }
}

#[cfg(test)]
mod tests;
