//! WHOOP: events that name a workout, which is then asked for; it has totals and no samples.
//!
//! Source: developer.whoop.com, "Webhooks" (version 2), "Workout" and "API Rate Limiting".

use super::answers::{brought, found, part};
use super::api::{Api, Refusal};
use super::json::{self, Announcement};
use super::lists::{rows, there};
use super::moments::seconds_between;
use super::oauth::{OAuth, Revocation, Whose};
use super::source::{
    ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Usage, Window,
};
use super::sports::{Words, from_word};
use super::{Change, Delivery, Item, Provider};
use crate::clock::unix_seconds;
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::{self, Secrets};
use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use domain::decode::Activity;
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// The name in the path and in the database.
pub const NAME: &str = "whoop";
const SIGNATURE_HEADER: &str = "x-whoop-signature";
const TIMESTAMP_HEADER: &str = "x-whoop-signature-timestamp";
const WINDOWS: &[Window] = &[Window::of(100, 60), Window::of(10_000, 24 * 3600)];
/// How many workouts a page of the list holds, the most that there may be.
const PAGE: &str = "25";
const KJ_PER_KCAL: f64 = 4.184;

/// WHOOP's `sport_name`: words with hyphens, or as its documents show them.
const SPORTS: &[Words] = &[
    (
        Sport::Run,
        &[
            "running",
            "track-field",
            "track-and-field",
            "trail-running",
            "stroller-jogging",
        ],
    ),
    (
        Sport::Ride,
        &["cycling", "mountain-biking", "spin", "assault-bike"],
    ),
    (Sport::Swim, &["swimming"]),
    (
        Sport::Strength,
        &[
            "weightlifting",
            "powerlifting",
            "strength-trainer",
            "strength-training",
        ],
    ),
    (Sport::Walk, &["walking", "dog-walking", "stroller-walking"]),
    (Sport::Hike, &["hiking", "hiking-rucking", "rucking"]),
    (Sport::Row, &["rowing"]),
    (
        Sport::Ski,
        &["skiing", "cross-country-skiing", "snowboarding"],
    ),
    (
        Sport::Mobility,
        &["yoga", "hot-yoga", "pilates", "stretching", "meditation"],
    ),
];

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whoop {
    /// The client's secrets, which sign.
    #[serde(default)]
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default, deserialize_with = "json::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    r#type: String,
    #[serde(default, deserialize_with = "json::text")]
    trace_id: Option<String>,
}

impl Provider for Whoop {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        let missing = || signature::missing("X-WHOOP-Signature-Timestamp is missing");
        let time = request.header(TIMESTAMP_HEADER).ok_or_else(missing)?;
        let parts = [time.as_bytes(), request.body()];
        let signature = request.header(SIGNATURE_HEADER);
        self.secrets.check_base64(&parts, signature)?;
        let sent_ms: i64 = time
            .parse()
            .map_err(|_| signature::invalid("X-WHOOP-Signature-Timestamp is no number"))?;
        signature::check_recent(sent_ms.div_euclid(1000), unix_seconds())
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE_HEADER, TIMESTAMP_HEADER]
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let event: Event = parse_json(delivery.body)?;
        let change = match event.r#type.as_str() {
            // Nothing tells a new workout from a changed one.
            "workout.updated" => Change::Update,
            "workout.deleted" => Change::Delete,
            _ => return Ok(Vec::new()),
        };
        let id = event.id.as_deref().unwrap_or_default();
        let of_its_own = format!("{}:{id}", event.r#type);
        let announcement = Announcement {
            delivery_id: event.trace_id.unwrap_or(of_its_own),
            athlete: (event.user_id, "/user_id"),
            activity: (event.id, "/id"),
            occurred_at: None,
            change,
        };
        Ok(vec![announcement.item()?])
    }
}

/// Source: developer.whoop.com, "OAuth 2.0", "Profile" and "User access"; `offline` brings the token
/// that refreshes.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://api.prod.whoop.com/oauth/oauth2/auth",
    exchange_url: None,
    scopes: &["offline", "read:profile", "read:workout"],
    separator: " ",
    has_challenge: false,
    account: Whose::Asked("v2/user/profile/basic", "/user_id"),
    registration: None,
    revocation: Revocation::Deleted("v2/user/access"),
};

/// WHOOP, as it is asked.
#[derive(Debug)]
pub struct WhoopApi(pub ApiSettings);

impl Source for WhoopApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://api.prod.whoop.com/developer/"
    }

    fn documented_token_url(&self) -> Option<&'static str> {
        Some("https://api.prod.whoop.com/oauth/oauth2/token")
    }

    fn windows(&self) -> &'static [Window] {
        WINDOWS
    }

    /// `100, 100;window=60, 10000;window=86400` and what remains of the first, the nearest limit.
    fn usage(&self, headers: &HeaderMap) -> Vec<Usage> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let nearest = || {
            let limits = header("x-ratelimit-limit")?;
            let remaining: u32 = header("x-ratelimit-remaining")?.trim().parse().ok()?;
            let mut limits = limits.split(',').map(str::trim);
            let most = limits.next()?;
            let window =
                limits.find_map(|limit| limit.strip_prefix(most)?.strip_prefix(";window="))?;
            let most: u32 = most.parse().ok()?;
            Some(Usage {
                length: Duration::from_secs(window.parse().ok()?),
                most,
                used: most.saturating_sub(remaining),
            })
        };
        nearest().into_iter().collect()
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

impl Lists for WhoopApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `getWorkoutCollection`: by their start, newest first, at most 25 to a page, which the answer
/// before names by a token.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let start = looked.since.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut query = vec![("start", &*start), ("limit", PAGE)];
    query.extend(looked.next.map(|next| ("nextToken", next)));
    let Some(answer) = found(api.get("v2/activity/workout", &query).await?)? else {
        return Ok(Page::default());
    };
    let told: Collection = answer.json()?;
    let rows: Vec<Row> = rows(told.records);
    Ok(Page {
        listed: rows.into_iter().filter_map(Row::listed).collect(),
        next: told.next_token.filter(|token| !token.is_empty()),
    })
}

#[derive(Deserialize)]
struct Collection {
    records: Vec<Value>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    start: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        there(self.id, self.start, self.updated_at)
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("v2/activity/workout/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let workout: Workout = answer.json()?;
    if workout.score_state.as_deref() == Some("PENDING_SCORE") {
        return Ok(Fetched::NotReady);
    }
    brought(None, workout.activity(), false)
}

#[derive(Deserialize)]
struct Workout {
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    /// `+02:00`.
    timezone_offset: Option<String>,
    sport_name: Option<String>,
    score_state: Option<String>,
    score: Option<Score>,
}

#[derive(Default, Deserialize)]
struct Score {
    average_heart_rate: Option<f64>,
    max_heart_rate: Option<f64>,
    kilojoule: Option<f64>,
    distance_meter: Option<f64>,
    altitude_gain_meter: Option<f64>,
}

impl Workout {
    fn activity(self) -> Activity {
        let word = self.sport_name.as_deref().unwrap_or_default();
        let (sport, sub_sport) = from_word(SPORTS, word);
        let offset = self.timezone_offset.as_deref();
        let offset = offset.and_then(|text| text.parse::<FixedOffset>().ok());
        let score = self.score.unwrap_or_default();
        Activity {
            utc_offset_s: offset.map(|offset| offset.local_minus_utc()),
            totals: Totals {
                elapsed_s: self.end.map(|end| seconds_between(self.start, end)),
                distance_m: score.distance_meter,
                avg_hr_bpm: score.average_heart_rate,
                max_hr_bpm: score.max_heart_rate,
                elevation_gain_m: score.altitude_gain_meter,
                calories_kcal: score.kilojoule.map(|energy| energy / KJ_PER_KCAL),
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, self.start)
        }
    }
}

#[cfg(test)]
mod tests;
