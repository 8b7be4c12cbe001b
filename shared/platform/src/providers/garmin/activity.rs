//! Garmin's JSON of one activity.
//!
//! Source: Garmin's "Activity API" start guide, "Activity Summaries" and "Activity Details".

use super::sports::SPORTS;
use crate::problem::Problem;
use crate::providers::moments::{from_seconds, seconds_between};
use crate::providers::sports::from_word;
use crate::providers::{invalid, json};
use chrono::{DateTime, Utc};
use domain::decode::{Activity, Columns, LapTimes};
use domain::recording::Totals;
use domain::sport::Sport;
use serde::Deserialize;
use serde_json::Value;

/// What Garmin appends to the id of an activity when it tells its details or its file.
const SUFFIXES: [&str; 2] = ["-detail", "-file"];

/// The one id of an activity in everything that Garmin says of it.
///
/// The summary's comes first, because only it is in every list; a part of a multisport activity
/// has its own.
pub(super) fn activity_id(
    summary_id: Option<String>,
    activity_id: Option<String>,
) -> Option<String> {
    let Some(id) = summary_id.filter(|id| !id.is_empty()) else {
        return activity_id;
    };
    let bare = SUFFIXES.iter().find_map(|suffix| id.strip_suffix(suffix));
    Some(bare.map_or_else(|| id.clone(), str::to_owned))
}

/// What an element tells.
pub(super) struct Told {
    /// What people call the activity.
    pub(super) name: Option<String>,
    /// The activity.
    pub(super) activity: Activity,
    /// Whether its samples are told too.
    pub(super) is_detailed: bool,
}

#[derive(Deserialize)]
struct Element {
    /// Of details, the totals.
    summary: Option<Summary>,
    #[serde(default)]
    samples: Vec<Sample>,
    /// A list, or a list as JSON within a text.
    laps: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    activity_name: Option<String>,
    activity_type: Option<String>,
    start_time_in_seconds: i64,
    start_time_offset_in_seconds: Option<i32>,
    /// The timer's.
    duration_in_seconds: Option<f64>,
    distance_in_meters: Option<f64>,
    average_heart_rate_in_beats_per_minute: Option<f64>,
    max_heart_rate_in_beats_per_minute: Option<f64>,
    max_speed_in_meters_per_second: Option<f64>,
    average_run_cadence_in_steps_per_minute: Option<f64>,
    average_bike_cadence_in_rounds_per_minute: Option<f64>,
    average_biking_cadence_in_rev_per_minute: Option<f64>,
    average_swim_cadence_in_strokes_per_minute: Option<f64>,
    active_kilocalories: Option<f64>,
    total_elevation_gain_in_meters: Option<f64>,
    total_elevation_loss_in_meters: Option<f64>,
    #[serde(default)]
    is_parent: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    start_time_in_seconds: i64,
    latitude_in_degree: Option<f64>,
    longitude_in_degree: Option<f64>,
    elevation_in_meters: Option<f64>,
    /// Garmin's own spelling.
    air_temperature_celcius: Option<f64>,
    heart_rate: Option<f64>,
    speed_meters_per_second: Option<f64>,
    /// Of both legs.
    steps_per_minute: Option<f64>,
    total_distance_in_meters: Option<f64>,
    power_in_watts: Option<f64>,
    #[serde(rename = "bikeCadenceInRPM")]
    bike_cadence_in_rpm: Option<f64>,
    swim_cadence_in_strokes_per_minute: Option<f64>,
    wheel_chair_cadence_in_pushes_per_minute: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lap {
    start_time_in_seconds: i64,
}

impl Told {
    /// Reads an element of a list of activities or of details.
    ///
    /// # Errors
    /// 422 when it does not tell when the activity began, or tells a time that is not in seconds.
    pub(super) fn read(element: Value) -> Result<Self, Problem> {
        let mut detail: Element = Element::deserialize(&element)
            .map_err(|error| Problem::unprocessable("invalid", error.to_string()))?;
        let is_detailed = detail.summary.is_some();
        let summary = match detail.summary.take() {
            Some(summary) => summary,
            None => json::value(element)?,
        };
        Ok(Self {
            activity: detail.activity(&summary)?,
            name: json::name(summary.activity_name),
            is_detailed,
        })
    }
}

impl Element {
    fn activity(self, summary: &Summary) -> Result<Activity, Problem> {
        let start = time(summary.start_time_in_seconds, "/startTimeInSeconds")?;
        let times = self.samples.iter();
        let times: Vec<DateTime<Utc>> = times
            .map(|sample| time(sample.start_time_in_seconds, "/samples/startTimeInSeconds"))
            .collect::<Result<_, _>>()?;
        // A device may have taken a sample before the start that it tells.
        let start = times.iter().copied().fold(start, DateTime::min);
        let end_s = times
            .iter()
            .map(|at| seconds_between(start, *at))
            .fold(0.0, f64::max)
            .max(if times.is_empty() {
                summary.duration_in_seconds.unwrap_or_default()
            } else {
                0.0
            });
        let laps = self.laps.map(laps).unwrap_or_default();
        let (sport, sub_sport) = summary.kind();
        Ok(Activity {
            utc_offset_s: summary.start_time_offset_in_seconds,
            totals: summary.totals(),
            laps: lap_times(&laps, start, end_s)?,
            samples: (!times.is_empty()).then(|| columns(&self.samples, start, &times)),
            ..Activity::new(sport, sub_sport, start)
        })
    }
}

impl Summary {
    fn kind(&self) -> (Sport, Option<String>) {
        if self.is_parent {
            return (Sport::Multisport, None);
        }
        from_word(SPORTS, self.activity_type.as_deref().unwrap_or_default())
    }

    fn totals(&self) -> Totals {
        Totals {
            timer_s: self.duration_in_seconds,
            distance_m: self.distance_in_meters,
            avg_hr_bpm: self.average_heart_rate_in_beats_per_minute,
            max_hr_bpm: self.max_heart_rate_in_beats_per_minute,
            avg_cadence: self
                .average_run_cadence_in_steps_per_minute
                .or(self.average_bike_cadence_in_rounds_per_minute)
                .or(self.average_biking_cadence_in_rev_per_minute)
                .or(self.average_swim_cadence_in_strokes_per_minute),
            max_speed_mps: self.max_speed_in_meters_per_second,
            elevation_gain_m: self.total_elevation_gain_in_meters,
            elevation_loss_m: self.total_elevation_loss_in_meters,
            calories_kcal: self.active_kilocalories,
            ..Totals::default()
        }
    }
}

/// Laps of either kind; what is no list of laps costs the laps and not the activity.
fn laps(told: Value) -> Vec<Lap> {
    let laps = if let Value::String(text) = &told {
        serde_json::from_str(text)
    } else {
        serde_json::from_value(told)
    };
    laps.unwrap_or_default()
}

/// Laps of which only the starts are told: each ends where the next begins, the last with the
/// samples.
fn lap_times(laps: &[Lap], start: DateTime<Utc>, end_s: f64) -> Result<Vec<LapTimes>, Problem> {
    let mut starts = laps
        .iter()
        .map(|lap| {
            let at = time(lap.start_time_in_seconds, "/laps/startTimeInSeconds")?;
            Ok(seconds_between(start, at).max(0.0))
        })
        .collect::<Result<Vec<f64>, Problem>>()?;
    starts.sort_by(f64::total_cmp);
    let ends = starts.iter().copied().skip(1).chain([end_s]);
    let times = starts.iter().zip(ends);
    Ok(times
        .map(|(start_s, end_s)| LapTimes {
            start_s: *start_s,
            end_s,
        })
        .collect())
}

fn columns(samples: &[Sample], start: DateTime<Utc>, times: &[DateTime<Utc>]) -> Columns {
    let column = |value: fn(&Sample) -> Option<f64>| Some(samples.iter().map(value).collect());
    Columns {
        time_s: times.iter().map(|at| seconds_between(start, *at)).collect(),
        distance_m: column(|sample| sample.total_distance_in_meters),
        speed_mps: column(|sample| sample.speed_meters_per_second),
        hr_bpm: column(|sample| sample.heart_rate),
        power_w: column(|sample| sample.power_in_watts),
        cadence: column(|sample| {
            sample
                .steps_per_minute
                .or(sample.bike_cadence_in_rpm)
                .or(sample.swim_cadence_in_strokes_per_minute)
                .or(sample.wheel_chair_cadence_in_pushes_per_minute)
        }),
        altitude_m: column(|sample| sample.elevation_in_meters),
        latitude: column(|sample| sample.latitude_in_degree),
        longitude: column(|sample| sample.longitude_in_degree),
        temperature_c: column(|sample| sample.air_temperature_celcius),
    }
}

fn time(seconds: i64, field: &'static str) -> Result<DateTime<Utc>, Problem> {
    from_seconds(seconds).ok_or_else(|| invalid(field, "is not in seconds since 1970"))
}
