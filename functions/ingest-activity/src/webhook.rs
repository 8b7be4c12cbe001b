//! `POST /webhooks/{provider}`: exactly 200 after the commit, and nothing written otherwise.

use crate::Ingest;
use domain::id::WorkoutId;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::intake::{Told, pack};
use platform::problem::Problem;
use platform::providers::{self, Headers, Item};
use platform::rates::{Rates, Tried};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::deliveries::{self, DeliveryKey, Remembered};
use store::stages::RunKey;
use store::{Tx, users};

/// What the provider hears of one item; it only needs the status.
#[derive(Serialize)]
struct Receipt {
    workout_id: Option<WorkoutId>,
    outcome: &'static str,
}

/// What the provider hears of several.
#[derive(Serialize)]
struct Receipts {
    items: Vec<Receipt>,
}

/// A believed delivery.
struct Delivered<'a> {
    provider: &'static str,
    headers: Headers,
    request: &'a Request,
}

pub(crate) async fn receive(
    ingest: &Ingest,
    request: &Request,
    provider: &str,
) -> Result<Response, Problem> {
    let (name, provider) = ingest.providers.find(provider)?;
    let (headers, items) = providers::receive(provider, request)?;
    let delivered = Delivered {
        provider: name,
        headers,
        request,
    };
    let alone = items.len() == 1;
    let mut receipts = Vec::with_capacity(items.len());
    let mut too_soon = None;
    for item in items {
        let receipt = match take_in(ingest, &delivered, item).await {
            // One item that is not acceptable must not keep the others from coming, or bring the
            // whole delivery back for as long as the provider tries.
            Err(problem) if !alone && is_refused_for_good(&problem) => {
                tracing::warn!(code = problem.code(), "an item of a delivery is refused");
                Receipt {
                    workout_id: None,
                    outcome: problem.code(),
                }
            }
            // Nor may one account's haste keep another's from coming. The delivery comes again, and then what is taken
            // in now is a duplicate.
            Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
                too_soon = Some(problem);
                continue;
            }
            receipt => receipt?,
        };
        receipts.push(receipt);
    }
    if let Some(problem) = too_soon {
        return Err(problem);
    }
    Ok(match receipts.pop() {
        Some(receipt) if alone => http::json(StatusCode::OK, &receipt),
        last => {
            receipts.extend(last);
            http::json(StatusCode::OK, &Receipts { items: receipts })
        }
    })
}

/// Whether the same item would be refused again. One that comes too soon must come again, and the others with it.
fn is_refused_for_good(problem: &Problem) -> bool {
    problem.status().is_client_error() && problem.status() != StatusCode::TOO_MANY_REQUESTS
}

/// Takes in one item, in a transaction of its own: each may be another athlete's.
async fn take_in(
    ingest: &Ingest,
    delivered: &Delivered<'_>,
    item: Item,
) -> Result<Receipt, Problem> {
    let body = item.alone.as_deref().unwrap_or(delivered.request.body());
    let body_sha256 = Sha256::digest(body);
    let delivery = DeliveryKey {
        provider: delivered.provider,
        key: &item.delivery_id,
        body_sha256: &body_sha256,
    };
    let kept = Kept {
        headers: &delivered.headers,
        body: pack(body),
    };
    let told = Told::new(&item);

    let store = ingest.app.users.store();
    let mut tx = store
        .begin_for_account(delivered.provider, &item.account)
        .await?;
    let applied = apply(&mut tx, &ingest.rates, delivery, &item, &told, &kept).await;
    let runs = |(_, requested): &(Receipt, Vec<RunKey>)| requested.clone();
    let correlation_id = delivered.request.correlation_id();
    let (receipt, _) = ingest
        .app
        .settle_and_ring(tx, applied, runs, correlation_id)
        .await?;
    Ok(receipt)
}

/// What is kept of an item as it came.
struct Kept<'a> {
    headers: &'a Headers,
    body: Vec<u8>,
}

/// Takes an item in, unless an earlier delivery of the same content committed its effects.
async fn apply(
    tx: &mut Tx,
    rates: &Rates,
    delivery: DeliveryKey<'_>,
    item: &Item,
    told: &Told<'_>,
    kept: &Kept<'_>,
) -> Result<(Receipt, Vec<RunKey>), Problem> {
    let unknown = || {
        Problem::unprocessable("unknown_athlete", "no user has connected this account")
            .with_field("/athlete", "is not connected")
    };
    let user = users::find_user_by_connection(tx, delivery.provider, &item.account)
        .await?
        .ok_or_else(unknown)?;
    tx.act_for(user).await?;
    platform::faults::point("before_user_lock");
    tx.lock_user(user).await?;
    platform::faults::point("after_user_lock");
    // Whoever disconnected a moment ago must not get anything back.
    if !users::is_connected(tx, user, delivery.provider, &item.account).await? {
        return Err(unknown());
    }
    if let Some(workout_id) = deliveries::find_delivery(tx, user, delivery).await? {
        let receipt = Receipt {
            workout_id,
            outcome: "duplicate",
        };
        return Ok((receipt, Vec::new()));
    }
    // Under the user's lock nobody else waits for the bucket. Neither what is refused nor what is known takes anything
    // from it, so that a delivery of more items than there are tries comes to its end.
    let account = format!("{}/{}", delivery.provider, item.account);
    let account = [(Tried::WebhookAccount, account.as_str())];
    rates.take_within(tx, &account).await?;

    let ingested = told.ingest(tx, user, delivery, item.occurred_at).await?;
    let remembered = Remembered {
        event: item.about.event(),
        outcome: ingested.outcome.as_str(),
        workout: ingested.workout_id,
        headers: kept.headers,
        body: &kept.body,
    };
    deliveries::insert_delivery(tx, user, delivery, remembered).await?;
    let receipt = Receipt {
        workout_id: ingested.workout_id,
        outcome: ingested.outcome.as_str(),
    };
    Ok((receipt, ingested.runs(user)))
}
