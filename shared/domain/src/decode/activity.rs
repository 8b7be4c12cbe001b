//! One activity as a provider's JSON tells it: what every provider's own words are brought to, and
//! what any platform can send as it is.

use super::moment;
use super::samples::{Sample, Samples, heart_rate, position};
use crate::id::PlannedId;
use crate::recording::{Format, Lap, MAX_SAMPLES, PlanHint, Recording, StrengthSet, Totals};
use crate::sport::Sport;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// The most laps that are believed.
const MAX_LAPS: usize = 10_000;
/// The most strength sets that are believed.
const MAX_SETS: usize = 10_000;
/// The most characters of a name or of a sport's name.
const LONGEST_TEXT: usize = 200;
/// The widest offset from UTC that is believed, in seconds.
const WIDEST_OFFSET_S: u32 = 15 * 3600;

/// One activity; only `sport` and `started_at` are needed.
///
/// Everything is checked by [`Self::into_recording`], so that whoever builds one has nothing to
/// check.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Activity {
    /// Its sport, by our name; another word makes it [`Sport::Other`] of that kind.
    pub sport: String,
    /// Finer kind of sport, in the source's words.
    pub sub_sport: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Local time minus UTC, in seconds.
    pub utc_offset_s: Option<i32>,
    /// The planned workout that it was, by our id.
    pub planned_id: Option<PlannedId>,
    /// The planned workout that it was, by the name that the device was guided by; where there is
    /// an id too, that counts.
    pub planned_name: Option<String>,
    /// What was reported as a whole.
    #[serde(flatten)]
    pub totals: Totals,
    /// Its laps.
    #[serde(default)]
    pub laps: Vec<LapTimes>,
    /// Its samples.
    pub samples: Option<Columns>,
    /// Its strength sets, in order; times count from `started_at`.
    #[serde(skip)]
    pub sets: Vec<StrengthSet>,
}

/// A lap, in seconds from the start.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct LapTimes {
    /// When it begins.
    pub start_s: f64,
    /// When it ends.
    pub end_s: f64,
}

/// Columns of equal length; `null` where a value is unknown.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Columns {
    /// Seconds from the start.
    pub time_s: Vec<f64>,
    /// Cumulative metres.
    pub distance_m: Option<Vec<Option<f64>>>,
    /// Metres per second.
    pub speed_mps: Option<Vec<Option<f64>>>,
    /// Beats per minute.
    pub hr_bpm: Option<Vec<Option<f64>>>,
    /// Watts.
    pub power_w: Option<Vec<Option<f64>>>,
    /// Steps, revolutions or strokes per minute, as the sport has it.
    pub cadence: Option<Vec<Option<f64>>>,
    /// Metres.
    pub altitude_m: Option<Vec<Option<f64>>>,
    /// Degrees north.
    pub latitude: Option<Vec<Option<f64>>>,
    /// Degrees east.
    pub longitude: Option<Vec<Option<f64>>>,
    /// Degrees Celsius.
    pub temperature_c: Option<Vec<Option<f64>>>,
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
    /// An activity of which nothing but its sport and start is known.
    pub fn new(sport: Sport, sub_sport: Option<String>, started_at: DateTime<Utc>) -> Self {
        Self {
            sport: sport.as_str().to_owned(),
            sub_sport,
            name: None,
            started_at,
            utc_offset_s: None,
            planned_id: None,
            planned_name: None,
            totals: Totals::default(),
            laps: Vec::new(),
            samples: None,
            sets: Vec::new(),
        }
    }

    /// Forgets totals, laps and an offset that cannot be true.
    ///
    /// For what a provider tells: one wrong figure of its own must not cost the athlete the
    /// workout.
    #[must_use]
    pub fn believable(mut self) -> Self {
        for (_, value, high) in bounded(&mut self.totals) {
            *value = value.filter(|value| (0.0..=high).contains(value));
        }
        self.laps.retain(LapTimes::is_believable);
        self.utc_offset_s = self
            .utc_offset_s
            .filter(|offset| offset.unsigned_abs() <= WIDEST_OFFSET_S);
        self
    }

    /// The recording of this activity, quantised like every other.
    ///
    /// # Errors
    /// [`InvalidActivity`] names the first field that is wrong.
    pub fn into_recording(self) -> Result<Recording, InvalidActivity> {
        let invalid = |field, problem| InvalidActivity { field, problem };
        self.check_texts()?;
        self.check_totals()?;
        let sport = Sport::from_name(&self.sport);
        let sub_sport = match (sport, self.sub_sport) {
            (_, Some(sub_sport)) => Some(sub_sport),
            (None, None) => Some(self.sport),
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
            if !lap.is_believable() {
                return Err(invalid("/laps", "a lap must end after it starts"));
            }
            recording.laps.push(Lap {
                start_s: lap.start_s - lead_s,
                end_s: lap.end_s - lead_s,
                ..Lap::default()
            });
        }
        if self.sets.len() > MAX_SETS {
            return Err(invalid("/sets", "there are more than 10000 sets"));
        }
        for set in self.sets {
            let start_s = set.start_s - lead_s;
            let believable = start_s.is_finite()
                && [set.duration_s, set.weight_kg, set.distance_m, set.rpe]
                    .into_iter()
                    .flatten()
                    .all(|value| (0.0..1e7).contains(&value));
            if !believable {
                return Err(invalid("/sets", "a set has a value that is not believable"));
            }
            recording.sets.push(StrengthSet { start_s, ..set });
        }
        recording.plan_hint = self
            .planned_id
            .map(PlanHint::PlannedId)
            .or(self.planned_name.map(PlanHint::Name));
        recording.sub_sport = sub_sport;
        recording.utc_offset_s = self.utc_offset_s;
        recording.totals = self.totals;
        Ok(recording.quantised())
    }

    fn check_texts(&self) -> Result<(), InvalidActivity> {
        for (field, text) in [
            ("/sport", Some(&self.sport)),
            ("/sub_sport", self.sub_sport.as_ref()),
            ("/name", self.name.as_ref()),
            ("/planned_name", self.planned_name.as_ref()),
        ] {
            let storable = |text: &String| {
                // PostgreSQL refuses a NUL.
                !text.contains('\0') && text.chars().count() <= LONGEST_TEXT
            };
            if !text.is_none_or(storable) {
                let problem = "must be at most 200 characters without NUL";
                return Err(InvalidActivity { field, problem });
            }
        }
        Ok(())
    }

    fn check_totals(&self) -> Result<(), InvalidActivity> {
        for (field, value, high) in bounded(&mut self.totals.clone()) {
            if value.is_some_and(|value| !(0.0..=high).contains(&value)) {
                return Err(InvalidActivity {
                    field,
                    problem: "is not a believable value",
                });
            }
        }
        let offset = self.utc_offset_s.unwrap_or_default();
        if offset.unsigned_abs() > WIDEST_OFFSET_S {
            let problem = "is beyond 15 hours";
            return Err(InvalidActivity {
                field: "/utc_offset_s",
                problem,
            });
        }
        Ok(())
    }
}

/// Every total with its name and the greatest value that is believed; none is negative.
fn bounded(totals: &mut Totals) -> [(&'static str, &mut Option<f64>, f64); 13] {
    [
        ("/elapsed_s", &mut totals.elapsed_s, 2_592_000.0),
        ("/timer_s", &mut totals.timer_s, 2_592_000.0),
        ("/distance_m", &mut totals.distance_m, 20_037_508.0),
        ("/avg_hr_bpm", &mut totals.avg_hr_bpm, 300.0),
        ("/max_hr_bpm", &mut totals.max_hr_bpm, 300.0),
        ("/avg_power_w", &mut totals.avg_power_w, 10_000.0),
        ("/max_power_w", &mut totals.max_power_w, 10_000.0),
        ("/avg_cadence", &mut totals.avg_cadence, 500.0),
        ("/max_speed_mps", &mut totals.max_speed_mps, 150.0),
        ("/elevation_gain_m", &mut totals.elevation_gain_m, 100_000.0),
        ("/elevation_loss_m", &mut totals.elevation_loss_m, 100_000.0),
        ("/calories_kcal", &mut totals.calories_kcal, 100_000.0),
        ("/rpe", &mut totals.rpe, 10.0),
    ]
}

impl LapTimes {
    fn is_believable(&self) -> bool {
        self.start_s >= 0.0 && self.end_s >= self.start_s && self.end_s < 1e7
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
