//! COROS: summaries with the addresses of their files; only the files are fetched.
//!
//! Source: the API client of camptocamp.org, for want of public documents. How COROS signs, and
//! what it wants to hear, is not verified; so a secret in the path is needed.

use super::answers::{brought, found, from_file};
use super::api::{Api, Refusal};
use super::json::{self, Announcement, each};
use super::moments::from_seconds;
use super::source::{ApiSettings, Asked, Fetched, Source, Window};
use super::sports::{Numbers, from_number};
use super::{Change, Delivery, Item, Provider, check_path};
use crate::http::{Request, parse_json};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::signature::Secrets;
use domain::decode::Activity;
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderName;
use serde::Deserialize;
use serde_json::Value;

/// The name in the path and in the database.
pub const NAME: &str = "coros";
const LIST: &str = "sportDataList";
/// Where its files are.
const HOSTS: &[&str] = &["oss.coros.com"];
/// Its time zones are counted in quarters of an hour.
const QUARTER_S: i32 = 900;

/// COROS's `mode` times 100 plus `subMode`.
const SPORTS: &[Numbers] = &[
    (
        Sport::Run,
        &[
            (151, "trail_running"),
            (201, "track_running"),
            (801, ""),
            (802, "indoor_running"),
        ],
    ),
    (Sport::Ride, &[(901, ""), (902, "indoor_cycling")]),
    (
        Sport::Swim,
        &[(101, "open_water_swimming"), (102, "pool_swimming")],
    ),
    (Sport::Hike, &[(161, "")]),
    (Sport::Walk, &[(311, "")]),
    (
        Sport::Ski,
        &[
            (133, "ski_touring"),
            (191, "cross_country_skiing"),
            (211, ""),
            (212, "snowboarding"),
            (291, "ski_touring"),
        ],
    ),
    (Sport::Row, &[(241, ""), (242, "indoor_rowing")]),
    (Sport::Strength, &[(232, "")]),
    (
        Sport::Multisport,
        &[(131, "triathlon"), (132, "multisport")],
    ),
];

/// Its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coros {
    /// What follows `/webhooks/coros/`.
    #[serde(default)]
    path_secrets: Secrets,
}

#[derive(Deserialize)]
struct Lists {
    #[serde(rename = "sportDataList")]
    list: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(default, deserialize_with = "json::text")]
    open_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    label_id: Option<String>,
    mode: Option<u32>,
    sub_mode: Option<u32>,
    distance: Option<f64>,
    duration: Option<f64>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    start_timezone: Option<i32>,
    fit_url: Option<String>,
}

impl Provider for Coros {
    fn believe(&self, request: &Request) -> Result<(), Problem> {
        check_path(&self.path_secrets, request)
    }

    fn read(&self, delivery: Delivery<'_>) -> Result<Vec<Item>, Problem> {
        let lists: Lists = parse_json(delivery.body)?;
        each(lists.list, |element| {
            let alone = Some(json::alone(LIST, &element));
            let row: Row = json::value(element)?;
            let announcement = Announcement {
                delivery_id: format!(
                    "{}:{}",
                    row.label_id.as_deref().unwrap_or_default(),
                    row.end_time.unwrap_or_default()
                ),
                athlete: (row.open_id, "/openId"),
                activity: (row.label_id, "/labelId"),
                occurred_at: None,
                change: Change::Create,
            };
            let item = announcement.item()?;
            Ok(Some(Item { alone, ..item }))
        })
    }
}

/// COROS, as it is asked: only for files, which need no token.
#[derive(Debug)]
pub struct CorosApi(pub ApiSettings);

impl Source for CorosApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://open.coros.com/"
    }

    fn needs_token(&self) -> bool {
        false
    }

    fn authorization(&self, _token: &Secret<String>) -> Vec<(HeaderName, String)> {
        Vec::new()
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
        Box::pin(self.fetch(api, asked))
    }
}

impl CorosApi {
    async fn fetch(&self, api: &Api<'_>, asked: Asked<'_>) -> Result<Fetched, Refusal> {
        let body = asked.delivery.map(|delivery| delivery.body);
        let lists: Option<Lists> = body.and_then(|body| serde_json::from_slice(body).ok());
        let rows = lists.into_iter().flat_map(|lists| lists.list);
        let row = rows
            .filter_map(|row| Row::deserialize(row).ok())
            .find(|row| row.label_id.as_deref() == Some(asked.activity_id))
            .ok_or_else(|| Refusal::Unusable("what COROS said of it is not kept".to_owned()))?;
        let beside = row.activity();
        if let Some(address) = row.fit_url {
            let hosts = self.0.hosts(HOSTS);
            if let Some(file) = found(api.download(&address, &hosts).await?)? {
                return from_file(None, &file.body, beside);
            }
        }
        let told =
            beside.ok_or_else(|| Refusal::Unusable("startTime is not in seconds".to_owned()))?;
        brought(None, told, false)
    }
}

impl Row {
    fn activity(&self) -> Option<Activity> {
        let start = self.start_time.and_then(from_seconds)?;
        let (sport, sub_sport) = match (self.mode, self.sub_mode) {
            (Some(mode), Some(sub)) => {
                from_number(SPORTS, mode.saturating_mul(100).saturating_add(sub))
            }
            _ => (Sport::Other, None),
        };
        let quarters = self.start_timezone;
        Some(Activity {
            utc_offset_s: quarters.map(|quarters| quarters.saturating_mul(QUARTER_S)),
            totals: Totals {
                elapsed_s: self.duration,
                distance_m: self.distance,
                ..Totals::default()
            },
            ..Activity::new(sport, sub_sport, start)
        })
    }
}

#[cfg(test)]
mod tests;
