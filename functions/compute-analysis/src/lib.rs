//! SQS stage: series, splits, zones, best efforts, curves.

#![forbid(unsafe_code)]

mod best_efforts;
mod compute;
mod decoupling;
mod execution;
mod gap;
mod laps;
mod lengths;
mod mean_max;
mod series;
mod sets;
mod splits;
mod wprime;
mod zones;

pub use best_efforts::BestEffort;
pub use compute::{Analysis, Output, Skippable, VERSION, compute};
pub use decoupling::Decoupling;
pub use execution::{
    Drift, DriftBasis, ExecutionFigures, HeartRateNote, Recovery, Side, StepFigures, StepGroup,
    Window,
};
pub use gap::Gap;
pub use laps::LapFigures;
pub use lengths::{LengthFigures, LengthsMethod};
pub use mean_max::{MeanMaxHr, MeanMaxPower};
pub use series::Series;
pub use sets::SetFigures;
pub use splits::{Split, Splits};
pub use wprime::WPrime;
pub use zones::{Unknown, Zone, Zones};

use domain::stage::{StageError, StageInput, StageName};

/// The analysis stage.
pub struct AnalysisStage;

impl platform::stage::Stage for AnalysisStage {
    const NAME: StageName = StageName::Analysis;
    const VERSION: i32 = VERSION;
    type Output = Output;

    fn compute(input: &StageInput) -> Result<Output, StageError> {
        compute(input)
    }
}

/// Answers the stage's doorbells until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    platform::batch::serve_stage::<AnalysisStage>().await
}
