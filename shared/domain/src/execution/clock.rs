//! The clock by which a device counts the seconds of a step.

use crate::signal::Signal;
use crate::signal::number::{from_count, to_index};

/// The clock that a device counts steps by: it stands while the timer does.
///
/// A recorded second runs (rule G2). A recording without timer events also runs through a hole in
/// which the athlete moved: a phone that records once a minute has not paused.
pub(super) struct Running<'a> {
    signal: &'a Signal<'a>,
    /// How many of the seconds before each grid point ran.
    ran: Vec<usize>,
}

impl<'a> Running<'a> {
    pub(super) fn of(signal: &'a Signal<'a>) -> Self {
        let has_events = !signal.recording.timer_events.is_empty();
        let mut ran = Vec::with_capacity(signal.grid.len());
        let mut count = 0;
        for second in 0..signal.grid.len() {
            ran.push(count);
            count += usize::from(runs_from(signal, has_events, second));
        }
        Self { signal, ran }
    }

    /// Whether the second that begins here ran.
    pub(super) fn runs_from(&self, second: usize) -> bool {
        self.ran.get(second) < self.ran.get(second + 1)
    }

    /// The time so many running seconds after `start_s`, and the seconds that the recording lacks.
    pub(super) fn after(&self, start_s: f64, seconds: f64) -> (f64, f64) {
        let (mut at, mut left) = (start_s, seconds);
        let mut second = to_index(start_s);
        while second + 1 < self.ran.len() {
            let next = from_count(second + 1);
            if self.runs_from(second) {
                if left <= next - at {
                    return (at + left, 0.0);
                }
                left -= next - at;
            }
            (at, second) = (next, second + 1);
        }
        // The last part of a second has no grid point at its end.
        let end_s = self.end_s().max(at);
        let rest = left.min(end_s - at);
        (if left > rest { end_s } else { at + rest }, left - rest)
    }

    /// The running seconds from `start_s` until `end_s`.
    pub(super) fn between(&self, start_s: f64, end_s: f64) -> f64 {
        (self.until(end_s) - self.until(start_s)).max(0.0)
    }

    fn until(&self, time_s: f64) -> f64 {
        let time_s = time_s.clamp(0.0, self.end_s());
        let second = to_index(time_s);
        let is_running = self.runs_from(second) || second + 1 >= self.ran.len();
        let before = self.ran.get(second).map_or(0.0, |ran| from_count(*ran));
        before + if is_running { time_s.fract() } else { 0.0 }
    }

    fn end_s(&self) -> f64 {
        self.signal.recording.elapsed_s().unwrap_or(0.0)
    }
}

fn runs_from(signal: &Signal<'_>, has_events: bool, second: usize) -> bool {
    let recorded = signal.grid.recorded();
    if recorded.get(second) == Some(&true) && recorded.get(second + 1) == Some(&true) {
        return true;
    }
    let moving = |second| signal.moving_at(from_count(second));
    let moved = || Some(moving(second + 1)? - moving(second)?);
    !has_events && moved().is_some_and(|moved| moved > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, Recording, TimerEvent};
    use crate::sport::Sport;
    use chrono::DateTime;

    #[test]
    fn what_was_counted_off_is_what_lies_between() {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=100)
            .map(|s| from_count(s) + if s > 50 { 600.5 } else { 0.0 })
            .collect();
        let event = |time_s, running| TimerEvent { time_s, running };
        recording.timer_events = vec![event(0.0, true), event(50.0, false), event(651.5, true)];
        let signal = Signal::of(&recording).unwrap();
        let clock = Running::of(&signal);
        for (start_s, seconds) in [(0.0, 20.5), (10.25, 39.75), (30.5, 40.0), (660.0, 40.5)] {
            let (end_s, left) = clock.after(start_s, seconds);
            let passed = clock.between(start_s, end_s);
            assert!((passed - seconds).abs() < 1e-9, "{passed} of {seconds}");
            assert!(left <= 0.0, "{left}");
        }
        let pause = clock.between(50.0, 651.0);
        assert!(pause <= 0.0, "{pause}");
        assert!((clock.between(-5.0, 1e9) - 98.5).abs() < 1e-9);
    }
}
