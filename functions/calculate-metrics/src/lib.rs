//! SQS stage: load, intensity and efficiency.

#![forbid(unsafe_code)]

mod compliance;
mod compute;
mod heart_rate;
mod load;
mod pace;
mod power;

pub use compliance::{Band, Compliance, Part};
pub use compute::{Metrics, Output, VERSION, compute};

use domain::stage::{StageError, StageInput, StageName};

/// The metrics stage.
pub struct MetricsStage;

impl platform::stage::Stage for MetricsStage {
    const NAME: StageName = StageName::Metrics;
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
    platform::batch::serve_stage::<MetricsStage>().await
}
