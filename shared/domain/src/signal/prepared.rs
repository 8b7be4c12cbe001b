//! A recording with everything that several figures start from, built once per stage.

use super::{Distance, Grid, Moving};
use crate::recording::Recording;
use crate::stage::StageError;

/// A recording with its distance, its moving time and its 1 Hz grid.
#[derive(Debug, Clone)]
pub struct Signal<'a> {
    /// The samples.
    pub recording: &'a Recording,
    /// Distance from the start, where it is known.
    pub distance: Option<Distance>,
    /// Moving time, where distance is known.
    pub moving: Option<Moving>,
    /// Every whole second of the recording.
    pub grid: Grid<'a>,
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
        Ok(Self {
            recording,
            distance,
            moving,
            grid,
        })
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
}
