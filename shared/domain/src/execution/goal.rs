//! A step's target as a band of a measured quantity.

use crate::athlete::Thresholds;
use crate::plan::{Target, TargetKind, ZONE, metres_of, unit_of};
use crate::reason::Reason;
use crate::signal::number::to_index;
use crate::zones;
use serde::Serialize;

/// How far from a target of a single value still counts as on it, as a share.
const SINGLE_VALUE_WIDTH: f64 = 0.05;

/// What a target measures, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Metres per second.
    SpeedMps,
    /// Watts.
    PowerW,
    /// Beats per minute.
    HrBpm,
    /// Steps, revolutions or strokes per minute, as the sport counts.
    Cadence,
}

/// A band of a quantity that a step asks for; an end that it leaves open is absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Goal {
    /// What is measured.
    pub quantity: Quantity,
    /// The least value inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The greatest value inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Goal {
    /// Reads a target; `None` where it asks for nothing.
    ///
    /// A single value becomes a band of ±5 %. A pace becomes a band of speed, its ends swapped.
    ///
    /// # Errors
    /// `no_target` where the target is not measured second by second or its unit is unknown, and
    /// what is not known of the athlete where it is relative to a threshold.
    pub fn of(target: &Target, limits: &Thresholds) -> Result<Option<Self>, Reason> {
        if target.kind == TargetKind::Open || (target.low.is_none() && target.high.is_none()) {
            return Ok(None);
        }
        let unit = unit_of(target).ok_or(Reason::NoTarget)?;
        if unit == ZONE {
            return Self::of(&of_zones(target)?, limits);
        }
        let (quantity, scale) = Scale::of(target.kind, unit, limits)?;
        let end = |value: Option<f64>| value.and_then(|value| scale.apply(value));
        let (mut low, mut high) = (end(target.low), end(target.high));
        if scale.is_inverse() {
            (low, high) = (high, low);
        }
        if let (Some(least), Some(greatest)) = (low, high)
            && greatest <= least
        {
            low = Some(least * (1.0 - SINGLE_VALUE_WIDTH));
            high = Some(greatest * (1.0 + SINGLE_VALUE_WIDTH));
        }
        if low.is_none() && high.is_none() {
            return Err(Reason::NoTarget);
        }
        Ok(Some(Self {
            quantity,
            low,
            high,
        }))
    }

    /// The middle of the band, or its one end.
    pub fn middle(&self) -> Option<f64> {
        match (self.low, self.high) {
            (Some(low), Some(high)) => Some(f64::midpoint(low, high)),
            (low, high) => low.or(high),
        }
    }

    /// The end of the band beyond which a mean lies; `None` inside.
    pub(super) fn missed(&self, mean: f64) -> Option<f64> {
        let above = || self.high.filter(|high| mean > *high);
        self.low.filter(|low| mean < *low).or_else(above)
    }

    /// How near a mean lies to the band: 100 inside, else the smaller over the greater of the mean
    /// and the end that it missed, in per cent. Twice as much is as far off as half as much.
    pub(super) fn closeness(&self, mean: f64) -> f64 {
        let missed = self.missed(mean);
        missed.map_or(100.0, |end| {
            (mean.min(end) / mean.max(end) * 100.0).clamp(0.0, 100.0)
        })
    }

    /// How far a mean lies beyond the end that it missed, in per cent of that end: negative below
    /// the band, 0 inside. `None` beyond an end of 0.
    pub(super) fn miss_pct(&self, mean: f64) -> Option<f64> {
        let Some(end) = self.missed(mean) else {
            return Some(0.0);
        };
        let share = (end > 0.0).then(|| (mean - end) / end * 100.0);
        share.filter(|share| share.is_finite())
    }
}

/// How a unit becomes that of a [`Quantity`].
enum Scale {
    /// So many of ours in one.
    Times(f64),
    /// Seconds for so many metres.
    SecondsPer(f64),
}

impl Scale {
    fn of(kind: TargetKind, unit: &str, limits: &Thresholds) -> Result<(Quantity, Self), Reason> {
        let share = |threshold: Option<f64>, absent| {
            let threshold = threshold.filter(|value| *value > 0.0).ok_or(absent)?;
            Ok(Self::Times(threshold / 100.0))
        };
        if let Some(metres) = metres_of(unit) {
            return Ok((Quantity::SpeedMps, Self::SecondsPer(metres)));
        }
        Ok(match (kind, unit) {
            (TargetKind::Power, "w") => (Quantity::PowerW, Self::Times(1.0)),
            (TargetKind::Power, "pct_ftp") => {
                let ftp = limits.ftp_w.map(|ftp| ftp.get());
                (Quantity::PowerW, share(ftp, Reason::NoFtp)?)
            }
            (TargetKind::Hr, "bpm") => (Quantity::HrBpm, Self::Times(1.0)),
            (TargetKind::Hr, "pct_hr_max") => {
                let maximum = limits.hr_max_bpm.map(|bpm| bpm.get());
                (Quantity::HrBpm, share(maximum, Reason::NoHrMax)?)
            }
            (TargetKind::Hr, "pct_hr_threshold") => {
                let threshold = limits.hr_threshold_bpm.map(|bpm| bpm.get());
                (Quantity::HrBpm, share(threshold, Reason::NoHrThreshold)?)
            }
            (TargetKind::Pace, "pct_threshold_pace") => {
                let threshold = limits.threshold_speed_mps.map(|speed| speed.get());
                (
                    Quantity::SpeedMps,
                    share(threshold, Reason::NoThresholdSpeed)?,
                )
            }
            (TargetKind::Pace, "pct_css") => {
                let css = limits.css_mps.map(|speed| speed.get());
                (Quantity::SpeedMps, share(css, Reason::NoCss)?)
            }
            (TargetKind::Pace, "mps") => (Quantity::SpeedMps, Self::Times(1.0)),
            (TargetKind::Cadence, _) => (Quantity::Cadence, Self::Times(1.0)),
            _ => return Err(Reason::NoTarget),
        })
    }

    fn apply(&self, value: f64) -> Option<f64> {
        let converted = match self {
            Self::Times(factor) => value * factor,
            Self::SecondsPer(metres) => metres / value,
        };
        (converted.is_finite() && converted >= 0.0).then_some(converted)
    }

    fn is_inverse(&self) -> bool {
        matches!(self, Self::SecondsPer(_))
    }
}

/// Zones as a band of what they are shares of; the greatest zone ends nowhere.
fn of_zones(target: &Target) -> Result<Target, Reason> {
    let unit = match target.kind {
        TargetKind::Power => "pct_ftp",
        TargetKind::Hr => "pct_hr_max",
        TargetKind::Pace => "pct_threshold_pace",
        TargetKind::Rpe | TargetKind::Cadence | TargetKind::Open => return Err(Reason::NoTarget),
    };
    let begin = |zone: f64| zones::begins_at(target.kind, to_index(zone));
    Ok(Target {
        kind: target.kind,
        low: target.low.and_then(begin).filter(|low| *low > 0.0),
        high: target.high.and_then(|zone| begin(zone + 1.0)),
        unit: Some(unit.to_owned()),
        ramp: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Bpm, MetresPerSecond, Watts};

    fn target(kind: TargetKind, low: f64, high: f64, unit: &str) -> Target {
        Target {
            kind,
            low: Some(low),
            high: Some(high),
            unit: Some(unit.to_owned()),
            ramp: None,
        }
    }

    fn band(target: &Target) -> Option<(f64, f64)> {
        let goal = Goal::of(target, &Thresholds::default()).unwrap()?;
        Some((goal.low?, goal.high?))
    }

    #[test]
    fn a_pace_is_a_band_of_speed() {
        let near = |target: &Target, low: f64, high: f64| {
            let got = band(target).unwrap();
            assert!(
                (got.0 - low).abs() < 1e-9 && (got.1 - high).abs() < 1e-9,
                "{got:?}"
            );
        };
        near(
            &target(TargetKind::Pace, 240.0, 250.0, "s_per_km"),
            4.0,
            1000.0 / 240.0,
        );
        near(
            &target(TargetKind::Pace, 402.336, 536.448, "s_per_mile"),
            3.0,
            4.0,
        );
        near(
            &target(TargetKind::Pace, 80.0, 100.0, "s_per_100m"),
            1.0,
            1.25,
        );
        near(
            &target(TargetKind::Pace, 91.44, 182.88, "s_per_100yd"),
            0.5,
            1.0,
        );
    }

    #[test]
    fn a_single_value_is_widened_and_an_open_end_stays_open() {
        let (low, high) = band(&target(TargetKind::Power, 200.0, 200.0, "w")).unwrap();
        assert!((low - 190.0).abs() < 1e-9 && (high - 210.0).abs() < 1e-9);
        let at_most = Target {
            low: None,
            ..target(TargetKind::Hr, 0.0, 140.0, "bpm")
        };
        let goal = Goal::of(&at_most, &Thresholds::default()).unwrap().unwrap();
        assert_eq!((goal.low, goal.high), (None, Some(140.0)));
        assert_eq!(
            Goal::of(&Target::default(), &Thresholds::default()),
            Ok(None)
        );
    }

    #[test]
    fn what_cannot_be_measured_says_why() {
        let of = |target: &Target| Goal::of(target, &Thresholds::default());
        let relative = target(TargetKind::Power, 90.0, 100.0, "pct_ftp");
        assert_eq!(of(&relative), Err(Reason::NoFtp));
        let felt = target(TargetKind::Rpe, 5.0, 6.0, "");
        assert_eq!(of(&felt), Err(Reason::NoTarget));
        let unknown = target(TargetKind::Power, 5.0, 6.0, "horses");
        assert_eq!(of(&unknown), Err(Reason::NoTarget));
        let never = target(TargetKind::Pace, 0.0, 0.0, "s_per_km");
        assert_eq!(of(&never), Err(Reason::NoTarget));
        let ftp = Thresholds {
            ftp_w: Watts::parse(250.0).ok(),
            ..Thresholds::default()
        };
        let goal = Goal::of(&relative, &ftp).unwrap().unwrap();
        assert_eq!((goal.low, goal.high), (Some(225.0), Some(250.0)));
    }

    #[test]
    fn shares_and_zones_are_of_the_thresholds_of_the_date() {
        let known = Thresholds {
            ftp_w: Watts::parse(200.0).ok(),
            hr_max_bpm: Bpm::parse(190.0).ok(),
            hr_threshold_bpm: Bpm::parse(170.0).ok(),
            threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
            css_mps: MetresPerSecond::parse(1.25).ok(),
            ..Thresholds::default()
        };
        let of = |kind, low, high, unit| {
            let goal = Goal::of(&target(kind, low, high, unit), &known);
            goal.unwrap().map(|goal| (goal.low, goal.high)).unwrap()
        };
        let pace = of(TargetKind::Pace, 90.0, 100.0, "pct_threshold_pace");
        assert_eq!(pace, (Some(3.6), Some(4.0)));
        let css = of(TargetKind::Pace, 80.0, 100.0, "pct_css");
        assert_eq!(css, (Some(1.0), Some(1.25)));
        let hr = of(TargetKind::Hr, 90.0, 100.0, "pct_hr_threshold");
        assert_eq!(hr, (Some(153.0), Some(170.0)));
        let zones = of(TargetKind::Power, 2.0, 3.0, "zone");
        assert_eq!(zones, (Some(110.0), Some(180.0)));
        let top = of(TargetKind::Hr, 5.0, 5.0, "zone");
        assert_eq!(top, (Some(171.0), None));
        let first = of(TargetKind::Power, 1.0, 1.0, "zone");
        assert_eq!(first, (None, Some(110.0)));
        let unknown = |kind, unit| Goal::of(&target(kind, 1.0, 1.0, unit), &Thresholds::default());
        let pace = unknown(TargetKind::Pace, "pct_threshold_pace");
        assert_eq!(pace, Err(Reason::NoThresholdSpeed));
        assert_eq!(unknown(TargetKind::Pace, "pct_css"), Err(Reason::NoCss));
        assert_eq!(unknown(TargetKind::Hr, "zone"), Err(Reason::NoHrMax));
    }

    /// P-55
    #[test]
    fn twice_too_much_is_as_far_off_as_half_of_it() {
        let goal = Goal {
            quantity: Quantity::PowerW,
            low: Some(190.0),
            high: Some(210.0),
        };
        let means = [200.0, 95.0, 420.0, 0.0].into_iter();
        let scores: Vec<f64> = means.map(|mean| goal.closeness(mean)).collect();
        assert_eq!(scores, [100.0, 50.0, 50.0, 0.0]);
    }

    /// P-66
    #[test]
    fn a_miss_is_a_share_of_the_end_that_was_missed() {
        let goal = Goal {
            quantity: Quantity::PowerW,
            low: Some(200.0),
            high: Some(250.0),
        };
        let misses = [200.0, 250.0, 150.0, 275.0].map(|mean| goal.miss_pct(mean));
        assert_eq!(misses, [0.0, 0.0, -25.0, 10.0].map(Some));
        let nothing = Goal {
            low: None,
            high: Some(0.0),
            ..goal
        };
        assert_eq!(
            (nothing.miss_pct(5.0), nothing.miss_pct(0.0)),
            (None, Some(0.0))
        );
    }
}
