//! What is known of the athlete on the day of a workout.

use crate::units::{Bpm, Joules, Kilograms, MetresPerSecond, Watts};
use serde::{Deserialize, Serialize};

/// Sex as the published load formulas need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    /// Male.
    #[serde(rename = "m")]
    Male,
    /// Female.
    #[serde(rename = "f")]
    Female,
}

impl Sex {
    /// The letter used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "m",
            Self::Female => "f",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "m" => Some(Self::Male),
            "f" => Some(Self::Female),
            _ => None,
        }
    }
}

/// The thresholds in force on one date; what is not known is `None`, never a default.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Functional threshold power.
    pub ftp_w: Option<Watts>,
    /// Maximal heart rate.
    pub hr_max_bpm: Option<Bpm>,
    /// Resting heart rate.
    pub hr_rest_bpm: Option<Bpm>,
    /// Heart rate at lactate threshold.
    pub hr_threshold_bpm: Option<Bpm>,
    /// Running speed at threshold.
    pub threshold_speed_mps: Option<MetresPerSecond>,
    /// Critical swim speed.
    pub css_mps: Option<MetresPerSecond>,
    /// Critical power.
    pub cp_w: Option<Watts>,
    /// Work capacity above critical power, W′.
    pub wprime_j: Option<Joules>,
    /// Body weight.
    pub weight_kg: Option<Kilograms>,
}

/// The athlete as a stage sees them: thresholds of the workout's local date.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Athlete {
    /// Sex, where a formula depends on it.
    pub sex: Option<Sex>,
    /// Thresholds in force on the workout's local date.
    pub thresholds: Thresholds,
}
