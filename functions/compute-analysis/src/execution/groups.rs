//! The steps of a plan by what they ask for, so that repeats can be spoken of together.

use domain::execution::{Adherence, AskedLength, DoneStep, Execution, Fit, Goal};
use domain::plan::{Step, StepKind};
use serde::Serialize;
use std::cmp::Ordering;

/// Steps that ask for the same: of one kind, as long, with the same target, wherever they lie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepGroup {
    /// What they are for.
    pub step_kind: StepKind,
    /// How long each was asked to be.
    #[serde(flatten)]
    pub asked: AskedLength,
    /// The target of those in which it was measured.
    #[serde(flatten)]
    pub goal: Option<Goal>,
    /// The places of those that were begun.
    pub steps: Vec<usize>,
    /// How many the plan has.
    pub planned_steps: usize,
    /// How many were done, nine tenths of each at least.
    pub done_steps: usize,
    /// How many have a mean inside the target.
    pub on_target_steps: usize,
    /// How many have a mean below it.
    pub under_steps: usize,
    /// How many have a mean above it.
    pub over_steps: usize,
}

impl StepGroup {
    fn of(step: &Step) -> Self {
        Self {
            step_kind: step.kind,
            asked: AskedLength::of(step.duration),
            goal: None,
            steps: Vec::new(),
            planned_steps: 0,
            done_steps: 0,
            on_target_steps: 0,
            under_steps: 0,
            over_steps: 0,
        }
    }

    fn count(&mut self, index: usize, done: Option<&DoneStep<'_>>) {
        self.planned_steps += 1;
        let Some(done) = done.filter(|done| done.times.step.is_some()) else {
            return;
        };
        self.steps.push(index);
        self.done_steps += usize::from(done.times.is_done);
        if let Some(Ok(adherence)) = done.adherence {
            self.judge(&adherence);
        }
    }

    fn judge(&mut self, adherence: &Adherence) {
        self.goal = Some(adherence.goal);
        match adherence.side() {
            Ordering::Less => self.under_steps += 1,
            Ordering::Equal => self.on_target_steps += 1,
            Ordering::Greater => self.over_steps += 1,
        }
    }
}

/// Groups the plan's steps, in the order in which each group begins; none unless they were found.
pub(super) fn groups(execution: &Execution<'_>) -> Vec<StepGroup> {
    if execution.fit != Fit::Steps {
        return Vec::new();
    }
    let mut groups: Vec<(&Step, StepGroup)> = Vec::new();
    for (index, &step) in execution.planned_steps.iter().enumerate() {
        let done = execution.steps.get(index);
        match groups.iter_mut().find(|(first, _)| is_alike(first, step)) {
            Some((_, group)) => group.count(index, done),
            None => {
                let mut group = StepGroup::of(step);
                group.count(index, done);
                groups.push((step, group));
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn is_alike(one: &Step, other: &Step) -> bool {
    one.kind == other.kind && one.duration == other.duration && one.target == other.target
}
