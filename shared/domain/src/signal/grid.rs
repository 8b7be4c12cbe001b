//! The 1 Hz grid on which all time-weighted figures are computed (rules G1 to G4).

use super::number::{from_count, on_line, to_index};
use crate::recording::{Channel, Recording};
use crate::stage::StageError;
use std::ops::Range;

/// The longest time in seconds over which samples are joined (rules G2 and G3).
pub const LONGEST_HOLE_S: f64 = 30.0;

/// The longest recording in seconds that gets a grid: fourteen days.
///
/// Beyond it a clock has failed: the longest races take about a week, and a grid of garbage time
/// would take gigabytes.
pub const LONGEST_RECORDING_S: f64 = 14.0 * 86_400.0;

/// Every whole second from the first to the last sample, and whether it was recorded.
#[derive(Debug, Clone)]
pub struct Grid<'a> {
    times: &'a [f64],
    recorded: Vec<bool>,
}

impl<'a> Grid<'a> {
    /// Lays the grid over a recording (rules G1 and G2).
    ///
    /// A second is recorded when a sample lies on it, or when it lies between two samples at most
    /// [`LONGEST_HOLE_S`] apart between which the timer was not stopped.
    ///
    /// # Errors
    /// `recording_too_long` beyond [`LONGEST_RECORDING_S`].
    pub fn of(recording: &'a Recording) -> Result<Self, StageError> {
        let times = recording.time_s.as_slice();
        let Some(elapsed) = recording.elapsed_s() else {
            return Ok(Self {
                times,
                recorded: Vec::new(),
            });
        };
        if !(0.0..=LONGEST_RECORDING_S).contains(&elapsed) {
            return Err(StageError {
                code: "recording_too_long",
                detail: format!(
                    "the samples span {elapsed} s; at most {LONGEST_RECORDING_S} s are believed"
                ),
            });
        }
        let mut recorded = vec![false; to_index(elapsed) + 1];
        let stops = stops(recording);
        let mut before: Option<(f64, usize)> = None;
        for time in times {
            let second = to_index(*time);
            let is_whole = is_at(*time, second);
            if is_whole && let Some(slot) = recorded.get_mut(second) {
                *slot = true;
            }
            if let Some((from, floor)) = before {
                let inside = between(floor, second, is_whole);
                // Most samples are a second apart, with no second between them to ask about.
                if !inside.is_empty()
                    && time - from <= LONGEST_HOLE_S
                    && !is_stopped_between(&stops, from, *time)
                    && let Some(slots) = recorded.get_mut(inside)
                {
                    slots.fill(true);
                }
            }
            before = Some((*time, second));
        }
        Ok(Self { times, recorded })
    }

    /// How many whole seconds there are, both ends included.
    pub fn len(&self) -> usize {
        self.recorded.len()
    }

    /// Whether there is no second at all.
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Whether each second was recorded; the timer stream is the seconds that were (rule G4).
    pub fn recorded(&self) -> &[bool] {
        &self.recorded
    }

    /// How many seconds were recorded.
    pub fn recorded_s(&self) -> usize {
        self.recorded.iter().filter(|recorded| **recorded).count()
    }

    /// A channel at every second, absent where nothing was recorded (rule G3).
    ///
    /// Values lie on straight lines between the channel's own samples at most
    /// [`LONGEST_HOLE_S`] apart.
    pub fn channel(&self, channel: &Channel) -> Channel {
        if !channel.has_values() {
            return Channel::absent(self.len());
        }
        Channel::written(&self.recorded, |seconds| {
            let mut put = |second: usize, value: f64| {
                if let Some(slot) = seconds.get_mut(second) {
                    *slot = value;
                }
            };
            let mut last: Option<((f64, f64), usize)> = None;
            let samples = self.times.iter().zip(channel.iter());
            for (time, value) in samples.filter_map(|(time, value)| Some((*time, value?))) {
                let here = to_index(time);
                let is_whole = is_at(time, here);
                if let Some((from, floor)) =
                    last.filter(|(from, _)| time - from.0 <= LONGEST_HOLE_S)
                {
                    for second in between(floor, here, is_whole) {
                        put(second, on_line(from, (time, value), from_count(second)));
                    }
                }
                if is_whole {
                    put(here, value);
                }
                last = Some(((time, value), here));
            }
        })
    }

    /// A channel of effort at every second, absent as a whole when it never rises above 0.
    ///
    /// Some devices write 0 W and 0 rpm for a sensor that is not there; taken as values they
    /// would make a hard ride weigh nothing.
    pub fn effort(&self, channel: &Channel) -> Channel {
        if is_measured(channel) {
            self.channel(channel)
        } else {
            Channel::absent(self.len())
        }
    }

    /// The recorded seconds of a channel on this grid, joined end to end (rule G4).
    pub fn timer_stream<'b>(
        &'b self,
        seconds: &'b Channel,
    ) -> impl Iterator<Item = Option<f64>> + 'b {
        let both = self.recorded.iter().zip(seconds.iter());
        both.filter_map(|(recorded, value)| recorded.then_some(value))
    }
}

/// Whether a time lies on a whole second.
fn is_at(time: f64, second: usize) -> bool {
    time <= from_count(second)
}

/// The whole seconds strictly between two times, given the second that each lies in.
fn between(from: usize, to: usize, to_is_whole: bool) -> Range<usize> {
    from + 1..to + usize::from(!to_is_whole)
}

/// Whether a channel of effort, power or cadence, ever rises above 0.
pub fn is_measured(channel: &Channel) -> bool {
    channel.values().any(|value| value > 0.0)
}

/// When the timer stopped, in order.
fn stops(recording: &Recording) -> Vec<f64> {
    let stopped = recording.timer_events.iter().filter(|event| !event.running);
    let mut stops: Vec<f64> = stopped.map(|event| event.time_s).collect();
    stops.sort_unstable_by(f64::total_cmp);
    stops.dedup_by(|later, earlier| *later <= *earlier);
    stops
}

/// Whether the timer stopped strictly between two samples, or on the first of two that are more
/// than a second apart: devices write the stop with the time of their last sample.
fn is_stopped_between(stops: &[f64], from: f64, to: f64) -> bool {
    let first = stops.partition_point(|stop| *stop < from);
    let inside = stops.iter().skip(first).take_while(|stop| **stop < to);
    inside
        .into_iter()
        .any(|stop| *stop > from || to - from > 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, TimerEvent};
    use crate::sport::Sport;
    use chrono::DateTime;

    fn sampled(times: &[f64], stops: &[f64]) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = times.to_vec();
        recording.timer_events = stops
            .iter()
            .map(|&time_s| TimerEvent {
                time_s,
                running: false,
            })
            .collect();
        recording
    }

    fn recorded_of(times: &[f64], stops: &[f64]) -> Vec<usize> {
        let recording = sampled(times, stops);
        let grid = Grid::of(&recording).unwrap();
        (0..grid.len())
            .filter(|second| grid.recorded()[*second])
            .collect()
    }

    #[test]
    fn seconds_between_samples_are_recorded_up_to_thirty_seconds_apart() {
        assert_eq!(recorded_of(&[0.0, 3.0], &[]), [0, 1, 2, 3]);
        assert_eq!(recorded_of(&[0.0, 30.0], &[]).len(), 31);
        assert_eq!(recorded_of(&[0.0, 31.0], &[]), [0, 31]);
    }

    #[test]
    fn a_stop_between_two_samples_leaves_a_hole() {
        assert_eq!(recorded_of(&[0.0, 5.0], &[3.0]), [0, 5]);
        assert_eq!(
            recorded_of(&[0.0, 5.0], &[0.0]),
            [0, 5],
            "a stop on the earlier sample"
        );
        assert_eq!(
            recorded_of(&[0.0, 5.0], &[5.0]).len(),
            6,
            "a stop on the later sample"
        );
        assert_eq!(recorded_of(&[0.0, 1.0], &[0.0]), [0, 1], "next second");
    }

    #[test]
    fn samples_between_whole_seconds_lie_on_none() {
        assert_eq!(recorded_of(&[0.0, 0.5, 40.7, 42.2], &[]), [0, 41, 42]);
    }

    #[test]
    fn a_channel_is_interpolated_between_its_own_samples() {
        let recording = sampled(&[0.0, 2.0, 4.0, 40.0], &[]);
        let grid = Grid::of(&recording).unwrap();
        let channel: Channel = [Some(100.0), None, Some(140.0), Some(7.0)]
            .into_iter()
            .collect();
        let seconds = grid.channel(&channel);
        let first: Vec<_> = seconds.iter().take(6).collect();
        assert_eq!(
            first,
            [
                Some(100.0),
                Some(110.0),
                Some(120.0),
                Some(130.0),
                Some(140.0),
                None
            ]
        );
        assert_eq!(seconds.get(40), Some(7.0));
        assert_eq!(grid.timer_stream(&seconds).count(), grid.recorded_s());
    }

    #[test]
    fn a_sensor_that_only_says_zero_is_not_there() {
        let recording = sampled(&[0.0, 1.0], &[]);
        let grid = Grid::of(&recording).unwrap();
        let zeros: Channel = [Some(0.0), Some(0.0)].into_iter().collect();
        assert!(grid.channel(&zeros).has_values());
        assert!(!grid.effort(&zeros).has_values());
        assert_eq!(grid.effort(&zeros).len(), 2);
        let coasting: Channel = [Some(0.0), Some(10.0)].into_iter().collect();
        assert_eq!(grid.effort(&coasting).get(0), Some(0.0));
    }

    #[test]
    fn a_recording_without_samples_has_an_empty_grid() {
        let recording = sampled(&[], &[]);
        let grid = Grid::of(&recording).unwrap();
        assert!(grid.is_empty());
        assert!(grid.channel(&Channel::default()).is_empty());
    }

    #[test]
    fn a_recording_of_more_than_fourteen_days_is_refused() {
        let recording = sampled(&[0.0, LONGEST_RECORDING_S + 1.0], &[]);
        assert_eq!(Grid::of(&recording).unwrap_err().code, "recording_too_long");
    }
}
