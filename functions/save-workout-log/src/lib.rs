//! Programs, and what athletes log of their days: saved again and again, by several devices at once,
//! and always one log that says what was saved last.
//!
//! A save is one transaction under the user's lock. What a try could not do because the database was
//! busy or away is tried again here, for a while; whatever is asked twice is done once.

#![forbid(unsafe_code)]

mod body;
mod coaches;
mod failure;
mod locate;
mod programs;
mod read;
mod save;
mod settle;
mod story;

use chrono::TimeDelta;
use domain::id::{LogId, ProgramId, UserId, WorkoutId};
use domain::log::backoff::Backoff;
use domain::log::cache::Cache;
use domain::stage::StageName;
use failure::Failure;
use lambda_http::http::Method;
use locate::Target;
use platform::app::WriterApp;
use platform::clock;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Tx;
use store::logs::Place;
use store::stages::RunKey;
use story::Story;
use uuid::Uuid;

/// Places that an execution environment remembers: an athlete saves one at a time.
const MOST_PLACES: usize = 1000;
/// How long it remembers each. What is remembered is checked with every use all the same.
const REMEMBERED: TimeDelta = TimeDelta::minutes(15);
/// A busy lock is free, and a failover's connection refused, within a fraction of a second; a client
/// that waits longer asks again by itself.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(50),
    longest: Duration::from_millis(400),
    most_tries: 4,
    within: Duration::from_millis(1500),
};

/// Which log is at a user's place.
type Known = Cache<(UserId, Place), LogId>;

/// What saving borrows.
pub struct Saving {
    app: WriterApp,
    known: Mutex<Known>,
}

impl Handler for Saving {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let began = clock::now();
        // Made once, so that a try whose end was not heard of makes nothing twice.
        let new_id = Uuid::now_v7();
        let mut story = Story {
            action: action(request),
            ..Story::default()
        };
        loop {
            story.tries += 1;
            let answer = self.answer(request, new_id, &mut story).await;
            let elapsed = (clock::now() - began).to_std().unwrap_or_default();
            let failure = match answer {
                Ok(response) => {
                    story.tell(None, elapsed);
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            let wait = failure.class().advice().retryable.then(|| {
                let dice = f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
                BACKOFF.next(story.tries, elapsed, dice)
            });
            let Some(wait) = wait.flatten() else {
                story.tell(Some(&failure), elapsed);
                return Err(failure.into_problem());
            };
            tracing::warn!(
                code = "log_try_failed",
                class = failure.class().as_str(),
                "trying again"
            );
            tokio::time::sleep(wait).await;
        }
    }
}

impl Saving {
    /// Answers by one transaction.
    async fn answer(
        &self,
        request: &Request,
        new_id: Uuid,
        story: &mut Story,
    ) -> Result<Response, Failure> {
        let (user, mut tx) = self.app.users.begin(request).await?;

        let done = self.act(&mut tx, user, request, new_id, story).await;
        story.statements = tx.statements();

        let runs = |done: &Done| RunKey::computing(user, &done.changed);
        let done = self
            .app
            .settle_and_ring(tx, done, runs, request.correlation_id())
            .await?;
        if let Some((place, log)) = done.remembered {
            self.known().put((user, place), log, clock::now());
        }
        Ok(done.response)
    }

    async fn act(
        &self,
        tx: &mut Tx,
        user: UserId,
        request: &Request,
        new_id: Uuid,
        story: &mut Story,
    ) -> Result<Done, Failure> {
        let segments = request.segments();
        match (request.method(), segments.as_slice()) {
            (&Method::GET, ["programs"]) => programs::list(tx, user, request).await,
            (&Method::POST, ["programs"]) => {
                programs::create(tx, user, request, ProgramId(new_id)).await
            }
            (&Method::GET, ["programs", id]) => programs::find(tx, user, request, id).await,
            (&Method::PUT, ["programs", id]) => programs::replace(tx, user, request, id).await,
            (&Method::DELETE, ["programs", id]) => programs::delete(tx, user, request, id).await,
            (method, ["programs", program, "weeks", week, "days", day, "log"]) => {
                let place = locate::place(request, program, week, day)?;
                match *method {
                    Method::GET => self.read_place(tx, user, place).await,
                    Method::PUT => {
                        let target = Target::Place(place, LogId(new_id));
                        self.save(tx, user, target, request, story).await
                    }
                    Method::PATCH => {
                        let target = Target::Place(place, LogId(new_id));
                        self.merge(tx, user, target, request, story).await
                    }
                    _ => Err(Problem::method_not_allowed().into()),
                }
            }
            (&Method::GET, ["logs"]) => read::list(tx, user, request).await,
            (&Method::GET, ["logs", id]) => read::find(tx, user, request, id).await,
            (&Method::PUT, ["logs", id]) => {
                let target = Target::Log(request.id(id)?);
                self.save(tx, user, target, request, story).await
            }
            (&Method::PATCH, ["logs", id]) => {
                let target = Target::Log(request.id(id)?);
                self.merge(tx, user, target, request, story).await
            }
            (&Method::DELETE, ["logs", id]) => save::delete(tx, user, request, id).await,
            (&Method::POST, ["logs", id, "finish"]) => {
                save::finish(tx, user, request, id, story).await
            }
            (&Method::GET, ["athlete", "coaches"]) => coaches::list(tx, user, request).await,
            (&Method::PUT, ["athlete", "coaches", id]) => {
                coaches::allow(tx, user, request, id).await
            }
            (&Method::DELETE, ["athlete", "coaches", id]) => {
                coaches::forbid(tx, user, request, id).await
            }
            _ => Err(Problem::not_found("not_found", "there is no such path").into()),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is complete before anything can panic, so a poisoned cache is still whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request would do to a log.
fn action(request: &Request) -> Option<&'static str> {
    match (request.method(), request.segments().as_slice()) {
        (&Method::PUT, [.., "log"] | ["logs", _]) => Some("save"),
        (&Method::PATCH, [.., "log"] | ["logs", _]) => Some("merge"),
        (&Method::POST, ["logs", _, "finish"]) => Some("finish"),
        _ => None,
    }
}

/// An answer, the workouts whose stages it made due, and which log turned out to be where.
struct Done {
    response: Response,
    changed: Vec<WorkoutId>,
    remembered: Option<(Place, LogId)>,
}

impl Done {
    fn quiet(response: Response) -> Self {
        Self {
            response,
            changed: Vec::new(),
            remembered: None,
        }
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Saving {
        app: WriterApp::from_environment(&StageName::COMPUTING)?,
        known: Mutex::new(Cache::new(MOST_PLACES, REMEMBERED)),
    })
    .await
}
