//! Steps that the device's laps tell apart.

use super::Amounts;
use super::steps::{Numbered, StepTimes};
use super::way::Way;
use crate::plan::{Step, StepDuration};
use crate::recording::Lap;
use crate::signal::Signal;

/// How far the time of a lap may lie from that of its step: so many seconds, or so great a share.
pub(super) const LAP_TIME: (f64, f64) = (10.0, 0.15);
/// How far the way of a lap may lie from that of its step: so many metres, or so great a share.
pub(super) const LAP_WAY: (f64, f64) = (20.0, 0.1);

/// The laps that say which step they belong to, when those are the plan's steps in order.
///
/// Several laps of one step, as automatic laps make, are one.
pub(super) fn guided<'p>(laps: &[Lap], steps: &[Numbered<'p>]) -> Option<Vec<StepTimes<'p>>> {
    let mut laps = laps.iter().peekable();
    let mut parts = Vec::with_capacity(steps.len());
    let mut upcoming = steps.iter().peekable();
    while let Some((step, number)) = upcoming.next() {
        let Some(lap) = laps.next() else {
            break;
        };
        if lap.workout_step_index != Some(*number) {
            return None;
        }
        let (mut end_s, mut length) = (lap.end_s, reported(lap));
        if upcoming.peek().is_none_or(|(_, next)| next != number) {
            let same = |lap: &&Lap| lap.workout_step_index == Some(*number);
            while let Some(more) = laps.next_if(same) {
                (end_s, length) = (more.end_s, together(length, reported(more)));
            }
        }
        parts.push(StepTimes {
            step: Some(step),
            length,
            ..StepTimes::between(lap.start_s, end_s)
        });
    }
    (!parts.is_empty()).then_some(parts)
}

fn reported(lap: &Lap) -> Amounts {
    Amounts {
        duration_s: lap.timer_s,
        distance_m: lap.distance_m,
    }
}

fn together(one: Amounts, other: Amounts) -> Amounts {
    let sum = |one: Option<f64>, other: Option<f64>| Some(one? + other?);
    Amounts {
        duration_s: sum(one.duration_s, other.duration_s),
        distance_m: sum(one.distance_m, other.distance_m),
    }
}

/// How far what was done may lie from what was planned.
pub(super) fn tolerance(planned: f64, (least, share): (f64, f64)) -> f64 {
    least.max(share * planned)
}

/// The laps one by one, when each is about as long as its step.
pub(super) fn in_order<'p>(
    signal: &Signal<'_>,
    way: &Way<'_>,
    steps: &[Numbered<'p>],
) -> Option<Vec<StepTimes<'p>>> {
    let laps = &signal.recording.laps;
    if steps.len() < 2 || laps.len() < steps.len() {
        return None;
    }
    let fits = |lap: &Lap, step: &Step| {
        let near =
            |done: f64, planned: f64, limits| (done - planned).abs() <= tolerance(planned, limits);
        match step.duration {
            StepDuration::Time(planned) => {
                let done = lap.timer_s.unwrap_or(lap.end_s - lap.start_s);
                near(done, planned.get(), LAP_TIME)
            }
            StepDuration::Distance(planned) => {
                let measured = || Some(way.metres_at(lap.end_s)? - way.metres_at(lap.start_s)?);
                let done = lap.distance_m.or_else(measured);
                done.is_some_and(|done| near(done, planned.get(), LAP_WAY))
            }
            StepDuration::LapButton => true,
        }
    };
    let pairs = laps.iter().zip(steps);
    pairs
        .map(|(lap, (step, _))| {
            fits(lap, step).then_some(StepTimes {
                step: Some(step),
                length: reported(lap),
                ..StepTimes::between(lap.start_s, lap.end_s)
            })
        })
        .collect()
}
