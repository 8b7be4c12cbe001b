//! What was planned against what was done: step by step, by heart rate, in one score and in words.

mod explanation;
mod groups;
mod heart_rate;
mod steps;
mod words;

pub use groups::StepGroup;
pub use heart_rate::{Drift, DriftBasis, HeartRateNote, Recovery, Window};
pub use steps::StepFigures;

use domain::execution::{Amounts, Boundaries, DoneExercise, Execution, Fit, Lifting};
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::{note, settle};
use domain::signal::{Signal, Stretches};
use domain::stage::StageInput;
use serde::Serialize;

/// A session against its plan; what was not measured is `null` and counts for nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExecutionFigures {
    /// Whether the session resembles the plan: `steps`, `exercises`, `totals` or `mismatch`.
    pub fit: Fit,
    /// What told where the steps lie; absent unless they were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundaries: Option<Boundaries>,
    /// What was asked for.
    pub planned: Side,
    /// What was done.
    pub done: Side,
    /// How near the length of the session lies to that of the plan, 0 to 100.
    pub length_score: Option<f64>,
    /// How near the seconds with a target lie to it, 0 to 100.
    pub intensity_score: Option<f64>,
    /// The mean of both, of those that were measured.
    pub score: Option<f64>,
    /// The steps that were begun; empty unless they were found.
    pub steps: Vec<StepFigures>,
    /// The plan's steps by what they ask for; empty unless they were found.
    pub groups: Vec<StepGroup>,
    /// The plan's exercises; absent unless they were found among the sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exercises: Vec<DoneExercise>,
    /// What was lifted and not planned, in the source's words; absent without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unplanned_exercises: Vec<String>,
    /// What the heart rate did.
    pub heart_rate: HeartRateNote,
    /// All of this in words.
    pub explanation: String,
}

/// One side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Side {
    /// Seconds and metres.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// Steps, repeats written out.
    pub steps: usize,
    /// Exercises; absent unless they were found among the sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercises: Option<usize>,
    /// Sets of these exercises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<usize>,
}

/// Compares the session with the attached plan; `hr` is the heart rate on the grid.
pub(crate) fn execution(
    signal: &Signal<'_>,
    stretches: &Stretches<'_>,
    hr: &Channel,
    input: &StageInput,
    reasons: &mut Reasons,
) -> Option<ExecutionFigures> {
    let plan = input.plan.as_ref().ok_or(Reason::NoPlan);
    let plan = note(reasons, "execution", plan)?;
    let execution = Execution::of(signal, &input.athlete, &plan.plan);
    let groups = groups::groups(&execution);
    let lifting = execution.lifting.as_ref();
    let sets = lifting.map(Lifting::sets);
    let mut figures = ExecutionFigures {
        fit: execution.fit,
        boundaries: execution.boundaries,
        planned: Side {
            amounts: execution.planned,
            steps: execution.planned_steps.len(),
            exercises: lifting.map(|lifting| lifting.exercises.len()),
            sets: sets.map(|(planned, _)| planned),
        },
        done: Side {
            amounts: execution.done,
            steps: execution.steps_done(),
            exercises: lifting.map(Lifting::done_exercises),
            sets: sets.map(|(_, done)| done),
        },
        length_score: settle(reasons, "execution.length_score", execution.length),
        intensity_score: settle(reasons, "execution.intensity_score", execution.intensity),
        score: settle(reasons, "execution.score", execution.score()),
        steps: steps::steps(&execution, stretches),
        heart_rate: heart_rate::heart_rate(signal, hr, &execution, &groups, reasons),
        exercises: lifting.map_or_else(Vec::new, |lifting| lifting.exercises.clone()),
        unplanned_exercises: lifting.map_or_else(Vec::new, |lifting| lifting.unplanned.clone()),
        groups,
        explanation: String::new(),
    };
    figures.explanation = explanation::explanation(&figures, reasons, signal.recording.sport);
    Some(figures)
}
