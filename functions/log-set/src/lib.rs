//! Strength sets: the exercises that they are of, and the records that they make.

#![forbid(unsafe_code)]

mod catalogue;

use domain::id::WorkoutId;
use domain::stage::StageName;
use lambda_http::http::Method;
use platform::app::WriterApp;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use store::stages::RunKey;

/// What logging borrows.
pub struct Logging {
    app: WriterApp,
}

impl Handler for Logging {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let segments = request.segments();
        let (user, mut tx) = self.app.users.begin(request).await?;

        let done = match (request.method(), segments.as_slice()) {
            (&Method::GET, ["exercises"]) => catalogue::list(&mut tx, user, request).await,
            (&Method::GET, ["exercises", id]) => catalogue::find(&mut tx, user, request, id).await,
            (&Method::GET, ["grips"]) => catalogue::grips(&mut tx, request).await,
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
    changed: Vec<WorkoutId>,
}

impl Done {
    fn quiet(response: Response) -> Self {
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
    http::serve(Logging {
        app: WriterApp::from_environment(&StageName::COMPUTING)?,
    })
    .await
}
