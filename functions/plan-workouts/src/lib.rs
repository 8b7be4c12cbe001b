//! Planned workouts, and the athlete's profile: the two inputs that athletes give by hand.
//!
//! Every change is decided against the day's workouts in the same transaction, so a workout's
//! figures are never of a plan or a threshold that was changed since.

#![forbid(unsafe_code)]

mod athlete;
mod forms;
mod planned;

use domain::stage::StageName;
use lambda_http::http::Method;
use platform::app::WriterApp;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use store::stages::RunKey;

/// What planning borrows.
pub struct Planning {
    app: WriterApp,
}

impl Handler for Planning {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let segments = request.segments();
        let (user, mut tx) = self.app.users.begin(request).await?;

        let done = match (request.method(), segments.as_slice()) {
            (&Method::GET, ["planned-workouts"]) => planned::list(&mut tx, user, request).await,
            (&Method::POST, ["planned-workouts"]) => planned::create(&mut tx, user, request).await,
            (&Method::GET, ["planned-workouts", id]) => {
                planned::find(&mut tx, user, request, id).await
            }
            (&Method::PUT, ["planned-workouts", id]) => {
                planned::replace(&mut tx, user, request, id).await
            }
            (&Method::DELETE, ["planned-workouts", id]) => {
                planned::delete(&mut tx, user, request, id).await
            }
            (&Method::GET, ["athlete"]) => athlete::find(&mut tx, user).await,
            (&Method::PUT, ["athlete"]) => athlete::replace(&mut tx, user, request).await,
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        };

        let runs = |done: &Done| RunKey::computing(user, &done.changed);
        let done = self
            .app
            .settle_and_ring(tx, done, runs, request.correlation_id())
            .await?;
        Ok(done.response)
    }
}

/// An answer, and the workouts whose stages it made due.
struct Done {
    response: Response,
    changed: Vec<domain::id::WorkoutId>,
}

impl Done {
    fn reading(response: Response) -> Self {
        Self {
            response,
            changed: Vec::new(),
        }
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Planning {
        app: WriterApp::from_environment(&StageName::COMPUTING)?,
    })
    .await
}
