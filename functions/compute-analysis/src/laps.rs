//! The laps as the device made them.

use domain::recording::Recording;
use domain::signal::{Stretch, Stretches};
use serde::Serialize;

/// One lap with the figures of its own seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LapFigures {
    /// Its place in the recording, from 0.
    pub index: usize,
    /// Timer seconds that the device reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    /// Its times and figures; the distance is the device's own where it reported one.
    #[serde(flatten)]
    pub stretch: Stretch,
}

/// Describes every lap of a recording, in order.
pub(crate) fn laps(recording: &Recording, stretches: &Stretches<'_>) -> Vec<LapFigures> {
    let laps = recording.laps.iter().enumerate();
    laps.map(|(index, lap)| LapFigures {
        index,
        timer_s: lap.timer_s,
        stretch: stretches.lap(lap),
    })
    .collect()
}
