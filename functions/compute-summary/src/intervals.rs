//! What was done part by part: the laps as the device made them.

use domain::recording::Lap;
use domain::signal::{Signal, Stretch, Stretches};
use serde::Serialize;

/// One executed lap.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// Its place in the recording, from 0.
    pub index: usize,
    /// What made it: `lap`.
    pub kind: &'static str,
    /// Timer seconds that the device reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    /// Its times and figures; the distance is the device's own where it reported one.
    #[serde(flatten)]
    pub stretch: Stretch,
    /// Greatest power of a sample in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_power_w: Option<f64>,
}

/// Describes every lap of a recording.
pub(crate) fn intervals(signal: &Signal<'_>) -> Vec<Interval> {
    let stretches = Stretches::of(signal);
    let laps = signal.recording.laps.iter().enumerate();
    laps.map(|(index, lap)| interval(&stretches, index, lap))
        .collect()
}

fn interval(stretches: &Stretches<'_>, index: usize, lap: &Lap) -> Interval {
    Interval {
        index,
        kind: "lap",
        timer_s: lap.timer_s,
        stretch: stretches.lap(lap),
        max_power_w: stretches.greatest_power(lap.start_s, lap.end_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Recording};
    use domain::signal::number::from_count;
    use domain::sport::Sport;

    #[test]
    fn a_lap_has_the_figures_of_its_own_seconds() {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=20).map(from_count).collect();
        recording.distance_m = (0..=20).map(|s| Some(from_count(s) * 10.0)).collect();
        recording.power_w = (0..=20)
            .map(|s| Some(if s < 10 { 100.0 } else { 300.0 }))
            .collect();
        let lap = |start_s, end_s| Lap {
            start_s,
            end_s,
            ..Lap::default()
        };
        recording.laps = vec![lap(0.0, 10.0), lap(10.0, 20.0)];
        let signal = Signal::of(&recording).unwrap();
        let powers: Vec<_> = intervals(&signal)
            .iter()
            .map(|lap| {
                (
                    lap.stretch.avg_power_w,
                    lap.max_power_w,
                    lap.stretch.distance_m,
                )
            })
            .collect();
        assert_eq!(
            powers,
            [
                (Some(100.0), Some(100.0), Some(100.0)),
                (Some(300.0), Some(300.0), Some(100.0)),
            ]
        );
    }

    #[test]
    fn a_recording_without_laps_has_no_intervals() {
        let recording = Recording::empty(Format::Gpx, Sport::Ride, DateTime::UNIX_EPOCH);
        assert!(intervals(&Signal::of(&recording).unwrap()).is_empty());
    }
}
