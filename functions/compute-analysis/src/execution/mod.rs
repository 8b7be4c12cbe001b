//! What was planned against what was done: step by step, by heart rate, in one score and in words.

mod explanation;
mod groups;
mod heart_rate;
mod steps;
mod words;

pub use groups::StepGroup;
pub use heart_rate::{Drift, DriftBasis, HeartRateNote, Recovery, Window};
pub use steps::StepFigures;

use domain::execution::{Amounts, Boundaries, Execution, Fit};
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::{note, settle};
use domain::signal::{Signal, Stretches};
use domain::stage::StageInput;
use serde::Serialize;

/// A session against its plan; what was not measured is `null` and counts for nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExecutionFigures {
    /// Whether the session resembles the plan: `steps`, `totals` or `mismatch`.
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
    let mut figures = ExecutionFigures {
        fit: execution.fit,
        boundaries: execution.boundaries,
        planned: Side {
            amounts: execution.planned,
            steps: execution.planned_steps.len(),
        },
        done: Side {
            amounts: execution.done,
            steps: execution.steps_done(),
        },
        length_score: settle(reasons, "execution.length_score", execution.length),
        intensity_score: settle(reasons, "execution.intensity_score", execution.intensity),
        score: settle(reasons, "execution.score", execution.score()),
        steps: steps::steps(&execution, stretches),
        heart_rate: heart_rate::heart_rate(signal, hr, &execution, &groups, reasons),
        groups,
        explanation: String::new(),
    };
    figures.explanation = explanation::explanation(&figures, reasons, signal.recording.sport);
    Some(figures)
}
