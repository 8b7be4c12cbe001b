//! The athlete's own word about a workout's plan: attach this one, or none.
//!
//! Matching by itself happens inside the transaction that changes a workout or a plan; it is the
//! same code, [`store::attach`]. What is said here is remembered and never undone by it.

#![forbid(unsafe_code)]

use domain::id::{PlannedId, UserId, WorkoutId};
use domain::stage::StageName;
use lambda_http::http::{Method, StatusCode};
use platform::app::WriterApp;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::attach::{self, Wish};
use store::stages::RunKey;

/// What attaching borrows.
pub struct Attach {
    app: WriterApp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    planned_id: PlannedId,
}

#[derive(Serialize)]
struct Answer {
    workout_id: WorkoutId,
    planned_id: Option<PlannedId>,
}

impl Handler for Attach {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let segments = request.segments();
        let ["workouts", id, "plan"] = segments.as_slice() else {
            return Err(Problem::not_found("not_found", "there is no such path"));
        };
        let (user, mut tx) = self.app.users.begin(request).await?;

        let granted = wish(&mut tx, user, request, id).await;
        let runs = |(_, changed): &(Answer, Vec<WorkoutId>)| RunKey::computing(user, changed);
        let (answer, _) = self
            .app
            .settle_and_ring(tx, granted, runs, request.correlation_id())
            .await?;
        Ok(http::json(StatusCode::OK, &answer))
    }
}

async fn wish(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<(Answer, Vec<WorkoutId>), Problem> {
    let workout_id: WorkoutId = request.id(id)?;
    let planned_id = match *request.method() {
        Method::PUT => Some(request.json::<Body>()?.planned_id),
        Method::DELETE => None,
        _ => return Err(Problem::method_not_allowed()),
    };
    tx.lock_user(user).await?;
    let wish = match planned_id {
        Some(planned) => attach::attach(tx, user, workout_id, planned).await?,
        None => attach::detach(tx, user, workout_id).await?,
    };
    match wish {
        Wish::Granted(changed) => Ok((
            Answer {
                workout_id,
                planned_id,
            },
            changed,
        )),
        Wish::NoWorkout => Err(Problem::not_found("not_found", "there is no such workout")),
        Wish::PerSession => Err(Problem::unprocessable(
            "plan_per_session",
            "the workout is several sessions; attach the plan to one of them",
        )),
        Wish::AwaitsData => Err(Problem::conflict(
            "awaits_data",
            "the provider only announced the workout; attach a plan once it has come",
        )),
        Wish::NoPlan => Err(Problem::not_found(
            "plan_not_found",
            "there is no such plan",
        )),
        Wish::Taken => Err(Problem::conflict(
            "plan_taken",
            "another workout holds the plan; detach it first",
        )),
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Attach {
        app: WriterApp::from_environment(&StageName::COMPUTING)?,
    })
    .await
}
