//! Cumulative distance over the samples (rules D1 to D3).

use super::number::on_line;
use super::session;
use crate::recording::{Channel, Recording};
use std::ops::Range;

/// Mean radius of the earth in metres, as IUGG defines R₁.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The greatest first value of a counter that is taken as running since the start (rule D2).
const COUNTED_FROM_START_M: f64 = 50.0;

/// Metres from the start at every sample, never decreasing.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance(Vec<f64>);

impl Distance {
    /// Takes the device's counter, or the path over the fixes where it counted nothing.
    ///
    /// With several sessions each is measured by itself and the distances are joined (rules D3
    /// and M1). `None` when neither a counter nor two positions were recorded.
    pub fn of(recording: &Recording) -> Option<Self> {
        let mut metres = Vec::with_capacity(recording.samples());
        let mut known = false;
        for range in session::ranges(recording) {
            let offset = metres.last().copied().unwrap_or(0.0);
            let times = recording.time_s.get(range.clone()).unwrap_or_default();
            match of_session(recording, range.start, times) {
                Some(session) => {
                    known = true;
                    metres.extend(session.into_iter().map(|metre| offset + metre));
                }
                None => metres.extend(times.iter().map(|_| offset)),
            }
        }
        known.then_some(Self(metres))
    }

    /// Metres from the start, one value per sample.
    pub fn metres(&self) -> &[f64] {
        &self.0
    }

    /// Metres in all.
    pub fn total_m(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }
}

/// One session's metres from its own start; `first` is the index of its first sample.
fn of_session(recording: &Recording, first: usize, times: &[f64]) -> Option<Vec<f64>> {
    let counter = || recording.distance_m.range(first..first + times.len());
    if counter().flatten().any(|metres| metres > 0.0) {
        let base = session_base(&recording.distance_m, first..first + times.len());
        let start = counter().flatten().next().unwrap_or(0.0);
        let since_start = if start <= COUNTED_FROM_START_M {
            0.0
        } else {
            start
        };
        let base = base.unwrap_or(since_start);
        return Some(non_decreasing(filled(times, counter()), base));
    }
    let path = along_fixes(recording, first, times.len());
    (path.iter().flatten().count() > 1)
        .then(|| non_decreasing(filled(times, path.into_iter()), 0.0))
}

/// What a counter showed before a session: its last value, or 0 when it restarts (rule D3).
///
/// `None` when nothing was counted before.
pub(super) fn session_base(counter: &Channel, samples: Range<usize>) -> Option<f64> {
    let before = counter.range(0..samples.start).rev().flatten().next()?;
    let start = counter.range(samples).flatten().next();
    Some(if start.is_some_and(|start| start < before) {
        0.0
    } else {
        before
    })
}

/// The path over the fixes, absent where there is none.
fn along_fixes(recording: &Recording, first: usize, length: usize) -> Vec<Option<f64>> {
    let mut previous: Option<(f64, f64)> = None;
    let mut metres = 0.0;
    let latitudes = recording.latitude.range(first..first + length);
    let longitudes = recording.longitude.range(first..first + length);
    latitudes
        .zip(longitudes)
        .map(|fix| {
            let here = (fix.0?, fix.1?);
            metres += previous.map_or(0.0, |there| haversine_m(there, here));
            previous = Some(here);
            Some(metres)
        })
        .collect()
}

/// Fills holes linearly over time and both ends with the nearest value.
fn filled(times: &[f64], values: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut filled: Vec<f64> = Vec::with_capacity(times.len());
    let mut last: Option<(f64, f64)> = None;
    let known = times
        .iter()
        .zip(values)
        .filter_map(|(time, value)| Some((*time, value?)));
    for (time, value) in known {
        let start = last.unwrap_or((time, value));
        while let Some(hole) = times.get(filled.len()).filter(|earlier| **earlier < time) {
            filled.push(on_line(start, (time, value), *hole));
        }
        filled.push(value);
        last = Some((time, value));
    }
    filled.resize(times.len(), last.map_or(0.0, |(_, value)| value));
    filled
}

/// The running maximum above `base` (rule D1), so that a counter that jumps back loses nothing.
fn non_decreasing(mut metres: Vec<f64>, base: f64) -> Vec<f64> {
    let mut greatest = 0.0_f64;
    for metre in &mut metres {
        greatest = greatest.max(*metre - base);
        *metre = greatest;
    }
    metres
}

/// The great-circle distance in metres between two positions in degrees (latitude, longitude).
///
/// Haversine on a sphere of [`EARTH_RADIUS_M`]; 0.1 % short of the ellipsoid at 50° north.
pub fn haversine_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (latitude_0, latitude_1) = (from.0.to_radians(), to.0.to_radians());
    let half_latitude = ((latitude_1 - latitude_0) / 2.0).sin();
    let half_longitude = ((to.1 - from.1).to_radians() / 2.0).sin();
    let chord = half_latitude * half_latitude
        + latitude_0.cos() * latitude_1.cos() * half_longitude * half_longitude;
    2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, Session, Totals};
    use crate::sport::Sport;
    use chrono::DateTime;

    fn counted(values: &[Option<f64>]) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..values.len())
            .map(crate::signal::number::from_count)
            .collect();
        recording.distance_m = values.iter().copied().collect();
        recording.latitude = Channel::absent(values.len());
        recording.longitude = Channel::absent(values.len());
        recording
    }

    fn metres(recording: &Recording) -> Vec<f64> {
        Distance::of(recording).unwrap().metres().to_vec()
    }

    #[test]
    fn holes_are_filled_linearly_and_steps_back_are_levelled() {
        let recording = counted(&[None, Some(10.0), None, Some(20.0), Some(15.0), None]);
        assert_eq!(metres(&recording), [10.0, 10.0, 15.0, 20.0, 20.0, 20.0]);
    }

    #[test]
    fn a_counter_that_starts_far_above_zero_is_measured_from_its_first_value() {
        assert_eq!(metres(&counted(&[Some(50.0), Some(60.0)])), [50.0, 60.0]);
        assert_eq!(metres(&counted(&[Some(50.1), Some(60.1)])), [0.0, 10.0]);
    }

    #[test]
    fn sessions_are_summed_whether_the_counter_runs_on_or_restarts() {
        let session = |start_s| Session {
            sport: Sport::Run,
            sub_sport: None,
            start_s,
            end_s: 0.0,
            totals: Totals::default(),
        };
        let mut recording = counted(&[Some(0.0), Some(100.0), Some(120.0), Some(5.0), Some(30.0)]);
        recording.sessions = vec![session(-3.0), session(2.0), session(3.0)];
        assert_eq!(metres(&recording), [0.0, 100.0, 120.0, 125.0, 150.0]);
    }

    #[test]
    fn positions_are_used_only_when_the_counter_counted_nothing() {
        let mut recording = counted(&[Some(0.0), Some(0.0), Some(0.0)]);
        assert_eq!(Distance::of(&recording), None);
        recording.latitude = [Some(0.0), None, Some(1.0)].into_iter().collect();
        recording.longitude = [Some(0.0), None, Some(0.0)].into_iter().collect();
        let degree = EARTH_RADIUS_M.to_radians();
        let measured = metres(&recording);
        assert!((measured[2] - degree).abs() < 1e-6, "{measured:?}");
        assert!((measured[1] - degree / 2.0).abs() < 1e-6, "{measured:?}");
    }

    #[test]
    fn half_way_round_the_earth_is_half_its_circumference() {
        let half = std::f64::consts::PI * EARTH_RADIUS_M;
        assert!((haversine_m((0.0, 0.0), (0.0, 180.0)) - half).abs() < 1e-3);
    }
}
