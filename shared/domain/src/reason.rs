//! Why a figure is `null`: one code per cause, the same in every stage.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Why a figure could not be computed honestly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The workout has no recorded samples.
    NoSamples,
    /// No sample carries a heart rate.
    NoHeartRate,
    /// No sample carries power.
    NoPower,
    /// Neither a distance counter nor positions were recorded.
    NoDistance,
    /// No usable altitude (absent, or constant as on a track or treadmill).
    NoAltitude,
    /// No sample carries a cadence.
    NoCadence,
    /// No sample carries a temperature.
    NoTemperature,
    /// The recording holds no timer events.
    NoTimerEvents,
    /// The athlete was not moving.
    NoMovement,
    /// The source did not report it.
    NotReported,
    /// The athlete's FTP for that day is not known.
    NoFtp,
    /// The athlete's critical power or W′ for that day is not known.
    NoCriticalPower,
    /// The athlete's maximal heart rate for that day is not known.
    NoHrMax,
    /// The athlete's resting heart rate for that day is not known.
    NoHrRest,
    /// The athlete's sex is not known, and the formula depends on it.
    NoSex,
    /// The athlete's heart rate at threshold for that day is not known.
    NoHrThreshold,
    /// The athlete's running speed at threshold for that day is not known.
    NoThresholdSpeed,
    /// The athlete's critical swim speed for that day is not known.
    NoCss,
    /// The athlete's body weight for that day is not known.
    NoBodyWeight,
    /// None of the methods that apply to the sport has its inputs; each says which it lacks.
    NoMethod,
    /// It is of several sessions, and each has its own.
    PerSession,
    /// No planned workout is attached.
    NoPlan,
    /// The attached plan leaves it open.
    NotPlanned,
    /// The session does not resemble the attached plan.
    PlanMismatch,
    /// The attached plan has no target that is measured second by second.
    NoTarget,
    /// The recording is too short for the figure's definition.
    TooShort,
    /// The samples are too extreme for the figure to be a finite number.
    Implausible,
    /// The figure is not defined for this sport.
    NotForThisSport,
    /// The day lies before what is known of the athlete's training.
    BeforeStart,
    /// The loads of the days are all the same, so they have no deviation.
    NoVariation,
    /// The days that count hold too few efforts for an estimate.
    TooFewEfforts,
}

impl fmt::Display for Reason {
    /// Writes the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// `{key: code}` beside the figures whose keys are `null`.
pub type Reasons = BTreeMap<&'static str, Reason>;
