//! `POST /activities`: a FIT, TCX or GPX file of the caller.

use crate::{Ingest, refuse_file};
use domain::decode::decode_file;
use domain::id::WorkoutId;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::intake::Prepared;
use platform::problem::Problem;
use sha2::{Digest, Sha256};
use store::ingest::Outcome;
use store::merging::UPLOAD;
use store::workouts::ProviderKey;

#[derive(serde::Serialize)]
struct Accepted {
    workout_id: Option<WorkoutId>,
    partial: bool,
}

pub(crate) async fn accept(ingest: &Ingest, request: &Request) -> Result<Response, Problem> {
    let user = ingest.app.users.authenticate(request).await?;

    // Reading a file takes a while; no transaction waits for it.
    let recording = decode_file(request.body()).map_err(refuse_file)?;
    let prepared = Prepared::new(&recording, None);
    let sha256: [u8; 32] = Sha256::digest(request.body()).into();
    let activity_id: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();

    let key = ProviderKey::activity(UPLOAD, &activity_id);
    let mut tx = ingest.app.users.open(user).await?;
    let ingested = async {
        tx.lock_user(user).await?;
        let ingested = prepared.ingest(&mut tx, user, key, &sha256, None).await?;
        Ok(ingested)
    };
    let ingested: Result<_, Problem> = ingested.await;
    let ingested = ingest
        .app
        .settle_and_ring(tx, ingested, |i| i.runs(user), request.correlation_id())
        .await?;
    let known = ingested.outcome == Outcome::Unchanged;
    let status = if known {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let workout_id = ingested.workout_id;
    Ok(http::json(
        status,
        &Accepted {
            workout_id,
            partial: recording.partial,
        },
    ))
}
