//! Suunto: events that name a workout, which is then asked for with its file.
//!
//! Source: apizone.suunto.com, "Webhooks"; the workout's members from open-wearables' client. The
//! older form-encoded webhook is not read.

use super::answers::{brought, found, from_file, part};
use super::api::{Api, Refusal};
use super::json::{self, Announcement};
use super::lists::{page_after, page_number, rows, there};
use super::moments::from_milliseconds;
use super::oauth::{OAuth, Revocation, Whose};
use super::source::{ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Window};
use super::sports::{Numbers, from_number};
use super::tokens::ClientCredentials;
use super::{Change, Delivery, Item, Provider};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::signature::Secrets;
use domain::decode::Activity;
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderName, header};
use serde::Deserialize;
use serde_json::Value;

/// The name in the path and in the database.
pub const NAME: &str = "suunto";
const SIGNATURE_HEADER: &str = "x-hmac-sha256-signature";
const KEY_HEADER: HeaderName = HeaderName::from_static("ocp-apim-subscription-key");
/// How many workouts a page of the list holds.
const PAGE: u64 = 100;
/// A heart rate below this is told in beats per second, as some bodies do.
const SLOWEST_BPM: f64 = 10.0;

/// Suunto's `activityId`.
const SPORTS: &[Numbers] = &[
    (
        Sport::Run,
        &[
            (1, ""),
            (22, "trail_running"),
            (53, "treadmill"),
            (59, ""),
            (95, ""),
            (103, "track_running"),
            (115, "vertical_running"),
        ],
    ),
    (
        Sport::Ride,
        &[
            (2, ""),
            (10, "mountain_biking"),
            (52, "indoor_cycling"),
            (99, "gravel_cycling"),
            (105, "e_biking"),
            (106, "e_biking"),
            (109, ""),
            (114, ""),
        ],
    ),
    (Sport::Swim, &[(21, ""), (85, "open_water_swimming")]),
    (
        Sport::Strength,
        &[
            (23, "gym"),
            (54, "crossfit"),
            (63, "kettlebell"),
            (73, "circuit_training"),
            (104, "calisthenics"),
        ],
    ),
    (Sport::Walk, &[(0, ""), (24, "nordic_walking")]),
    (
        Sport::Hike,
        &[(11, ""), (65, ""), (70, "trekking"), (83, "")],
    ),
    (Sport::Row, &[(15, ""), (57, "indoor_rowing")]),
    (
        Sport::Ski,
        &[
            (3, "cross_country_skiing"),
            (13, "downhill_skiing"),
            (30, "snowboarding"),
            (31, "ski_touring"),
            (56, "roller_skiing"),
            (84, ""),
            (107, "backcountry_skiing"),
            (110, ""),
            (117, "cross_country_skiing"),
            (118, "cross_country_skiing"),
        ],
    ),
    (
        Sport::Mobility,
        &[
            (51, "yoga_pilates"),
            (58, "stretching"),
            (112, ""),
            (120, "pilates"),
            (121, "yoga"),
        ],
    ),
];

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suunto {
    /// The notification secrets of the portal.
    #[serde(default)]
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    #[serde(default, deserialize_with = "json::text")]
    username: Option<String>,
    workout: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, rename = "workoutKey", deserialize_with = "json::text")]
    workout_key: Option<String>,
}

impl Provider for Suunto {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        let signature = request.header(SIGNATURE_HEADER);
        self.secrets.check_hex(&[request.body()], signature)
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE_HEADER]
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let event: Event = parse_json(delivery.body)?;
        if event.r#type != "WORKOUT_CREATED" {
            return Ok(Vec::new());
        }
        let key = event.workout.and_then(|workout| workout.workout_key);
        let announcement = Announcement {
            delivery_id: format!("WORKOUT_CREATED:{}", key.as_deref().unwrap_or_default()),
            athlete: (event.username, "/username"),
            activity: (key, "/workout/workoutKey"),
            occurred_at: None,
            change: Change::Create,
        };
        Ok(vec![announcement.item()?])
    }
}

/// Source: apizone.suunto.com, "How to start"; the claim is the name that webhooks tell. Giving
/// access back, and that there are no scopes to ask for: public clients.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://cloudapi-oauth.suunto.com/oauth/authorize",
    exchange_url: None,
    scopes: &[],
    separator: " ",
    has_challenge: false,
    account: Whose::Claimed("user"),
    registration: None,
    revocation: Revocation::Asked("deauthorize"),
};

/// Suunto, as it is asked.
#[derive(Debug)]
pub struct SuuntoApi(pub ApiSettings);

impl Source for SuuntoApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://cloudapi.suunto.com/v3/"
    }

    fn documented_token_url(&self) -> Option<&'static str> {
        Some("https://cloudapi-oauth.suunto.com/oauth/token")
    }

    fn client_credentials(&self) -> ClientCredentials {
        ClientCredentials::Basic
    }

    fn authorization(&self, token: &Secret<String>) -> Vec<(HeaderName, String)> {
        let bearer = format!("Bearer {}", token.expose());
        let key = self.0.subscription_key.expose().clone();
        vec![(header::AUTHORIZATION, bearer), (KEY_HEADER, key)]
    }

    /// None is documented.
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

impl Lists for SuuntoApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `GET workouts`: by their start in milliseconds, a page beginning behind so many.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let number = page_number(looked.next);
    let since = looked.since.timestamp_millis().to_string();
    let skipped = (u64::from(number) - 1) * PAGE;
    let (limit, offset) = (PAGE.to_string(), skipped.to_string());
    let query = [
        ("since", &*since),
        ("limit", &*limit),
        ("offset", &*offset),
        ("filter-by-modification-time", "false"),
    ];
    let Some(answer) = found(api.get("workouts", &query).await?)? else {
        return Ok(Page::default());
    };
    let told: Workouts = answer.json()?;
    let next = page_after(number).filter(|_| !told.payload.is_empty());
    let rows: Vec<Row> = rows(told.payload);
    Ok(Page {
        listed: rows.into_iter().filter_map(Row::listed).collect(),
        next,
    })
}

#[derive(Deserialize)]
struct Workouts {
    payload: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(default, deserialize_with = "json::text")]
    workout_key: Option<String>,
    /// Milliseconds since 1970.
    start_time: i64,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        there(self.workout_key, from_milliseconds(self.start_time)?, None)
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("workouts/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let mut told: Value = answer.json()?;
    // Most answers wrap what they tell.
    let workout = match told.get_mut("payload") {
        Some(payload) => payload.take(),
        None => told,
    };
    let unusable = |_| Refusal::Unusable("the workout is not as documented".to_owned());
    let activity = Workout::deserialize(workout)
        .map_err(unusable)?
        .activity()?;
    match found(api.get(&format!("{path}/fit"), &[]).await?)? {
        Some(file) => from_file(None, &file.body, Some(activity)),
        None => brought(None, activity, true),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workout {
    activity_id: Option<u32>,
    /// Milliseconds since 1970.
    start_time: i64,
    total_time: Option<f64>,
    total_distance: Option<f64>,
    total_ascent: Option<f64>,
    total_descent: Option<f64>,
    max_speed: Option<f64>,
    energy_consumption: Option<f64>,
    time_offset_in_minutes: Option<i32>,
    hrdata: Option<HeartRate>,
}

/// Its `max` is the athlete's and not the workout's.
#[derive(Deserialize)]
struct HeartRate {
    #[serde(rename = "workoutAvgHR")]
    average: Option<f64>,
    #[serde(rename = "workoutMaxHR")]
    greatest: Option<f64>,
    hrmax: Option<f64>,
}

impl Workout {
    fn activity(self) -> Result<Activity, Refusal> {
        let start = from_milliseconds(self.start_time)
            .ok_or_else(|| Refusal::Unusable("startTime is not in milliseconds".to_owned()))?;
        let told = self.activity_id;
        let (sport, sub_sport) =
            told.map_or((Sport::Other, None), |told| from_number(SPORTS, told));
        let rate = self.hrdata.as_ref();
        let minutes = self.time_offset_in_minutes;
        Ok(Activity {
            utc_offset_s: minutes.map(|minutes| minutes.saturating_mul(60)),
            totals: Totals {
                elapsed_s: self.total_time,
                distance_m: self.total_distance,
                avg_hr_bpm: beats_per_minute(rate.and_then(|rate| rate.average)),
                max_hr_bpm: beats_per_minute(rate.and_then(|rate| rate.greatest.or(rate.hrmax))),
                max_speed_mps: self.max_speed,
                elevation_gain_m: self.total_ascent,
                elevation_loss_m: self.total_descent,
                calories_kcal: self.energy_consumption,
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, start)
        })
    }
}

fn beats_per_minute(told: Option<f64>) -> Option<f64> {
    told.map(|rate| {
        if rate < SLOWEST_BPM {
            rate * 60.0
        } else {
            rate
        }
    })
}

#[cfg(test)]
mod tests;
