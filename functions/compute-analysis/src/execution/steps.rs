//! The planned steps that were begun, one by one.

use domain::execution::{DoneLength, DoneStep, Execution, PlannedStep};
use domain::signal::Stretches;
use serde::Serialize;

/// One planned step as it was done; a key is absent where its channel is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepFigures {
    /// Its place in the plan, repeats written out, from 0.
    pub index: usize,
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds from the recording's start.
    pub end_s: f64,
    /// What was asked for, and how near the target was met.
    #[serde(flatten)]
    pub planned: PlannedStep,
    /// How long it was.
    #[serde(flatten)]
    pub length: DoneLength,
    /// Metres per second over moving time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_speed_mps: Option<f64>,
    /// Grade-adjusted metres per second over moving time (Minetti; rule A1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_speed_mps: Option<f64>,
    /// Mean heart rate over recorded seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr_bpm: Option<f64>,
    /// Greatest heart rate of a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr_bpm: Option<f64>,
}

/// Describes every step that was begun.
pub(super) fn steps(execution: &Execution<'_>, stretches: &Stretches<'_>) -> Vec<StepFigures> {
    let all = execution.steps.iter().enumerate();
    all.filter_map(|(index, done)| step(index, done, stretches))
        .collect()
}

fn step(index: usize, done: &DoneStep<'_>, stretches: &Stretches<'_>) -> Option<StepFigures> {
    let stretch = stretches.between(done.times.start_s, done.times.end_s);
    Some(StepFigures {
        index,
        start_s: stretch.start_s,
        end_s: stretch.end_s,
        planned: done.planned()?,
        length: done.length()?,
        avg_speed_mps: stretch.avg_speed_mps,
        gap_speed_mps: stretch.gap_speed_mps,
        avg_hr_bpm: stretch.avg_hr_bpm,
        max_hr_bpm: stretch.max_hr_bpm,
    })
}
