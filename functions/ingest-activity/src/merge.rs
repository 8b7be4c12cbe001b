//! `PUT`, `DELETE /workouts/{id}/merge`: whether several providers' words of one session are one
//! workout, where the athlete knows better.

use crate::Ingest;
use domain::id::{UserId, WorkoutId};
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use store::stages::RunKey;
use store::{Tx, merging};

/// What the athlete wants of a workout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It may be merged with what other providers tell of the session, also after it was taken apart.
    Merge,
    /// Each of its sources is a workout of its own, and stays one.
    TakeApart,
}

#[derive(serde::Serialize)]
struct Changed {
    /// The workouts that are computed anew.
    workout_ids: Vec<WorkoutId>,
}

pub(crate) async fn change(
    ingest: &Ingest,
    request: &Request,
    id: &str,
    wish: Wish,
) -> Result<Response, Problem> {
    let (user, mut tx) = ingest.app.users.begin(request).await?;
    let fulfilled = fulfil(&mut tx, user, request, id, wish).await;
    let runs = |changed: &Vec<WorkoutId>| RunKey::computing(user, changed);
    let workout_ids = ingest
        .app
        .settle_and_ring(tx, fulfilled, runs, request.correlation_id())
        .await?;
    Ok(http::json(StatusCode::ACCEPTED, &Changed { workout_ids }))
}

async fn fulfil(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    wish: Wish,
) -> Result<Vec<WorkoutId>, Problem> {
    let workout: WorkoutId = request.id(id)?;
    tx.lock_user(user).await?;
    let changed = match wish {
        Wish::Merge => merging::let_merge(tx, user, workout).await?,
        Wish::TakeApart => merging::take_apart(tx, user, workout).await?,
    };
    changed.ok_or_else(|| Problem::not_found("not_found", "there is no such workout"))
}
