//! `POST /webhooks/{provider}`: exactly 200 after the commit, and nothing written otherwise.

use crate::{Ingest, Prepared};
use domain::id::{UserId, WorkoutId};
use lambda_http::http::StatusCode;
use platform::app::end;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::providers::paceline::{self, DeliveryItem, Event};
use sha2::{Digest, Sha256};
use store::deliveries::{self, DeliveryKey};
use store::ingest::{self, Ingested};
use store::workouts::ProviderKey;
use store::{Tx, users};

/// What the provider hears; it only needs the status.
#[derive(serde::Serialize)]
struct Receipt {
    workout_id: Option<WorkoutId>,
    outcome: &'static str,
}

pub(crate) async fn receive(
    ingest: &Ingest,
    request: &Request,
    provider: &str,
) -> Result<Response, Problem> {
    let item = match provider {
        paceline::NAME => paceline::receive(&ingest.paceline_keys, request)?,
        _ => return Err(unknown_provider()),
    };
    let body_sha256 = Sha256::digest(request.body());
    let delivery = DeliveryKey {
        provider: paceline::NAME,
        key: &item.delivery_id,
        body_sha256: &body_sha256,
    };
    let prepared = match &item.event {
        Event::Brought {
            name, recording, ..
        } => Some(Prepared::new(recording, name.as_deref())),
        Event::Deleted => None,
    };

    let store = ingest.app.users.store();
    let mut tx = store
        .begin_for_account(delivery.provider, &item.account)
        .await?;
    let applied = match apply(&mut tx, delivery, &item, prepared.as_ref()).await {
        Ok(applied) => applied,
        Err(problem) => {
            end(tx).await;
            return Err(problem);
        }
    };

    let receipt = match applied {
        Applied::Before(workout_id) => {
            end(tx).await;
            Receipt {
                workout_id,
                outcome: "duplicate",
            }
        }
        Applied::Now(user, ingested) => {
            let correlation_id = request.correlation_id();
            ingest
                .app
                .commit_and_ring(tx, user, &ingested.requested, correlation_id)
                .await?;
            Receipt {
                workout_id: ingested.workout_id,
                outcome: ingested.outcome.as_str(),
            }
        }
    };
    Ok(http::json(StatusCode::OK, &receipt))
}

/// `GET /webhooks/{provider}`: the generic provider has no handshake.
pub(crate) fn shake_hands(provider: &str) -> Result<Response, Problem> {
    match provider {
        paceline::NAME => Err(Problem::method_not_allowed()),
        _ => Err(unknown_provider()),
    }
}

enum Applied {
    /// An earlier delivery of the same content committed its effects.
    Before(Option<WorkoutId>),
    /// The effects are in this transaction.
    Now(UserId, Ingested),
}

async fn apply(
    tx: &mut Tx,
    delivery: DeliveryKey<'_>,
    item: &DeliveryItem,
    prepared: Option<&Prepared<'_>>,
) -> Result<Applied, Problem> {
    let unknown = || {
        Problem::unprocessable("unknown_athlete", "no user has connected this account")
            .with_field("/athlete", "is not connected")
    };
    let user = users::find_user_by_connection(tx, delivery.provider, &item.account)
        .await?
        .ok_or_else(unknown)?;
    tx.act_for(user).await?;
    if !users::is_active(tx, user).await? {
        return Err(unknown());
    }
    tx.lock_user(user).await?;
    platform::faults::point("after_user_lock");
    if let Some(workout_id) = deliveries::find_delivery(tx, user, delivery).await? {
        return Ok(Applied::Before(workout_id));
    }

    let key = ProviderKey::activity(delivery.provider, &item.activity_id);
    let provider_time = Some(item.occurred_at);
    let ingested = match prepared {
        Some(prepared) => {
            prepared
                .ingest(tx, user, key, delivery.body_sha256, provider_time)
                .await?
        }
        None => ingest::delete(tx, user, key, provider_time).await?,
    };
    let outcome = ingested.outcome.as_str();
    let event = item.event.as_str();
    deliveries::insert_delivery(tx, user, delivery, event, outcome, ingested.workout_id).await?;
    Ok(Applied::Now(user, ingested))
}

fn unknown_provider() -> Problem {
    Problem::not_found("unknown_provider", "there is no such provider")
}
