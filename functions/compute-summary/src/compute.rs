//! The stage itself: a recording in, its summary out.

use crate::intervals::{self, Interval};
use crate::overall::{self, Overall};
use domain::signal::Signal;
use domain::stage::{StageError, StageInput};
use serde::Serialize;

/// The algorithms' version; raised whenever the same recording would give other figures.
pub const VERSION: i32 = 3;

/// What this stage writes: each field is one key of the workout's `computed`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The workout as a whole.
    pub overall: Overall,
    /// The steps of the attached plan, else the laps as the device made them, in order.
    pub intervals: Vec<Interval>,
}

/// Computes the summary of a workout.
///
/// # Errors
/// `recording_too_long` when the samples span more than two weeks.
pub fn compute(input: &StageInput) -> Result<Output, StageError> {
    let signal = Signal::of(&input.recording)?;
    let (intervals, plan_fit) = intervals::intervals(input, &signal);
    let overall = overall::overall(input, &signal);
    Ok(Output {
        overall: Overall {
            plan_fit,
            ..overall
        },
        intervals,
    })
}
