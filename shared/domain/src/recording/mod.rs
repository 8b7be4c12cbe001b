//! The believed samples of a workout, in columns: the input of every stage.

mod channel;
mod codec;

pub use channel::Channel;
pub use codec::{CodecError, MAX_SAMPLES, decode, encode};

use crate::id::PlannedId;
use crate::set::SetKind;
use crate::sport::Sport;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a recording came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Garmin's Flexible and Interoperable Data Transfer file.
    Fit,
    /// Garmin's Training Center XML.
    Tcx,
    /// GPS Exchange Format.
    Gpx,
    /// The generic provider's JSON.
    Json,
}

/// One workout's samples and what its device said about them.
///
/// `time_s` is strictly increasing from 0 (rules S1 to S3: equal times are merged, older and
/// absurd samples dropped); every channel has as many values as `time_s`. A workout that was
/// reported without samples is a recording with empty columns and its [`Totals`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The kind of source.
    pub format: Format,
    /// What the source calls the sport, mapped to ours.
    pub sport: Sport,
    /// Finer kind of sport, in the source's words (`trail`, `lap_swimming`, …).
    pub sub_sport: Option<String>,
    /// Whether the source was damaged and only a part of it could be read.
    pub partial: bool,
    /// The time of the first sample; of the reported start when there is none.
    pub start_utc: DateTime<Utc>,
    /// Local time minus UTC where the source says so.
    pub utc_offset_s: Option<i32>,
    /// Seconds since `start_utc`, strictly increasing, millisecond precision.
    pub time_s: Vec<f64>,
    /// Cumulative distance in metres, as the device counted it.
    pub distance_m: Channel,
    /// Speed in metres per second, as the device smoothed it.
    pub speed_mps: Channel,
    /// Heart rate in beats per minute; 0 and 255 are absent.
    pub hr_bpm: Channel,
    /// Power in watts; 0 is a value.
    pub power_w: Channel,
    /// Cadence in the sport's own unit: steps, crank revolutions or strokes per minute.
    pub cadence: Channel,
    /// Altitude in metres.
    pub altitude_m: Channel,
    /// Latitude in degrees north.
    pub latitude: Channel,
    /// Longitude in degrees east.
    pub longitude: Channel,
    /// Temperature in degrees Celsius.
    pub temperature_c: Channel,
    /// The timer's starts and stops, in order.
    pub timer_events: Vec<TimerEvent>,
    /// Laps as the device made them, in order.
    pub laps: Vec<Lap>,
    /// Sessions of a multi-session file, in order; empty when there is one session.
    pub sessions: Vec<Session>,
    /// Pool lengths, in order.
    pub lengths: Vec<Length>,
    /// Strength sets, active and rest, in order.
    pub sets: Vec<StrengthSet>,
    /// Length of the pool in metres.
    pub pool_length_m: Option<f64>,
    /// Which planned workout the source says this was.
    pub plan_hint: Option<PlanHint>,
    /// What the source reported as a whole.
    pub totals: Totals,
}

/// How a source names the planned workout that an activity was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanHint {
    /// By our id; whose it is, is for whoever looks for it to check.
    PlannedId(PlannedId),
    /// By the name of the workout that the device was guiding.
    Name(String),
}

/// A start or stop of the device's timer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimerEvent {
    /// Seconds since the recording's start; negative when the button came before the first sample.
    pub time_s: f64,
    /// Whether the timer runs from here on.
    pub running: bool,
}

/// One lap, as the device made it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lap {
    /// Seconds since the recording's start.
    pub start_s: f64,
    /// Seconds since the recording's start.
    pub end_s: f64,
    /// Timer seconds that the device reported.
    pub timer_s: Option<f64>,
    /// Metres that the device reported.
    pub distance_m: Option<f64>,
    /// Index of the planned step that the device was guiding, if any.
    pub workout_step_index: Option<u16>,
}

/// One session of a multi-session file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its sport.
    pub sport: Sport,
    /// Finer kind of sport, in the source's words.
    pub sub_sport: Option<String>,
    /// Seconds since the recording's start.
    pub start_s: f64,
    /// Seconds since the recording's start.
    pub end_s: f64,
    /// What the source reported of it.
    #[serde(default)]
    pub totals: Totals,
}

/// One length of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Length {
    /// Seconds since the recording's start.
    pub start_s: f64,
    /// Timer seconds.
    pub timer_s: f64,
    /// Whether the athlete swam; an idle length is rest.
    pub active: bool,
    /// Strokes, where they were counted.
    pub strokes: Option<u16>,
    /// The style of swimming, in the source's words (`freestyle`, `drill`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stroke: Option<String>,
}

/// One strength set from a device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StrengthSet {
    /// Seconds since the recording's start.
    pub start_s: f64,
    /// Seconds.
    pub duration_s: Option<f64>,
    /// Whether it was work; otherwise rest.
    pub active: bool,
    /// Repetitions.
    pub reps: Option<u16>,
    /// Load in kilograms; `None` when none was entered.
    pub weight_kg: Option<f64>,
    /// Exercise category, in the source's words.
    pub category: Option<String>,
    /// What it was for.
    #[serde(default, skip_serializing_if = "SetKind::is_normal")]
    pub kind: SetKind,
    /// Metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// Rating of perceived exertion, 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
}

impl StrengthSet {
    /// What it counts as where sets are compared: what has no repetitions was done by the metre or by the
    /// clock, whatever its source calls it.
    pub fn counts_as(&self) -> SetKind {
        match (self.kind, self.reps) {
            (SetKind::Normal, None) if self.distance_m.is_some() => SetKind::Distance,
            (SetKind::Normal, None) if self.duration_s.is_some() => SetKind::Timed,
            (kind, _) => kind,
        }
    }
}

/// What the source reported for the whole workout; used only where samples cannot say.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Seconds, pauses included.
    pub elapsed_s: Option<f64>,
    /// Seconds, pauses excluded.
    pub timer_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// Mean heart rate.
    pub avg_hr_bpm: Option<f64>,
    /// Greatest heart rate.
    pub max_hr_bpm: Option<f64>,
    /// Mean power.
    pub avg_power_w: Option<f64>,
    /// Greatest power.
    pub max_power_w: Option<f64>,
    /// Mean cadence in the sport's unit.
    pub avg_cadence: Option<f64>,
    /// Greatest speed in metres per second.
    pub max_speed_mps: Option<f64>,
    /// Metres climbed.
    pub elevation_gain_m: Option<f64>,
    /// Metres descended.
    pub elevation_loss_m: Option<f64>,
    /// Kilocalories.
    pub calories_kcal: Option<f64>,
    /// The athlete's rating of perceived exertion, 0 to 10 (Borg CR10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
}

impl Recording {
    /// A recording without samples, as a summary-only source reports it.
    pub fn empty(format: Format, sport: Sport, start_utc: DateTime<Utc>) -> Self {
        Self {
            format,
            sport,
            sub_sport: None,
            partial: false,
            start_utc,
            utc_offset_s: None,
            time_s: Vec::new(),
            distance_m: Channel::default(),
            speed_mps: Channel::default(),
            hr_bpm: Channel::default(),
            power_w: Channel::default(),
            cadence: Channel::default(),
            altitude_m: Channel::default(),
            latitude: Channel::default(),
            longitude: Channel::default(),
            temperature_c: Channel::default(),
            timer_events: Vec::new(),
            laps: Vec::new(),
            sessions: Vec::new(),
            lengths: Vec::new(),
            sets: Vec::new(),
            pool_length_m: None,
            plan_hint: None,
            totals: Totals::default(),
        }
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.time_s.len()
    }

    /// Seconds from the first to the last sample (rule T1); `None` without samples.
    pub fn elapsed_s(&self) -> Option<f64> {
        self.time_s.last().copied()
    }
}
