//! What the heart rate did: whether it rose at equal work, and how far it fell after it.

use super::StepGroup;
use domain::execution::{DoneStep, Execution, Fit};
use domain::plan::StepKind;
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::Signal;
use domain::signal::figure::note;
use domain::signal::number::{mean, to_index};
use serde::Serialize;

/// Recorded seconds with a heart rate that a window needs.
const LEAST_SECONDS: usize = 10;
/// Seconds at the end of a step whose mean is the heart rate that it ended with.
const END_S: f64 = 10.0;
/// The least seconds of steady work that have an early and a late part.
const LEAST_STEADY_S: f64 = 20.0 * 60.0;
/// Seconds from which steady work is long enough to leave out [`EDGE_S`] at both ends.
const LONG_STEADY_S: f64 = 25.0 * 60.0;
/// Seconds left out at both ends of long steady work: the heart rate is still rising, or the
/// athlete is already ending.
const EDGE_S: f64 = 5.0 * 60.0;
/// Seconds left out at the start of shorter steady work.
const SHORT_EDGE_S: f64 = 3.0 * 60.0;
/// Seconds of the early and of the late part.
const PART_S: f64 = 10.0 * 60.0;

/// What the heart rate did; what is `null` has its cause in `analysis.reasons`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HeartRateNote {
    /// How much it rose at equal work.
    pub drift: Option<Drift>,
    /// How far it fell after work.
    pub recovery: Option<Recovery>,
}

/// How much the heart rate rose from one window to a later one of equal work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Drift {
    /// What makes both windows comparable.
    pub basis: DriftBasis,
    /// The earlier window.
    pub early: Window,
    /// The later window.
    pub late: Window,
    /// Late minus early, in beats per minute.
    pub bpm: f64,
}

/// What makes two windows comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftBasis {
    /// Work steps that ask for the same: the second halves of the first and of the last.
    LikeSteps,
    /// One stretch of work: an early and a late part of it.
    Steady,
}

/// A stretch of time and its heart rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Window {
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds from the recording's start.
    pub end_s: f64,
    /// Mean over recorded seconds.
    pub avg_hr_bpm: f64,
}

/// How far the heart rate fell from the end of work to the end of the recovery after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recovery {
    /// Mean drop in beats per minute.
    pub drop_bpm: f64,
    /// How many recoveries it is the mean of.
    pub recoveries: usize,
}

/// Describes the heart rate, given on the grid.
pub(super) fn heart_rate(
    signal: &Signal<'_>,
    hr: &Channel,
    execution: &Execution<'_>,
    groups: &[StepGroup],
    reasons: &mut Reasons,
) -> HeartRateNote {
    let beats = Beats { hr, execution };
    let there = beats.there(signal);
    let drift = there.and_then(|()| beats.drift(signal, groups));
    let recovery = there.and_then(|()| beats.recovery());
    HeartRateNote {
        drift: note(reasons, "execution.heart_rate.drift", drift),
        recovery: note(reasons, "execution.heart_rate.recovery", recovery),
    }
}

struct Beats<'a> {
    hr: &'a Channel,
    execution: &'a Execution<'a>,
}

impl Beats<'_> {
    fn there(&self, signal: &Signal<'_>) -> Result<(), Reason> {
        if self.execution.fit == Fit::Mismatch {
            return Err(Reason::PlanMismatch);
        }
        if !signal.has_samples() {
            return Err(Reason::NoSamples);
        }
        self.hr
            .values()
            .next()
            .map(|_| ())
            .ok_or(Reason::NoHeartRate)
    }

    fn drift(&self, signal: &Signal<'_>, groups: &[StepGroup]) -> Result<Drift, Reason> {
        let is_work = |done: &&DoneStep<'_>| kind(done) == Some(StepKind::Work);
        let mut work = self.execution.steps.iter().filter(is_work);
        match (work.next(), work.next()) {
            (Some(_), Some(_)) => self.drift_of_steps(groups),
            (Some(only), None) => self.drift_of(only.times.start_s, only.times.end_s),
            (None, _) => {
                let planned = &self.execution.planned_steps;
                if planned.is_empty() {
                    self.drift_of(0.0, signal.recording.elapsed_s().unwrap_or(0.0))
                } else if self.execution.fit == Fit::Steps
                    && planned.iter().any(|step| step.kind == StepKind::Work)
                {
                    Err(Reason::TooShort)
                } else {
                    Err(Reason::NotPlanned)
                }
            }
        }
    }

    /// Compares the first and the last of the like work steps that together took longest.
    fn drift_of_steps(&self, groups: &[StepGroup]) -> Result<Drift, Reason> {
        let is_repeated =
            |group: &&StepGroup| group.step_kind == StepKind::Work && group.planned_steps > 1;
        let repeated = groups.iter().filter(is_repeated);
        let done = repeated.map(|group| self.done(group)).collect::<Vec<_>>();
        if done.is_empty() {
            return Err(Reason::NotPlanned);
        }
        let lasting = |steps: &[&DoneStep<'_>]| -> f64 {
            steps
                .iter()
                .map(|done| done.times.end_s - done.times.start_s)
                .sum()
        };
        // Of equals the last is the greatest, and the first in the plan is meant.
        let longest = done.iter().rev().filter(|steps| steps.len() > 1);
        let longest = longest.max_by(|one, other| lasting(one).total_cmp(&lasting(other)));
        let ends = longest.and_then(|steps| steps.first().zip(steps.last()));
        let (first, last) = ends.ok_or(Reason::TooShort)?;
        let half = |done: &DoneStep<'_>| {
            let (start_s, end_s) = (done.times.start_s, done.times.end_s);
            self.window(f64::midpoint(start_s, end_s), end_s)
        };
        Drift::between(DriftBasis::LikeSteps, half(first), half(last))
    }

    fn done(&self, group: &StepGroup) -> Vec<&DoneStep<'_>> {
        let steps = group.steps.iter();
        let begun = steps.filter_map(|index| self.execution.steps.get(*index));
        begun.filter(|done| done.times.is_done).collect()
    }

    /// Compares an early and a late part of one stretch.
    fn drift_of(&self, start_s: f64, end_s: f64) -> Result<Drift, Reason> {
        let length_s = end_s - start_s;
        let (lead_s, tail_s) = if length_s >= LONG_STEADY_S {
            (EDGE_S, EDGE_S)
        } else if length_s >= LEAST_STEADY_S {
            (SHORT_EDGE_S, 0.0)
        } else {
            return Err(Reason::TooShort);
        };
        let (early_s, late_s) = (start_s + lead_s, end_s - tail_s - PART_S);
        let early = self.window(early_s, early_s + PART_S);
        let late = self.window(late_s, late_s + PART_S);
        Drift::between(DriftBasis::Steady, early, late)
    }

    fn recovery(&self) -> Result<Recovery, Reason> {
        let is_pair = |work: StepKind, after: StepKind| {
            work == StepKind::Work && matches!(after, StepKind::Recovery | StepKind::Rest)
        };
        let mut planned = self.execution.planned_steps.windows(2);
        let is_planned = |pair: &[&domain::plan::Step]| match pair {
            [work, after] => is_pair(work.kind, after.kind),
            _ => false,
        };
        if self.execution.fit != Fit::Steps || !planned.any(is_planned) {
            return Err(Reason::NotPlanned);
        }
        let drop = |pair: &[DoneStep<'_>]| match pair {
            [work, after] if is_pair(kind(work)?, kind(after)?) => {
                Some(self.end_of(work)? - self.end_of(after)?)
            }
            _ => None,
        };
        let drops: Vec<f64> = self.execution.steps.windows(2).filter_map(drop).collect();
        let drop_bpm = mean(drops.iter().copied()).ok_or(Reason::TooShort)?;
        if !drop_bpm.is_finite() {
            return Err(Reason::Implausible);
        }
        Ok(Recovery {
            drop_bpm,
            recoveries: drops.len(),
        })
    }

    /// The heart rate that a step ended with; `None` unless it was done and is long enough.
    fn end_of(&self, done: &DoneStep<'_>) -> Option<f64> {
        let times = done.times;
        let is_long = times.is_done && times.end_s - times.start_s >= END_S;
        let window = || self.window(times.end_s - END_S, times.end_s);
        is_long.then(window)?.map(|window| window.avg_hr_bpm)
    }

    fn window(&self, start_s: f64, end_s: f64) -> Option<Window> {
        let end = to_index(end_s.ceil()).min(self.hr.len());
        let seconds = to_index(start_s.ceil())..end;
        let known = seconds.filter_map(|second| self.hr.get(second));
        let is_enough = known.clone().count() >= LEAST_SECONDS;
        let avg_hr_bpm = mean(known).filter(|_| is_enough)?;
        Some(Window {
            start_s,
            end_s,
            avg_hr_bpm,
        })
    }
}

impl Drift {
    fn between(
        basis: DriftBasis,
        early: Option<Window>,
        late: Option<Window>,
    ) -> Result<Self, Reason> {
        let (early, late) = early.zip(late).ok_or(Reason::TooShort)?;
        let bpm = late.avg_hr_bpm - early.avg_hr_bpm;
        if !bpm.is_finite() {
            return Err(Reason::Implausible);
        }
        Ok(Self {
            basis,
            early,
            late,
            bpm,
        })
    }
}

fn kind(done: &DoneStep<'_>) -> Option<StepKind> {
    Some(done.times.step?.kind)
}
