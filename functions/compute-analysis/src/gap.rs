//! Grade-adjusted speed by both models (rule A1).

use domain::reason::Reasons;
use domain::signal::Signal;
use domain::signal::figure::settle;
use serde::Serialize;

/// The flat speed that costs as much, in metres per second over moving time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gap {
    /// By the energy cost of Minetti et al. (2002), as `overall.gap_speed_mps`.
    pub minetti_speed_mps: Option<f64>,
    /// By the open fit of Strava's curve of 2017, on which downhill helps far less.
    pub strava_like_speed_mps: Option<f64>,
}

/// Weighs the way by both models.
pub(crate) fn gap(signal: &Signal<'_>, reasons: &mut Reasons) -> Gap {
    let adjusted = signal.adjusted.as_ref().map_err(|reason| *reason);
    let moving = signal.moving.as_ref();
    Gap {
        minetti_speed_mps: settle(
            reasons,
            "gap.minetti_speed_mps",
            adjusted.and_then(|adjusted| adjusted.minetti_mps(moving)),
        ),
        strava_like_speed_mps: settle(
            reasons,
            "gap.strava_like_speed_mps",
            adjusted.and_then(|adjusted| adjusted.strava_like_mps(moving)),
        ),
    }
}
