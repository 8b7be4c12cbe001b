//! A recording with everything that several figures start from, built once per stage.

use super::grade::Adjusted;
use super::number::{from_count, on_line};
use super::{Distance, Grid, Moving};
use crate::reason::Reason;
use crate::recording::{Channel, Recording};
use crate::stage::StageError;
use std::cell::OnceCell;

/// A recording with its distance, its moving time and its 1 Hz grid.
#[derive(Debug, Clone)]
pub struct Signal<'a> {
    /// The samples.
    pub recording: &'a Recording,
    /// Distance from the start, where it is known.
    pub distance: Option<Distance>,
    /// Moving time, where distance is known.
    pub moving: Option<Moving>,
    /// Flat metres of equal cost, on foot and with altitude.
    pub adjusted: Result<Adjusted, Reason>,
    /// Every whole second of the recording.
    pub grid: Grid<'a>,
    hr: OnceCell<Channel>,
    power: OnceCell<Channel>,
    cadence: OnceCell<Channel>,
}

impl<'a> Signal<'a> {
    /// Prepares a recording.
    ///
    /// # Errors
    /// `recording_too_long` when the grid would not fit a workout's bounds.
    pub fn of(recording: &'a Recording) -> Result<Self, StageError> {
        let grid = Grid::of(recording)?;
        let distance = Distance::of(recording);
        let moving = distance
            .as_ref()
            .map(|distance| Moving::of(&recording.time_s, distance.metres()));
        let adjusted = Adjusted::of(recording, distance.as_ref());
        Ok(Self {
            recording,
            distance,
            moving,
            adjusted,
            grid,
            hr: OnceCell::new(),
            power: OnceCell::new(),
            cadence: OnceCell::new(),
        })
    }

    /// Heart rate at every second, laid on the grid when it is first asked for.
    pub fn hr(&self) -> &Channel {
        let hr = || self.grid.channel(&self.recording.hr_bpm);
        self.hr.get_or_init(hr)
    }

    /// Power at every second, as [`Grid::effort`] has it, laid on the grid when first asked for.
    pub fn power(&self) -> &Channel {
        let power = || self.grid.effort(&self.recording.power_w);
        self.power.get_or_init(power)
    }

    /// Cadence at every second, as [`Grid::effort`] has it, laid on the grid when first asked for.
    pub fn cadence(&self) -> &Channel {
        let cadence = || self.grid.effort(&self.recording.cadence);
        self.cadence.get_or_init(cadence)
    }

    /// Whether there is any sample to compute from.
    pub fn has_samples(&self) -> bool {
        self.recording.samples() > 0
    }

    /// Metres from the start at a time in seconds; `None` where distance is not known.
    pub fn distance_at(&self, time_s: f64) -> Option<f64> {
        let distance = self.distance.as_ref()?;
        super::number::interpolate(&self.recording.time_s, distance.metres(), time_s)
    }

    /// Moving seconds from the start until a time in seconds; `None` where distance is not known.
    pub fn moving_at(&self, time_s: f64) -> Option<f64> {
        let moving = self.moving.as_ref()?;
        super::number::interpolate(&self.recording.time_s, moving.seconds(), time_s)
    }

    /// Grade-adjusted metres (Minetti) until a time in seconds; `None` where they are not known.
    pub fn adjusted_at(&self, time_s: f64) -> Option<f64> {
        let adjusted = self.adjusted.as_ref().ok()?;
        super::number::interpolate(&self.recording.time_s, adjusted.minetti_m(), time_s)
    }

    /// Metres per second from each grid point to the next (rule Q1); absent as a whole without a
    /// distance.
    pub fn speed(&self) -> Channel {
        match &self.distance {
            Some(distance) => self.per_second(distance.metres()),
            None => Channel::absent(self.grid.len()),
        }
    }

    /// What a total over the samples gains from each grid point to the next; absent at the last.
    pub fn per_second(&self, totals: &[f64]) -> Channel {
        let mut seconds = Channel::absent(self.grid.len());
        let mut here: Option<f64> = None;
        let mut points = self.recording.time_s.iter().zip(totals);
        let Some(mut from) = points.next() else {
            return seconds;
        };
        let mut to = points.next();
        for second in 0..self.grid.len() {
            let time = from_count(second);
            while let Some(next) = to.filter(|next| *next.0 <= time) {
                (from, to) = (next, points.next());
            }
            let end = to.unwrap_or(from);
            let there = on_line((*from.0, *from.1), (*end.0, *end.1), time);
            if let (Some(here), Some(before)) = (here, second.checked_sub(1)) {
                seconds.set(before, Some(there - here));
            }
            here = Some(there);
        }
        seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Format;
    use crate::sport::Sport;
    use chrono::DateTime;

    #[test]
    fn speed_is_what_the_distance_gains_in_each_second() {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = vec![0.0, 2.0, 2.5, 4.0];
        recording.distance_m = [0.0, 6.0, 8.0, 8.0].into_iter().map(Some).collect();
        let signal = Signal::of(&recording).unwrap();
        let speed: Vec<_> = signal.speed().iter().collect();
        assert_eq!(speed, [Some(3.0), Some(3.0), Some(2.0), Some(0.0), None]);
        for (second, speed) in speed.iter().enumerate() {
            let at = |second| signal.distance_at(from_count(second)).unwrap();
            if let Some(speed) = speed {
                assert!((at(second + 1) - at(second) - speed).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn nobody_without_a_distance_has_a_speed() {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        assert!(Signal::of(&recording).unwrap().speed().is_empty());
        recording.time_s = vec![0.0, 1.0];
        assert_eq!(Signal::of(&recording).unwrap().speed(), Channel::absent(2));
    }
}
