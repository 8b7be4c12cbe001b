//! Figures over one stretch of a recording: a lap, a split, a planned step.

use super::Signal;
use super::grid::is_measured;
use super::number::{from_count, to_index};
use crate::recording::{Channel, Lap};
use serde::Serialize;
use std::ops::Range;

/// What happened between two times; a key is absent where its channel is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Stretch {
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds from the recording's start.
    pub end_s: f64,
    /// Seconds, pauses included.
    pub elapsed_s: f64,
    /// Seconds faster than 1 km/h (rule T3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving_s: Option<f64>,
    /// Metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// Metres per second over moving time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_speed_mps: Option<f64>,
    /// Grade-adjusted metres per second over moving time (Minetti; rule A1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_speed_mps: Option<f64>,
    /// Mean heart rate over recorded seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr_bpm: Option<f64>,
    /// Greatest heart rate of a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr_bpm: Option<f64>,
    /// Mean power in watts over recorded seconds, zeros included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power_w: Option<f64>,
    /// Mean cadence over recorded seconds with any, in the sport's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_cadence: Option<f64>,
}

/// Answers for any stretch of one recording in the time of a few look-ups.
#[derive(Debug, Clone)]
pub struct Stretches<'a> {
    signal: &'a Signal<'a>,
    hr: Cumulative<'a>,
    power: Cumulative<'a>,
    has_power: bool,
    cadence: Cumulative<'a>,
}

impl<'a> Stretches<'a> {
    /// Sums up the channels once.
    pub fn of(signal: &'a Signal<'a>) -> Self {
        let recording = signal.recording;
        Self {
            signal,
            hr: Cumulative::of(signal.hr(), f64::NEG_INFINITY),
            power: Cumulative::of(signal.power(), f64::NEG_INFINITY),
            has_power: is_measured(&recording.power_w),
            cadence: Cumulative::of(signal.cadence(), 0.0),
        }
    }

    /// The figures from `start_s` until before `end_s`.
    pub fn between(&self, start_s: f64, end_s: f64) -> Stretch {
        let span = |at: Option<f64>, from: Option<f64>| at.zip(from).map(|(at, from)| at - from);
        let distance_m = span(
            self.signal.distance_at(end_s),
            self.signal.distance_at(start_s),
        );
        let moving_s = span(self.signal.moving_at(end_s), self.signal.moving_at(start_s));
        let adjusted_m = span(
            self.signal.adjusted_at(end_s),
            self.signal.adjusted_at(start_s),
        );
        let clock_s = moving_s.filter(|moving| *moving > 0.0);
        let speed = |metres: Option<f64>| Some(metres? / clock_s?);
        let seconds = to_index(start_s.ceil())..to_index(end_s.ceil());
        Stretch {
            start_s,
            end_s,
            elapsed_s: (end_s - start_s).max(0.0),
            moving_s,
            distance_m,
            avg_speed_mps: speed(distance_m),
            gap_speed_mps: speed(adjusted_m),
            avg_hr_bpm: self.hr.mean(&seconds),
            max_hr_bpm: self.greatest(&self.signal.recording.hr_bpm, start_s, end_s),
            avg_power_w: self.power.mean(&seconds),
            avg_cadence: self.cadence.mean(&seconds),
        }
    }

    /// The figures of a lap; the distance is the device's own where it reported one.
    pub fn lap(&self, lap: &Lap) -> Stretch {
        let measured = self.between(lap.start_s, lap.end_s);
        Stretch {
            distance_m: lap.distance_m.or(measured.distance_m),
            ..measured
        }
    }

    /// The greatest power of a sample in watts from `start_s` until before `end_s`.
    pub fn greatest_power(&self, start_s: f64, end_s: f64) -> Option<f64> {
        let power = &self.signal.recording.power_w;
        if self.has_power {
            self.greatest(power, start_s, end_s)
        } else {
            None
        }
    }

    fn greatest(&self, channel: &Channel, start_s: f64, end_s: f64) -> Option<f64> {
        let times = &self.signal.recording.time_s;
        let first = times.partition_point(|time| *time < start_s);
        let end = times.partition_point(|time| *time < end_s);
        super::number::greatest(channel.range(first..end).flatten())
    }
}

/// Seconds from one running sum that is kept to the next.
const KEPT_EVERY_S: usize = 32;

/// Running sums of a channel on the grid, so that any mean costs two look-ups.
///
/// One in [`KEPT_EVERY_S`] is kept; the others are added up again from there, in the same order
/// and therefore to the same number.
#[derive(Debug, Clone)]
struct Cumulative<'a> {
    seconds: &'a Channel,
    /// What a value must exceed to count.
    above: f64,
    kept: Vec<(f64, usize)>,
}

impl<'a> Cumulative<'a> {
    fn of(seconds: &'a Channel, above: f64) -> Self {
        let mut cumulative = Self {
            seconds,
            above,
            kept: Vec::new(),
        };
        if seconds.has_values() {
            let blocks = seconds.len() / KEPT_EVERY_S + 1;
            cumulative.kept.reserve_exact(blocks);
            let mut sum = (0.0, 0);
            for block in 0..blocks {
                cumulative.kept.push(sum);
                let first = block * KEPT_EVERY_S;
                sum = cumulative.add(sum, first..(first + KEPT_EVERY_S).min(seconds.len()));
            }
        }
        cumulative
    }

    fn add(&self, before: (f64, usize), seconds: Range<usize>) -> (f64, usize) {
        let values = self.seconds.range(seconds).flatten();
        let counted = values.filter(|value| *value > self.above);
        counted.fold(before, |(sum, count), value| (sum + value, count + 1))
    }

    /// The sum and the number of the values before a second; `None` where there are none at all.
    fn until(&self, second: usize) -> Option<(f64, usize)> {
        let second = second.min(self.seconds.len());
        let kept = *self.kept.get(second / KEPT_EVERY_S)?;
        Some(self.add(kept, second - second % KEPT_EVERY_S..second))
    }

    fn mean(&self, seconds: &Range<usize>) -> Option<f64> {
        let (start, end) = (self.until(seconds.start)?, self.until(seconds.end)?);
        let count = end.1.checked_sub(start.1)?;
        (count > 0).then(|| (end.0 - start.0) / from_count(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, Recording};
    use crate::sport::Sport;
    use chrono::DateTime;

    #[test]
    fn a_stretch_counts_the_seconds_from_its_start_until_before_its_end() {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=10).map(from_count).collect();
        recording.distance_m = (0..=10)
            .map(|second| Some(from_count(second) * 5.0))
            .collect();
        recording.hr_bpm = (0..=10)
            .map(|second| Some(100.0 + from_count(second)))
            .collect();
        let signal = Signal::of(&recording).unwrap();
        let stretch = Stretches::of(&signal).between(2.0, 5.0);
        assert_eq!((stretch.elapsed_s, stretch.moving_s), (3.0, Some(3.0)));
        assert_eq!(stretch.distance_m, Some(15.0));
        assert_eq!(stretch.avg_speed_mps, Some(5.0));
        assert_eq!(stretch.avg_hr_bpm, Some(103.0));
        assert_eq!(stretch.max_hr_bpm, Some(104.0));
        assert_eq!(stretch.avg_power_w, None);
    }

    #[test]
    fn a_stretch_outside_the_recording_has_no_means() {
        let recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        let signal = Signal::of(&recording).unwrap();
        let stretch = Stretches::of(&signal).between(-5.0, 1e12);
        assert_eq!(stretch.avg_hr_bpm, None);
        assert_eq!(stretch.distance_m, None);
    }
}
