//! `POST /workouts/{id}/reanalyse`: compute everything again, once however often it is clicked.

use crate::Ingest;
use domain::id::{UserId, WorkoutId};
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use store::stages::RunKey;
use store::{Tx, attach, stages, workouts};

#[derive(serde::Serialize)]
struct Requested {
    workout_id: WorkoutId,
}

pub(crate) async fn request(
    ingest: &Ingest,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    let (user, mut tx) = ingest.app.users.begin(request).await?;
    let renewed = renew(&mut tx, user, request, id).await;
    let runs = |(_, requested): &(WorkoutId, Vec<RunKey>)| requested.clone();
    let (workout_id, _) = ingest
        .app
        .settle_and_ring(tx, renewed, runs, request.correlation_id())
        .await?;
    Ok(http::json(StatusCode::ACCEPTED, &Requested { workout_id }))
}

async fn renew(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<(WorkoutId, Vec<RunKey>), Problem> {
    let asked: WorkoutId = request.id(id)?;
    tx.lock_user(user).await?;
    let Some(found) = workouts::find_for_attach(tx, user, asked).await? else {
        return Err(Problem::not_found("not_found", "there is no such workout"));
    };
    // What was merged into another workout is computed there.
    let workout = found.workout_id;
    // What is on its way already is the answer to every further click.
    if stages::is_unfinished(tx, user, workout).await? {
        return Ok((workout, Vec::new()));
    }
    let renewed = attach::renew_whole(tx, user, workout).await?;
    let mut requested = RunKey::computing(user, &renewed);
    // What could not be fetched is asked for again: it may be all that there is to compute from.
    requested.extend(stages::revive_fetch(tx, user, workout).await?);
    Ok((workout, requested))
}
