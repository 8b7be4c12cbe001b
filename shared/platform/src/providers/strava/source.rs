//! How Strava is asked: one request for the activity, one for its streams.
//!
//! Source: developers.strava.com, "API Reference" (`getActivityById`, `getActivityStreams`) and
//! "Rate Limits".

use super::SPORTS;
use crate::providers::answers::{brought, found, part};
use crate::providers::api::{Api, Refusal};
use crate::providers::json;
use crate::providers::lists::{page_after, page_number, rows, there};
use crate::providers::moments::{Start, seconds_between};
use crate::providers::oauth::{OAuth, Revocation, Whose};
use crate::providers::source::{
    ApiSettings, Asked, Fetched, Listed, Lists, LookedFor, Page, Source, Usage, Window, usage,
};
use crate::providers::sports::from_word;
use crate::providers::streams::{fitted, steps_per_minute};
use chrono::{DateTime, Utc};
use domain::decode::{Activity, Columns, LapTimes};
use domain::recording::Totals;
use domain::sport::Sport;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

/// What is asked for of the streams; `moving` and `grade_smooth` follow from the others.
const KEYS: &str = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp";

/// What an application without more rights may read; everything here is a read.
const WINDOWS: &[Window] = &[Window::of(100, 15 * 60), Window::of(1000, 24 * 3600)];

/// How many activities a page of the list holds, the most that there may be.
const PAGE: &str = "200";

/// Source: developers.strava.com, "Authentication"; an athlete may leave out what is asked for.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://www.strava.com/oauth/authorize",
    exchange_url: None,
    scopes: &["read", "activity:read_all"],
    separator: ",",
    has_challenge: false,
    account: Whose::Told("/athlete/id"),
    registration: None,
    revocation: Revocation::Posted("deauthorize"),
};

/// Strava, as it is asked.
#[derive(Debug)]
pub struct StravaApi(pub ApiSettings);

impl Source for StravaApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://www.strava.com/api/v3/"
    }

    fn documented_token_url(&self) -> Option<&'static str> {
        Some("https://www.strava.com/oauth/token")
    }

    fn windows(&self) -> &'static [Window] {
        WINDOWS
    }

    fn usage(&self, headers: &HeaderMap) -> Vec<Usage> {
        let of = |most, used| usage(headers, most, used, WINDOWS);
        let reads = of("x-readratelimit-limit", "x-readratelimit-usage");
        if reads.is_empty() {
            of("x-ratelimit-limit", "x-ratelimit-usage")
        } else {
            reads
        }
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

impl Lists for StravaApi {
    fn list<'a>(
        &'a self,
        api: &'a Api<'a>,
        looked: LookedFor<'a>,
    ) -> BoxFuture<'a, Result<Page, Refusal>> {
        Box::pin(list(api, looked))
    }
}

/// `getLoggedInAthleteActivities`: by their start, at most 200 to a page.
async fn list(api: &Api<'_>, looked: LookedFor<'_>) -> Result<Page, Refusal> {
    let number = page_number(looked.next);
    let (after, page) = (looked.since.timestamp().to_string(), number.to_string());
    let query = [("after", &*after), ("page", &*page), ("per_page", PAGE)];
    let Some(answer) = found(api.get("athlete/activities", &query).await?)? else {
        return Ok(Page::default());
    };
    let told: Vec<Value> = answer.json()?;
    let next = page_after(number).filter(|_| !told.is_empty());
    let rows: Vec<Row> = rows(told);
    Ok(Page {
        listed: rows.into_iter().filter_map(Row::listed).collect(),
        next,
    })
}

#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(flatten)]
    start: Start,
}

impl Row {
    fn listed(self) -> Option<Listed> {
        there(self.id, self.start.utc(), None)
    }
}

async fn fetch(api: &Api<'_>, id: &str) -> Result<Fetched, Refusal> {
    let path = format!("activities/{}", part(id)?);
    let Some(answer) = found(api.get(&path, &[]).await?)? else {
        return Ok(Fetched::Gone);
    };
    let detail: Detail = answer.json()?;
    let streams = if detail.manual {
        None
    } else {
        let path = format!("{path}/streams");
        let query = [("keys", KEYS), ("key_by_type", "true")];
        found(api.get(&path, &query).await?)?
            .map(|answer| answer.json::<Streams>())
            .transpose()?
    };
    let name = json::name(detail.name.clone());
    let manual = detail.manual;
    let activity = detail.activity(streams.unwrap_or_default());
    // Right after an upload the streams are often empty.
    let more_later = !manual && activity.samples.is_none();
    brought(name, activity, more_later)
}

#[derive(Deserialize)]
struct Detail {
    name: Option<String>,
    /// Finer than `type`, which older answers have alone.
    sport_type: Option<String>,
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
    average_watts: Option<f64>,
    max_watts: Option<f64>,
    /// `false` when Strava guessed the watts.
    device_watts: Option<bool>,
    max_speed: Option<f64>,
    calories: Option<f64>,
    #[serde(default)]
    manual: bool,
    #[serde(default)]
    laps: Vec<Lap>,
}

#[derive(Deserialize)]
struct Lap {
    /// Of the first sample.
    start_index: Option<usize>,
    start_date: Option<DateTime<Utc>>,
    elapsed_time: f64,
}

/// By kind; each is absent, or as long as the others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Streams {
    time: Stream<f64>,
    distance: Option<Stream<Option<f64>>>,
    latlng: Option<Stream<Option<(f64, f64)>>>,
    altitude: Option<Stream<Option<f64>>>,
    velocity_smooth: Option<Stream<Option<f64>>>,
    heartrate: Option<Stream<Option<f64>>>,
    cadence: Option<Stream<Option<f64>>>,
    watts: Option<Stream<Option<f64>>>,
    temp: Option<Stream<Option<f64>>>,
}

#[derive(Deserialize)]
struct Stream<T> {
    data: Vec<T>,
}

impl<T> Default for Stream<T> {
    fn default() -> Self {
        Self { data: Vec::new() }
    }
}

impl Streams {
    fn columns(self) -> Columns {
        let (latitude, longitude) = self
            .latlng
            .map(|stream| {
                let fixes = stream.data.iter();
                let pairs =
                    fixes.map(|fix| (fix.map(|(north, _)| north), fix.map(|(_, east)| east)));
                pairs.unzip()
            })
            .unzip();
        Columns {
            time_s: self.time.data,
            distance_m: self.distance.map(|stream| stream.data),
            speed_mps: self.velocity_smooth.map(|stream| stream.data),
            hr_bpm: self.heartrate.map(|stream| stream.data),
            power_w: self.watts.map(|stream| stream.data),
            cadence: self.cadence.map(|stream| stream.data),
            altitude_m: self.altitude.map(|stream| stream.data),
            latitude,
            longitude,
            temperature_c: self.temp.map(|stream| stream.data),
        }
    }
}

impl Detail {
    fn activity(self, mut streams: Streams) -> Activity {
        let measured = self.device_watts != Some(false);
        if !measured {
            streams.watts = None;
        }
        let word = self.sport_type.as_ref().or(self.r#type.as_ref());
        let (sport, sub_sport) = from_word(SPORTS, word.map_or("", String::as_str));
        let start = self.start.utc();
        let laps = self.laps.iter();
        let laps = laps.filter_map(|lap| lap.times(start, &streams.time.data));
        Activity {
            utc_offset_s: self.start.utc_offset_s(),
            laps: laps.collect(),
            totals: self.totals(sport, measured),
            samples: fitted(streams.columns(), sport),
            ..Activity::new(sport, sub_sport, start)
        }
    }

    fn totals(&self, sport: Sport, measured: bool) -> Totals {
        Totals {
            elapsed_s: self.elapsed_time,
            // Strava does not tell the timer's time; its moving time is the nearest to it.
            timer_s: self.moving_time,
            distance_m: self.distance,
            avg_hr_bpm: self.average_heartrate,
            max_hr_bpm: self.max_heartrate,
            avg_power_w: self.average_watts.filter(|_| measured),
            max_power_w: self.max_watts.filter(|_| measured),
            avg_cadence: steps_per_minute(sport, self.average_cadence),
            max_speed_mps: self.max_speed,
            elevation_gain_m: self.total_elevation_gain,
            calories_kcal: self.calories,
            ..Totals::default()
        }
    }
}

impl Lap {
    /// From its first sample where there is one, else from its own time of day.
    fn times(&self, start: DateTime<Utc>, times: &[f64]) -> Option<LapTimes> {
        let by_sample = self.start_index.and_then(|index| times.get(index).copied());
        let start_s =
            by_sample.or_else(|| Some(seconds_between(start, self.start_date?).max(0.0)))?;
        Some(LapTimes {
            start_s,
            end_s: start_s + self.elapsed_time,
        })
    }
}

#[cfg(test)]
mod tests;
