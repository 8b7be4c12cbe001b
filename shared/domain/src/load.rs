//! The formulas of load, on the scale on which an hour at threshold is 100.
//!
//! A workout that was done and one that is planned are weighed by the same ones.

use crate::athlete::{Athlete, Sex};
use crate::reason::Reason;
use serde::Serialize;

/// Seconds in an hour, for which the load at threshold is 100.
const HOUR_S: f64 = 3600.0;

/// Minutes in an hour, for which the load at threshold is 100.
const MINUTES_PER_HOUR: f64 = 60.0;

/// Foster's load of one hour at threshold: 60 minutes rated 7.
///
/// Seiler & Kjerland (2006, Scand J Med Sci Sports 16:49) put the second ventilatory threshold at
/// a session rating of 7.
pub const THRESHOLD_SESSION_RPE: f64 = 60.0 * 7.0;

/// How a load was found, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadMethod {
    /// Training Stress Score from power, on a ride: FTP is a cyclist's.
    Power,
    /// From speed over threshold speed, on a run or a swim.
    Pace,
    /// From heart rate over threshold heart rate, in every sport.
    HeartRate,
    /// From the athlete's rating, in every sport.
    Rpe,
}

/// Hours times the square of the intensity, times 100: Training Stress Score (Coggan), and on foot
/// rTSS, with the intensity as a share of threshold power or threshold speed.
pub fn stress(seconds: f64, intensity: f64) -> f64 {
    seconds / HOUR_S * intensity * intensity * 100.0
}

/// Hours times the cube of the intensity, times 100, with the intensity as a share of critical swim
/// speed: the power to overcome drag grows with the cube of speed (`McGregor` & Fitzgerald 2008).
pub fn swim_stress(seconds: f64, intensity: f64) -> f64 {
    seconds / HOUR_S * intensity.powi(3) * 100.0
}

/// Banister's weight of an athlete's heart rates.
///
/// `x · 0.64 e^(1.92 x)` a minute for men and `x · 0.86 e^(1.67 x)` for women (Morton, Fitz-Clarke &
/// Banister 1990, J Appl Physiol 69:1171), where `x` is the share of the heart rate reserve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeartRateReserve {
    rest: f64,
    maximum: f64,
    factor: f64,
    exponent: f64,
}

impl HeartRateReserve {
    /// Reads what the weight depends on.
    ///
    /// # Errors
    /// What is not known of the athlete, and `implausible` where rest is not below the maximum.
    pub fn of(athlete: &Athlete) -> Result<Self, Reason> {
        let limits = &athlete.thresholds;
        let maximum = limits.hr_max_bpm.ok_or(Reason::NoHrMax)?.get();
        let rest = limits.hr_rest_bpm.ok_or(Reason::NoHrRest)?.get();
        if rest >= maximum {
            return Err(Reason::Implausible);
        }
        let (factor, exponent) = match athlete.sex.ok_or(Reason::NoSex)? {
            Sex::Male => (0.64, 1.92),
            Sex::Female => (0.86, 1.67),
        };
        Ok(Self {
            rest,
            maximum,
            factor,
            exponent,
        })
    }

    /// The impulse of one minute at a heart rate; the reserve is limited to 0..1.
    pub fn of_minute(&self, bpm: f64) -> f64 {
        let reserve = ((bpm - self.rest) / (self.maximum - self.rest)).clamp(0.0, 1.0);
        reserve * self.factor * f64::exp(self.exponent * reserve)
    }
}

/// Load from heart rate: Banister's impulse over that of an hour at threshold heart rate, times
/// 100.
///
/// `TrainingPeaks` does not publish its hrTSS; this is the open form of Elevate (HRSS).
///
/// # Errors
/// What is not known of the athlete, and `implausible` where the threshold is not in the reserve.
pub fn heart_rate_stress(impulse: f64, athlete: &Athlete) -> Result<f64, Reason> {
    let threshold = athlete.thresholds.hr_threshold_bpm;
    let threshold = threshold.ok_or(Reason::NoHrThreshold)?.get();
    let reserve = HeartRateReserve::of(athlete)?;
    if threshold <= reserve.rest || threshold > reserve.maximum {
        return Err(Reason::Implausible);
    }
    Ok(impulse / (MINUTES_PER_HOUR * reserve.of_minute(threshold)) * 100.0)
}
