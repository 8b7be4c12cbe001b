//! `/athlete`: the profile with its dated thresholds, read and replaced as a whole.

use crate::Done;
use chrono::NaiveDate;
use domain::athlete::{Sex, Thresholds};
use domain::fitness::Start;
use domain::id::UserId;
use domain::local_date::{Zone, is_of_our_time};
use lambda_http::http::StatusCode;
use platform::http::{self, Request};
use platform::problem::Problem;
use platform::providers;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::athletes::{self, Profile};
use store::{Tx, attach, merging, workouts};

/// The most dates with thresholds of their own: ten years of weekly tests.
const MOST_DATES: usize = 520;
/// No provider is preferred.
const BOTH: &str = "both";

/// The profile as clients see and send it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileView {
    sex: Option<Sex>,
    #[serde(default)]
    units: Units,
    #[serde(default = "utc")]
    time_zone: String,
    /// The provider that leads where several tell of one session, or `both`.
    #[serde(default = "both")]
    source_preference: String,
    /// Fitness and fatigue at the end of a day, from which load over days goes on.
    #[serde(default)]
    fitness_start: Option<Start>,
    /// Each is `valid_from` and the thresholds that hold from that date on.
    #[serde(default)]
    thresholds: Vec<Map<String, Value>>,
}

#[derive(Serialize, Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Units {
    #[default]
    Metric,
    Imperial,
}

fn both() -> String {
    BOTH.to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

pub(crate) async fn find(tx: &mut Tx, user: UserId) -> Result<Done, Problem> {
    let profile = athletes::find_profile(tx, user).await?;
    Ok(Done::reading(http::json(StatusCode::OK, &show(&profile))))
}

pub(crate) async fn replace(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    let after = read(request.json()?)?;
    tx.lock_user(user).await?;
    let before = athletes::find_profile(tx, user).await?;

    let mut changed = Vec::new();
    if before != after {
        athletes::replace_profile(tx, user, &after).await?;
        for (workout, date) in workouts::list_dates(tx, user).await? {
            if before.on(date) != after.on(date) {
                attach::renew(tx, user, workout).await?;
                changed.push(workout);
            }
        }
        if before.source_preference != after.source_preference {
            changed.extend(merging::apply_preference(tx, user).await?);
        }
    }
    Ok(Done {
        response: http::json(StatusCode::OK, &show(&after)),
        changed,
    })
}

fn read(view: ProfileView) -> Result<Profile, Problem> {
    if view.time_zone.parse::<Zone>().is_err() {
        return Err(wrong(
            "/time_zone",
            "must be an IANA time zone such as Europe/Berlin",
        ));
    }
    let preference = view.source_preference;
    if preference != BOTH && !providers::names().any(|name| name == preference) {
        return Err(wrong(
            "/source_preference",
            "must be the name of a provider, or both",
        ));
    }
    if let Some(Err(refused)) = view.fitness_start.map(|start| start.validate()) {
        let field = format!("/fitness_start{}", refused.field);
        return Err(wrong(&field, refused.problem));
    }
    if view.thresholds.len() > MOST_DATES {
        return Err(wrong("/thresholds", "there are more than 520 dates"));
    }
    let mut thresholds = view
        .thresholds
        .into_iter()
        .enumerate()
        .map(|(index, mut day)| {
            let field = format!("/thresholds/{index}");
            let valid_from: NaiveDate = day
                .remove("valid_from")
                .and_then(|date| serde_json::from_value(date).ok())
                .filter(|date| is_of_our_time(*date))
                .ok_or_else(|| {
                    let problem = "must be a date from 1900 to 9999";
                    wrong(&format!("{field}/valid_from"), problem)
                })?;
            let day: Thresholds = serde_json::from_value(Value::Object(day))
                .map_err(|error| wrong(&field, &error.to_string()))?;
            Ok((valid_from, day))
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    thresholds.sort_by_key(|(valid_from, _)| *valid_from);
    if thresholds
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.0 == b.0))
    {
        return Err(wrong("/thresholds", "a date is there twice"));
    }
    let units = match view.units {
        Units::Metric => "metric",
        Units::Imperial => "imperial",
    };
    let units = units.to_owned();
    Ok(Profile {
        sex: view.sex,
        units,
        time_zone: view.time_zone,
        source_preference: preference,
        fitness_start: view.fitness_start,
        thresholds,
    })
}

fn show(profile: &Profile) -> ProfileView {
    let thresholds = profile
        .thresholds
        .iter()
        .map(|(valid_from, day)| {
            let mut fields = match serde_json::to_value(day) {
                Ok(Value::Object(fields)) => fields,
                _ => Map::new(),
            };
            fields.insert(
                "valid_from".to_owned(),
                Value::String(valid_from.to_string()),
            );
            fields
        })
        .collect();
    let units = if profile.units == "imperial" {
        Units::Imperial
    } else {
        Units::Metric
    };
    ProfileView {
        sex: profile.sex,
        units,
        time_zone: profile.time_zone.clone(),
        source_preference: profile.source_preference.clone(),
        fitness_start: profile.fitness_start,
        thresholds,
    }
}

fn wrong(field: &str, problem: &str) -> Problem {
    Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
}
