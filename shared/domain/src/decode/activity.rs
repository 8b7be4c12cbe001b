//! The generic provider's JSON: one documented activity, as any platform can send it.

use super::moment;
use super::samples::{Sample, Samples, heart_rate, position};
use crate::recording::{Format, Lap, MAX_SAMPLES, Recording, Totals};
use crate::sport::Sport;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

/// The most laps that are believed.
const MAX_LAPS: usize = 10_000;
/// The most characters of a name or of a sport's name.
const LONGEST_TEXT: usize = 200;

/// One activity, as the generic provider sends it; only `sport` and `started_at` are needed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Activity {
    sport: Text,
    sub_sport: Option<Text>,
    name: Option<Text>,
    started_at: DateTime<Utc>,
    utc_offset_s: Option<i32>,
    #[serde(flatten)]
    totals: Totals,
    #[serde(default)]
    laps: Vec<LapTimes>,
    samples: Option<Columns>,
}

/// Text that can be stored: not too long, and without NUL, which PostgreSQL refuses.
#[derive(Debug, Clone, PartialEq)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('\0') || text.chars().count() > LONGEST_TEXT {
            return Err(serde::de::Error::custom(
                "a text must be at most 200 characters without NUL",
            ));
        }
        Ok(Self(text))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct LapTimes {
    start_s: f64,
    end_s: f64,
}

/// Columns of equal length; `null` where a value is unknown.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
struct Columns {
    time_s: Vec<f64>,
    distance_m: Option<Vec<Option<f64>>>,
    speed_mps: Option<Vec<Option<f64>>>,
    hr_bpm: Option<Vec<Option<f64>>>,
    power_w: Option<Vec<Option<f64>>>,
    cadence: Option<Vec<Option<f64>>>,
    altitude_m: Option<Vec<Option<f64>>>,
    latitude: Option<Vec<Option<f64>>>,
    longitude: Option<Vec<Option<f64>>>,
    temperature_c: Option<Vec<Option<f64>>>,
}

/// An activity that is well-formed and still not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidActivity {
    /// JSON pointer of the field, within the activity.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Activity {
    /// What people call it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.0.as_str())
    }

    /// The recording of this activity, quantised like every other.
    ///
    /// # Errors
    /// [`InvalidActivity`] names the first field that is wrong.
    pub fn into_recording(self) -> Result<Recording, InvalidActivity> {
        let invalid = |field, problem| InvalidActivity { field, problem };
        self.check_totals()?;
        let sport = Sport::from_name(&self.sport.0);
        let sub_sport = match (sport, self.sub_sport) {
            (_, Some(sub_sport)) => Some(sub_sport.0),
            (None, None) => Some(self.sport.0),
            (Some(_), None) => None,
        };
        let sport = sport.unwrap_or(Sport::Other);
        let start_ms = self.started_at.timestamp_millis();
        let columns = self.samples.unwrap_or_default();
        let samples = columns.into_samples(start_ms)?;
        // What the sender counts from its own start, we count from the first sample.
        let lead_s = samples
            .start_ms()
            .map_or(0.0, |first| moment::seconds(first.saturating_sub(start_ms)));
        let mut recording = samples
            .into_recording(Format::Json, sport, Some(start_ms))
            .ok_or_else(|| invalid("/started_at", "is not a believable time"))?;
        if self.laps.len() > MAX_LAPS {
            return Err(invalid("/laps", "there are more than 10000 laps"));
        }
        for lap in &self.laps {
            let believable = lap.start_s >= 0.0 && lap.end_s >= lap.start_s && lap.end_s < 1e7;
            if !believable {
                return Err(invalid("/laps", "a lap must end after it starts"));
            }
            recording.laps.push(Lap {
                start_s: lap.start_s - lead_s,
                end_s: lap.end_s - lead_s,
                ..Lap::default()
            });
        }
        recording.sub_sport = sub_sport;
        recording.utc_offset_s = self.utc_offset_s;
        recording.totals = self.totals;
        Ok(recording.quantised())
    }

    fn check_totals(&self) -> Result<(), InvalidActivity> {
        let Totals {
            elapsed_s,
            timer_s,
            distance_m,
            avg_hr_bpm,
            max_hr_bpm,
            avg_power_w,
            max_power_w,
            avg_cadence,
            max_speed_mps,
            elevation_gain_m,
            elevation_loss_m,
            calories_kcal,
            rpe,
        } = &self.totals;
        for (field, value, high) in [
            ("/elapsed_s", elapsed_s, 2_592_000.0),
            ("/timer_s", timer_s, 2_592_000.0),
            ("/distance_m", distance_m, 20_037_508.0),
            ("/avg_hr_bpm", avg_hr_bpm, 300.0),
            ("/max_hr_bpm", max_hr_bpm, 300.0),
            ("/avg_power_w", avg_power_w, 10_000.0),
            ("/max_power_w", max_power_w, 10_000.0),
            ("/avg_cadence", avg_cadence, 500.0),
            ("/max_speed_mps", max_speed_mps, 150.0),
            ("/elevation_gain_m", elevation_gain_m, 100_000.0),
            ("/elevation_loss_m", elevation_loss_m, 100_000.0),
            ("/calories_kcal", calories_kcal, 100_000.0),
            ("/rpe", rpe, 10.0),
        ] {
            if value.is_some_and(|value| !(0.0..=high).contains(&value)) {
                return Err(InvalidActivity {
                    field,
                    problem: "is not a believable value",
                });
            }
        }
        let offset = self.utc_offset_s.unwrap_or_default();
        if offset.unsigned_abs() > 15 * 3600 {
            let problem = "is beyond 15 hours";
            return Err(InvalidActivity {
                field: "/utc_offset_s",
                problem,
            });
        }
        Ok(())
    }
}

impl Columns {
    fn into_samples(self, start_ms: i64) -> Result<Samples, InvalidActivity> {
        let length = self.time_s.len();
        if length > MAX_SAMPLES {
            let problem = "there are more samples than a recording may have";
            return Err(InvalidActivity {
                field: "/samples/time_s",
                problem,
            });
        }
        for (field, column) in [
            ("/samples/distance_m", &self.distance_m),
            ("/samples/speed_mps", &self.speed_mps),
            ("/samples/hr_bpm", &self.hr_bpm),
            ("/samples/power_w", &self.power_w),
            ("/samples/cadence", &self.cadence),
            ("/samples/altitude_m", &self.altitude_m),
            ("/samples/latitude", &self.latitude),
            ("/samples/longitude", &self.longitude),
            ("/samples/temperature_c", &self.temperature_c),
        ] {
            if column.as_ref().is_some_and(|column| column.len() != length) {
                let problem = "must have as many values as time_s";
                return Err(InvalidActivity { field, problem });
            }
        }
        let at = |column: &Option<Vec<Option<f64>>>, index: usize| {
            column
                .as_ref()
                .and_then(|column| column.get(index).copied().flatten())
        };
        let mut samples = Samples::default();
        for (index, time_s) in self.time_s.iter().enumerate() {
            let Some(offset_ms) = moment::milliseconds(*time_s) else {
                let problem = "a time must be between 0 and 30 days";
                return Err(InvalidActivity {
                    field: "/samples/time_s",
                    problem,
                });
            };
            samples.add(&Sample {
                time_ms: start_ms.saturating_add(offset_ms),
                distance_m: at(&self.distance_m, index),
                speed_mps: at(&self.speed_mps, index),
                hr_bpm: at(&self.hr_bpm, index).and_then(heart_rate),
                power_w: at(&self.power_w, index),
                cadence: at(&self.cadence, index),
                altitude_m: at(&self.altitude_m, index),
                position: at(&self.latitude, index)
                    .zip(at(&self.longitude, index))
                    .and_then(|(latitude, longitude)| position(latitude, longitude)),
                temperature_c: at(&self.temperature_c, index),
            });
        }
        Ok(samples)
    }
}
