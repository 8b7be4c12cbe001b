//! Timer time: what the device counted between its starts and stops (rule T2).

use crate::recording::Recording;

/// Seconds between the timer's starts and stops; `None` when no start was recorded.
///
/// A start while running and a stop while stopped are ignored. A timer that was never stopped
/// ran until the last sample.
pub fn timer_s(recording: &Recording) -> Option<f64> {
    let mut total = None;
    let mut running_since: Option<f64> = None;
    for event in &recording.timer_events {
        match (event.running, running_since) {
            (true, None) => {
                running_since = Some(event.time_s);
                total = total.or(Some(0.0));
            }
            (false, Some(start)) => {
                total = total.map(|seconds| seconds + (event.time_s - start).max(0.0));
                running_since = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    let until_end = running_since
        .zip(recording.elapsed_s())
        .map(|(start, end)| end - start);
    total.map(|seconds| seconds + until_end.unwrap_or(0.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, TimerEvent};
    use crate::sport::Sport;
    use chrono::DateTime;

    fn timed(events: &[(f64, bool)]) -> Option<f64> {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = vec![0.0, 100.0];
        recording.timer_events = events
            .iter()
            .map(|&(time_s, running)| TimerEvent { time_s, running })
            .collect();
        timer_s(&recording)
    }

    #[test]
    fn the_timer_runs_from_each_start_to_the_next_stop() {
        assert_eq!(
            timed(&[(-2.0, true), (40.0, false), (60.0, true), (101.0, false)]),
            Some(83.0)
        );
    }

    #[test]
    fn a_repeated_start_or_stop_changes_nothing() {
        let events = [(0.0, true), (5.0, true), (10.0, false), (20.0, false)];
        assert_eq!(timed(&events), Some(10.0));
    }

    #[test]
    fn a_timer_that_never_stops_runs_to_the_last_sample() {
        assert_eq!(timed(&[(10.0, true)]), Some(90.0));
    }

    #[test]
    fn there_is_no_timer_time_without_a_start() {
        assert_eq!(timed(&[]), None);
        assert_eq!(timed(&[(10.0, false)]), None);
    }
}
