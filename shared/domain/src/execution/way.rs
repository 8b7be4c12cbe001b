//! The way that steps are measured by.

use crate::signal::number::{interpolate, on_line};
use crate::signal::{Signal, pool};
use std::borrow::Cow;

/// Metres from the start over time: in a pool by its lengths (rule W1), else by distance.
pub(super) struct Way<'a> {
    metres: Cow<'a, [f64]>,
    times: Cow<'a, [f64]>,
}

impl<'a> Way<'a> {
    pub(super) fn of(signal: &'a Signal<'a>) -> Self {
        if let Some((metres, times)) = pool::way(signal.recording) {
            return Self {
                metres: metres.into(),
                times: times.into(),
            };
        }
        let metres = signal.distance.as_ref().map(|distance| distance.metres());
        Self {
            metres: metres.unwrap_or_default().into(),
            times: signal.recording.time_s.as_slice().into(),
        }
    }

    pub(super) fn metres_at(&self, time_s: f64) -> Option<f64> {
        interpolate(&self.times, &self.metres, time_s)
    }

    /// The first time in seconds at which a distance from the start is reached.
    pub(super) fn reached(&self, metre: f64) -> Option<f64> {
        let there = self.metres.partition_point(|known| *known < metre);
        let point = |index: usize| Some((*self.metres.get(index)?, *self.times.get(index)?));
        let to = point(there)?;
        let from = there.checked_sub(1).and_then(point);
        Some(from.map_or(to.1, |from| on_line(from, to, metre)))
    }
}
