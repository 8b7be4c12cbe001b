//! SQS stage: overall and intervals.

#![forbid(unsafe_code)]

mod compute;
mod elevation;
mod intervals;
mod overall;

pub use compute::{Output, VERSION, compute};
pub use intervals::{Interval, IntervalKind};
pub use overall::Overall;

use domain::stage::{StageError, StageInput, StageName};

/// The summary stage.
pub struct SummaryStage;

impl platform::stage::Stage for SummaryStage {
    const NAME: StageName = StageName::Summary;
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
    platform::batch::serve_stage::<SummaryStage>().await
}
