//! What clients read: workouts with their status and results, and what comes of many of them. Its
//! database role only SELECTs.

#![forbid(unsafe_code)]

mod bests;
mod fitness;
mod range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::id::WorkoutId;
use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use platform::app::{UserApp, end};
use platform::auth::Caller;
use platform::cursor;
use platform::http::{self, Handler, Request, Response, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::Tx;
use store::reads::{self, WorkoutView};

/// Workouts of one page, when the client does not say.
const PAGE: i64 = 20;
/// The most workouts of one page.
const LARGEST_PAGE: i64 = 100;

/// What reading borrows.
pub struct Reading {
    app: UserApp,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    database: &'static str,
}

#[derive(Serialize)]
struct WorkoutList {
    workouts: Vec<WorkoutView>,
    next_cursor: Option<String>,
}

impl Handler for Reading {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        if request.method() != Method::GET {
            return Err(Problem::method_not_allowed());
        }
        let segments = request.segments();
        if segments.as_slice() == ["health"] {
            return Ok(self.health().await);
        }
        let (caller, mut tx) = self.app.begin_reading(request).await?;

        let found = match segments.as_slice() {
            ["workouts"] => list(&mut tx, caller, request).await,
            ["workouts", id] => one(&mut tx, caller, request, id).await,
            ["workouts", id, "status"] => status(&mut tx, caller, request, id).await,
            ["athlete", "fitness"] => fitness::days(&mut tx, caller, request).await,
            ["athlete", "bests"] => bests::bests(&mut tx, caller, request).await,
            ["athlete", "power-curve"] => bests::power_curve(&mut tx, caller, request).await,
            ["athlete", "estimates"] => bests::estimates(&mut tx, caller, request).await,
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        };

        end(tx).await;
        found
    }
}

impl Reading {
    async fn health(&self) -> Response {
        let version = env!("CARGO_PKG_VERSION");
        match self.app.store().ping().await {
            Ok(()) => {
                let health = Health {
                    status: "ok",
                    version,
                    database: "reachable",
                };
                http::json(StatusCode::OK, &health)
            }
            Err(error) => {
                tracing::warn!(%error, "the database does not answer");
                let health = Health {
                    status: "degraded",
                    version,
                    database: "unreachable",
                };
                http::json(StatusCode::SERVICE_UNAVAILABLE, &health)
            }
        }
    }
}

async fn list(tx: &mut Tx, caller: Caller, request: &Request) -> Result<Response, Problem> {
    only_parameters(request, &["limit", "cursor", "purpose"])?;
    let limit = match request.query("limit") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=LARGEST_PAGE).contains(n))
            .ok_or_else(|| {
                Problem::malformed("bad_limit", format!("limit must be 1 to {LARGEST_PAGE}"))
            })?,
    };
    let after = match request.query("cursor") {
        None => (
            DateTime::from_timestamp_nanos(i64::MAX),
            WorkoutId(uuid::Uuid::max()),
        ),
        Some(text) => {
            let (listed_at, id) = cursor::read_moment(&text)?;
            (listed_at, WorkoutId(id))
        }
    };
    let mut workouts =
        reads::list_workouts(tx, caller.user, after, limit + 1, caller.purpose).await?;
    let more = workouts.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        workouts.pop();
    }
    let next_cursor = workouts
        .last()
        .filter(|_| more)
        .map(|last| cursor::write_moment(last.listed_at, last.workout_id.0));
    Ok(tagged(
        request,
        &WorkoutList {
            workouts,
            next_cursor,
        },
    ))
}

async fn one(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    // A purpose that is misspelt must not be no purpose.
    only_parameters(request, &["purpose"])?;
    let id = request.id(id)?;
    let workout = reads::find_workout(tx, caller.user, id, caller.purpose).await?;
    workout
        .map(|workout| tagged(request, &workout))
        .ok_or_else(no_workout)
}

async fn status(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    only_parameters(request, &["purpose"])?;
    let status = reads::find_status(tx, caller.user, request.id(id)?).await?;
    status
        .map(|status| tagged(request, &status))
        .ok_or_else(no_workout)
}

/// Answers with an `ETag`, or with 304 when the client has exactly this.
fn tagged(request: &Request, body: &impl Serialize) -> Response {
    let mut response = http::json(StatusCode::OK, body);
    let digest = Sha256::digest(AsRef::<[u8]>::as_ref(response.body()));
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest));
    let known = request.header("if-none-match").is_some_and(|tags| {
        tags.split(',')
            .any(|known| known.trim() == tag || known == "*")
    });
    if known {
        response = http::empty(StatusCode::NOT_MODIFIED);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    response
}

fn no_workout() -> Problem {
    Problem::not_found("not_found", "there is no such workout")
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Reading {
        app: UserApp::from_environment()?,
    })
    .await
}
