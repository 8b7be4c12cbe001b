//! Strength sets: logged by one path, with the exercises that they are of and the records that they
//! make.
//!
//! A set, its grips and its records are written in one transaction under the user's lock; a session
//! that is finished is taken in as what a provider brings.

#![forbid(unsafe_code)]

mod catalogue;
mod records;
mod sessions;
mod sets;
mod suggest;
mod views;

use domain::id::{UserId, WorkoutId};
use domain::stage::StageName;
use lambda_http::http::Method;
use platform::app::WriterApp;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use store::Tx;
use store::stages::RunKey;

/// What logging borrows.
pub struct Logging {
    app: WriterApp,
}

impl Handler for Logging {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let (user, mut tx) = self.app.users.begin(request).await?;
        let done = answer(&mut tx, user, request).await;
        let runs = |done: &Done| RunKey::computing(user, &done.changed);
        let done = self
            .app
            .settle_and_ring(tx, done, runs, request.correlation_id())
            .await;
        if writes_sets(request) {
            tell(&done);
        }
        Ok(done?.response)
    }
}

async fn answer(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    let segments = request.segments();
    match (request.method(), segments.as_slice()) {
        (&Method::POST, ["workouts"]) => sessions::start(tx, user, request).await,
        (&Method::GET, ["workouts", "active"]) => sessions::active(tx, user, request).await,
        (&Method::DELETE, ["workouts", id]) => sessions::delete(tx, user, request, id).await,
        (&Method::POST, ["workouts", id, "finish"]) => {
            sessions::finish(tx, user, request, id).await
        }
        (&Method::GET, ["workouts", id, "sets"]) => sets::list(tx, user, request, id).await,
        (&Method::POST, ["workouts", id, "sets"]) => sets::log_one(tx, user, request, id).await,
        (&Method::POST, ["workouts", id, "sets", "bulk"]) => {
            sets::log_many(tx, user, request, id).await
        }
        (&Method::PATCH, ["workouts", id, "sets", set]) => {
            sets::change(tx, user, request, (id, set)).await
        }
        (&Method::DELETE, ["workouts", id, "sets", set]) => {
            sets::delete(tx, user, request, (id, set)).await
        }
        (&Method::PUT, ["workouts", id, "exercises"]) => sets::order(tx, user, request, id).await,
        (&Method::GET, ["exercises"]) => catalogue::list(tx, user, request).await,
        (&Method::POST, ["exercises"]) => catalogue::create(tx, user, request).await,
        (&Method::GET, ["exercises", id]) => catalogue::find(tx, user, request, id).await,
        (&Method::PATCH, ["exercises", id]) => catalogue::change(tx, user, request, id).await,
        (&Method::DELETE, ["exercises", id]) => catalogue::delete(tx, user, request, id).await,
        (&Method::GET, ["exercises", id, "rep-max"]) => {
            records::rep_max(tx, user, request, id).await
        }
        (&Method::GET, ["exercises", id, "suggestion"]) => {
            suggest::next(tx, user, request, id).await
        }
        (&Method::PUT, ["exercises", id, "estimate"]) => {
            suggest::keep_estimate(tx, user, request, id).await
        }
        (&Method::GET, ["grips"]) => catalogue::grips(tx, request).await,
        (&Method::GET, ["records"]) => records::list(tx, user, request).await,
        (&Method::GET, ["records", "history"]) => records::history(tx, user, request).await,
        _ => Err(Problem::not_found("not_found", "there is no such path")),
    }
}

/// Whether a request is to log, change or delete sets.
fn writes_sets(request: &Request) -> bool {
    let segments = request.segments();
    request.method() != Method::GET && matches!(segments.as_slice(), ["workouts", _, "sets", ..])
}

/// Says of every write of sets how it ended, in one line that is counted.
fn tell(done: &Result<Done, Problem>) {
    match done {
        Ok(done) => tracing::info!(
            code = "set_logged",
            sets = done.written.sets,
            records = done.written.records,
            "sets were written"
        ),
        Err(problem) if problem.status().is_server_error() => tracing::error!(
            code = "set_failed",
            problem = problem.code(),
            "sets could not be written"
        ),
        Err(problem) => tracing::warn!(
            code = "set_refused",
            problem = problem.code(),
            "sets were refused"
        ),
    }
}

/// How much was written, for the log.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    sets: usize,
    records: usize,
}

impl Written {
    fn sets(sets: usize, records: usize) -> Self {
        Self { sets, records }
    }
}

/// An answer, and the workouts whose stages it made due.
struct Done {
    response: Response,
    changed: Vec<WorkoutId>,
    written: Written,
}

impl Done {
    fn quiet(response: Response) -> Self {
        Self::wrote(response, Written::default())
    }

    fn wrote(response: Response, written: Written) -> Self {
        Self {
            response,
            changed: Vec::new(),
            written,
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
