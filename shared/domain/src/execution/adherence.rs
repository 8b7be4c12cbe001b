//! How the seconds of a step lie to its target.

use super::goal::{Goal, Quantity};
use crate::reason::Reason;
use crate::recording::Channel;
use crate::signal::number::{from_count, to_index};
use crate::signal::{Signal, pool};
use serde::Serialize;
use std::cmp::Ordering;

/// Seconds at the start of a step in which nobody is at the target yet.
const LAG_S: f64 = 5.0;
/// The greatest share of a step that may be lag.
const MOST_LAG: f64 = 0.25;

/// How the seconds of a step lie to its goal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adherence {
    /// The band, in the quantity's own unit.
    #[serde(flatten)]
    pub goal: Goal,
    /// Recorded seconds with a value, after 5 s of lag.
    pub seconds: f64,
    /// Their mean, in the quantity's unit.
    pub mean: f64,
    /// The mean over the middle of the band (its one end where it has one), in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_pct: Option<f64>,
    /// Share of the seconds inside the band, in per cent.
    pub inside_pct: f64,
    /// Share of the seconds below it, in per cent.
    pub under_pct: f64,
    /// Share of the seconds above it, in per cent.
    pub over_pct: f64,
    /// How far the mean lies beyond the end that it missed, in per cent of that end: negative
    /// below the band, 0 inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss_pct: Option<f64>,
    /// How near the mean lies to the band, 0 to 100.
    pub score: f64,
}

impl Adherence {
    /// Whether the mean lies below the band, inside it or above it.
    pub fn side(&self) -> Ordering {
        let missed = self.goal.missed(self.mean);
        missed.map_or(Ordering::Equal, |end| self.mean.total_cmp(&end))
    }
}

/// The channels that goals are measured on, each laid over the grid once it is asked for.
pub(super) struct Measured<'a> {
    signal: &'a Signal<'a>,
    speed: Option<Channel>,
}

impl<'a> Measured<'a> {
    pub(super) fn new(signal: &'a Signal<'a>) -> Self {
        Self {
            signal,
            speed: None,
        }
    }

    /// The values of a quantity, one for each point of the grid.
    pub(super) fn channel(&mut self, quantity: Quantity) -> &Channel {
        let signal = self.signal;
        let recording = signal.recording;
        match quantity {
            Quantity::SpeedMps => self.speed.get_or_insert_with(|| {
                pool::speed(recording, signal.grid.len()).unwrap_or_else(|| signal.speed())
            }),
            Quantity::PowerW => signal.power(),
            Quantity::HrBpm => signal.hr(),
            Quantity::Cadence => signal.cadence(),
        }
    }

    /// Judges the recorded seconds from `start_s` until before `end_s` (`metrics` rule: a lag of
    /// 5 s at the start, at most a quarter of the step, is left out).
    pub(super) fn adherence(
        &mut self,
        goal: Goal,
        start_s: f64,
        end_s: f64,
    ) -> Result<Adherence, Reason> {
        let lag = LAG_S.min((end_s - start_s) * MOST_LAG);
        let seconds = to_index((start_s + lag).ceil())..to_index(end_s.ceil());
        let recorded = self.signal.grid.recorded();
        let channel = self.channel(goal.quantity);
        let (mut count, mut under, mut over, mut sum) = (0_usize, 0_usize, 0_usize, 0.0);
        for second in seconds.start..seconds.end.min(recorded.len()) {
            let value = channel.get(second).filter(|value| {
                let is_standing = goal.quantity == Quantity::Cadence && *value <= 0.0;
                recorded.get(second) == Some(&true) && !is_standing
            });
            if let Some(value) = value {
                count += 1;
                sum += value;
                under += usize::from(goal.low.is_some_and(|low| value < low));
                over += usize::from(goal.high.is_some_and(|high| value > high));
            }
        }
        if count == 0 {
            return Err(match goal.quantity {
                Quantity::SpeedMps => Reason::NoDistance,
                Quantity::PowerW => Reason::NoPower,
                Quantity::HrBpm => Reason::NoHeartRate,
                Quantity::Cadence => Reason::NoCadence,
            });
        }
        let mean = sum / from_count(count);
        if !mean.is_finite() {
            return Err(Reason::Implausible);
        }
        let per_cent = |part: usize| from_count(part) / from_count(count) * 100.0;
        let middle = goal.middle().filter(|middle| *middle > 0.0);
        Ok(Adherence {
            goal,
            seconds: from_count(count),
            mean,
            mean_pct: middle
                .map(|middle| mean / middle * 100.0)
                .filter(|share| share.is_finite()),
            inside_pct: per_cent(count.saturating_sub(under + over)),
            under_pct: per_cent(under),
            over_pct: per_cent(over),
            miss_pct: goal.miss_pct(mean),
            score: goal.closeness(mean),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, Recording};
    use crate::sport::Sport;
    use chrono::DateTime;

    /// P-54
    #[test]
    fn seconds_are_under_inside_or_over_once_the_athlete_is_at_work() {
        let mut ride = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        ride.time_s = (0..=100).map(from_count).collect();
        ride.power_w = (0..=100)
            .map(|second| match second {
                0..5 => Some(0.0),
                5..15 => Some(150.0),
                15..75 => Some(200.0),
                75..95 => None,
                _ => Some(300.0),
            })
            .collect();
        let signal = Signal::of(&ride).unwrap();
        let goal = Goal {
            quantity: Quantity::PowerW,
            low: Some(190.0),
            high: Some(210.0),
        };
        // Seconds 75 to 94 lie on the line between 74 and 95.
        let judged = Measured::new(&signal).adherence(goal, 0.0, 75.0).unwrap();
        assert_eq!((judged.seconds, judged.over_pct), (70.0, 0.0));
        assert!((judged.under_pct - 100.0 / 7.0).abs() < 1e-9, "{judged:?}");
        assert!((judged.inside_pct + judged.under_pct - 100.0).abs() < 1e-9);
        assert!((judged.mean - 1350.0 / 7.0).abs() < 1e-9, "{judged:?}");
        assert!(judged.score >= 100.0);
        let none = Goal {
            quantity: Quantity::HrBpm,
            ..goal
        };
        let judged = Measured::new(&signal).adherence(none, 0.0, 75.0);
        assert_eq!(judged, Err(Reason::NoHeartRate));
    }
}
