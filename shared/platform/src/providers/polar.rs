//! Polar: events that name an exercise, which is then asked for with its file.
//!
//! Source: polar.com/accesslink-api, "Webhooks", "Exercises" and "Rate limits".

use super::answers::{brought, found, from_file, part};
use super::api::{Api, Refusal};
use super::json::{self, Announcement};
use super::lists::{rows, there};
use super::moments::{from_local, local};
use super::oauth::{OAuth, Revocation, Whose};
use super::source::{
    ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Usage, Window, usage,
};
use super::sports::{Words, from_word};
use super::tokens::ClientCredentials;
use super::{Change, Delivery, Item, Provider, event_time};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::signature::Secrets;
use chrono::{DateTime, Utc};
use domain::decode::Activity;
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderMap;
use serde::Deserialize;

/// The name in the path and in the database.
pub const NAME: &str = "polar";
const SIGNATURE_HEADER: &str = "polar-webhook-signature";
/// A ping says little; what is longer has to be signed.
const LONGEST_PING: usize = 1024;
/// What an application without athletes may ask; each athlete adds to it, and the answers say so.
const WINDOWS: &[Window] = &[Window::of(500, 15 * 60), Window::of(5000, 24 * 3600)];

/// Polar's `detailed_sport_info`, and its `sport`.
const SPORTS: &[Words] = &[
    (
        Sport::Run,
        &[
            "RUNNING",
            "RUNNING_ROAD",
            "RUNNING_TRAIL",
            "RUNNING_TREADMILL",
            "TREADMILL_RUNNING",
        ],
    ),
    (
        Sport::Ride,
        &[
            "CYCLING",
            "CYCLING_ROAD",
            "CYCLING_MOUNTAIN",
            "CYCLING_MOUNTAIN_BIKE",
            "CYCLING_CYCLOCROSS",
            "CYCLING_INDOOR",
            "INDOOR_CYCLING",
        ],
    ),
    (
        Sport::Swim,
        &[
            "SWIMMING",
            "SWIMMING_POOL",
            "POOL_SWIMMING",
            "SWIMMING_OPEN_WATER",
            "AQUATICS_SWIMMING",
        ],
    ),
    (Sport::Strength, &["STRENGTH_TRAINING"]),
    (Sport::Walk, &["WALKING", "WALKING_NORDIC"]),
    (Sport::Hike, &["HIKING", "MOUNTAINEERING"]),
    (Sport::Row, &["WATERSPORTS_ROWING", "FITNESS_INDOOR_ROWING"]),
    (
        Sport::Ski,
        &[
            "WINTERSPORTS_CROSS_COUNTRY_SKIING",
            "WINTERSPORTS_ALPINE_SKIING",
            "WINTERSPORTS_BACKCOUNTRY_SKIING",
            "WINTERSPORTS_DOWNHILL_SKIING",
            "WINTERSPORTS_SNOWBOARDING",
        ],
    ),
    (
        Sport::Mobility,
        &["FITNESS_YOGA", "FITNESS_PILATES", "FITNESS_STRETCHING"],
    ),
    (Sport::Multisport, &["MULTISPORT"]),
];

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polar {
    /// The `signature_secret_key` that Polar told once, when the webhook was made.
    #[serde(default)]
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default, deserialize_with = "json::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    entity_id: Option<String>,
    timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Kind {
    event: String,
}

impl Provider for Polar {
    /// A ping comes while the webhook is made, when we cannot know the secret yet; it does nothing.
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        if is_ping(request.body()) {
            return Ok(());
        }
        let signature = request.header(SIGNATURE_HEADER);
        self.secrets.check_hex(&[request.body()], signature)
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE_HEADER]
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        if is_ping(delivery.body) {
            return Ok(Vec::new());
        }
        let event: Event = parse_json(delivery.body)?;
        if event.event != "EXERCISE" {
            return Ok(Vec::new());
        }
        let occurred_at = event.timestamp.map(|at| event_time(at, "/timestamp"));
        let occurred_at = occurred_at.transpose()?;
        let announcement = Announcement {
            delivery_id: format!(
                "EXERCISE:{}:{}",
                event.entity_id.as_deref().unwrap_or_default(),
                occurred_at.map(|at| at.timestamp()).unwrap_or_default()
            ),
            athlete: (event.user_id, "/user_id"),
            activity: (event.entity_id, "/entity_id"),
            occurred_at,
            change: Change::Create,
        };
        Ok(vec![announcement.item()?])
    }
}

fn is_ping(body: &[u8]) -> bool {
    body.len() <= LONGEST_PING
        && serde_json::from_slice(body).is_ok_and(|kind: Kind| kind.event == "PING")
}

/// Source: polar.com/accesslink-api, "Authentication" and "Users". What comes is only what was
/// uploaded after the athlete was registered.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://flow.polar.com/oauth2/authorization",
    exchange_url: Some("https://polarremote.com/v2/oauth2/token"),
    scopes: &["accesslink.read_all"],
    separator: " ",
    has_challenge: false,
    account: Whose::Told("/x_user_id"),
    registration: Some("users"),
    revocation: Revocation::Deleted("users/{account}"),
};

/// Polar, as it is asked.
#[derive(Debug)]
pub struct PolarApi(pub ApiSettings);

impl Source for PolarApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://www.polaraccesslink.com/v3/"
    }

    fn client_credentials(&self) -> ClientCredentials {
        ClientCredentials::Basic
    }

    fn windows(&self) -> &'static [Window] {
        WINDOWS
    }

    fn usage(&self, headers: &HeaderMap) -> Vec<Usage> {
        usage(headers, "ratelimit-limit", "ratelimit-usage", WINDOWS)
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

impl Lists for PolarApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `GET exercises`: those of the last 30 days that were uploaded since the athlete connected, on one
/// page.
async fn list(api: &Api<'_>, _looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let Some(answer) = found(api.get("exercises", &[]).await?)? else {
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
    /// Local.
    start_time: String,
    /// Minutes.
    start_time_utc_offset: Option<i32>,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        let offset_s = self.start_time_utc_offset.unwrap_or(0).saturating_mul(60);
        there(
            self.id,
            from_local(local(&self.start_time)?, offset_s)?,
            None,
        )
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("exercises/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let activity = answer.json::<Exercise>()?.activity()?;
    for kind in ["fit", "tcx"] {
        if let Some(file) = found(api.get(&format!("{path}/{kind}"), &[]).await?)? {
            return from_file(None, &file.body, Some(activity));
        }
    }
    brought(None, activity, false)
}

#[derive(Deserialize)]
struct Exercise {
    /// Local.
    start_time: String,
    /// Minutes.
    start_time_utc_offset: Option<i32>,
    duration: Option<String>,
    distance: Option<f64>,
    calories: Option<f64>,
    heart_rate: Option<HeartRate>,
    sport: Option<String>,
    detailed_sport_info: Option<String>,
}

#[derive(Deserialize)]
struct HeartRate {
    average: Option<f64>,
    maximum: Option<f64>,
}

impl Exercise {
    fn activity(self) -> Result<Activity, Refusal> {
        let unusable = || Refusal::Unusable("start_time is not a local time".to_owned());
        let offset = self
            .start_time_utc_offset
            .map(|minutes| minutes.saturating_mul(60));
        let start = local(&self.start_time).and_then(|at| from_local(at, offset.unwrap_or(0)));
        let (sport, sub_sport) = kind(
            self.detailed_sport_info.as_deref().unwrap_or_default(),
            self.sport.as_deref().unwrap_or_default(),
        );
        let rate = self.heart_rate.as_ref();
        Ok(Activity {
            utc_offset_s: offset,
            totals: Totals {
                elapsed_s: self.duration.as_deref().and_then(duration_s),
                distance_m: self.distance,
                avg_hr_bpm: rate.and_then(|rate| rate.average),
                max_hr_bpm: rate.and_then(|rate| rate.maximum),
                calories_kcal: self.calories,
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, start.ok_or_else(unusable)?)
        })
    }
}

/// The finer word decides, unless only the coarser one is known.
fn kind(detailed: &str, coarse: &str) -> super::sports::Kind {
    let (sport, finer) = from_word(SPORTS, detailed);
    if sport != Sport::Other {
        return (sport, finer);
    }
    let (sport, word) = from_word(SPORTS, coarse);
    (sport, finer.or(word))
}

/// Seconds of an ISO 8601 duration of hours, minutes and seconds: `PT1H2M3.5S`.
fn duration_s(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut total = 0.0;
    for (unit, seconds) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            total += number.parse::<f64>().ok()? * seconds;
            rest = after;
        }
    }
    (rest.is_empty() && total.is_finite()).then_some(total)
}

#[cfg(test)]
mod tests;
