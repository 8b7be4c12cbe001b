//! SQS batches with Lambda's rules: one record at a time, and each answers for itself.

use crate::app::end;
use crate::config::LIMITS;
use crate::doorbell::Message;
use crate::stage::{Disposition, Stage, Worker};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::stage::StageName;
use futures_util::future::BoxFuture;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use store::stages::{self, RunKey};
use store::{Store, StoreError};
use thiserror::Error;
use tracing::Instrument;

/// A batch that cannot be answered at all, so that the invocation must fail.
#[derive(Debug, Error)]
pub enum BatchError {
    /// Without an id the record cannot be named, and an empty name would mean something else.
    #[error("a record has no message id")]
    RecordWithoutId,
    /// Every record failed for a reason that may pass; an error makes the alarm ring.
    #[error("every record of the batch must be tried again")]
    AllMustRetry,
}

/// What answers the doorbells of one stage.
pub trait Answerer: Sync {
    /// Which stage.
    const STAGE: StageName;

    /// Answers one doorbell, whatever happens.
    fn answer(&self, run: RunKey, correlation_id: &str)
    -> impl Future<Output = Disposition> + Send;
}

/// Answers the doorbells of a stage that computes until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn serve_stage<S: Stage>() -> Result<(), crate::Error> {
    serve(Worker::<S>::from_environment()?).await
}

/// Answers a stage's doorbells until the sandbox ends.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<A: Answerer>(answerer: A) -> Result<(), crate::Error> {
    let answerer = &answerer;
    // Boxed, because the type of everything that may be awaited below is deeper than rustc goes.
    let work = move |event: LambdaEvent<SqsEvent>| -> BoxFuture<'_, _> {
        Box::pin(async move { Ok::<_, crate::Error>(answer_batch(answerer, event.payload).await?) })
    };
    lambda_runtime::run(service_fn(work)).await
}

/// Answers the records one after another and names those that must come again.
///
/// # Errors
/// [`BatchError`] when the batch has to come again as a whole.
pub async fn answer_batch<A: Answerer>(
    answerer: &A,
    event: SqsEvent,
) -> Result<SqsBatchResponse, BatchError> {
    let records = event.records.len();
    let mut failed = Vec::new();
    for (record, id) in event.records.iter().zip(message_ids(&event)?) {
        let span = tracing::info_span!(
            "doorbell",
            message_id = id,
            workout.id = tracing::field::Empty,
            stage.name = %A::STAGE,
            stage.attempt = tracing::field::Empty,
            correlation_id = tracing::field::Empty,
        );
        let disposition = answer_record(answerer, record).instrument(span).await;
        if disposition == Disposition::Retry {
            failed.push(id);
        }
    }
    if records > 0 && failed.len() == records {
        return Err(BatchError::AllMustRetry);
    }
    Ok(response(failed))
}

/// The batch in an event, where one function hears of other things too.
///
/// # Errors
/// When it looks like a batch and is none.
pub fn batch(event: Value) -> Result<Option<SqsEvent>, serde_json::Error> {
    if event.get("Records").is_some() {
        serde_json::from_value(event).map(Some)
    } else {
        Ok(None)
    }
}

/// Answers dead letters: settles the runs that they name, and keeps what cannot be read.
///
/// A letter that names a run is a doorbell like any other: it says which row to look at, and once
/// the row was looked at it may go, whether there was something to settle or not. A run that is
/// left pending is still rung by the sweep, and each of those doorbells dies in its turn, so that
/// nothing depends on this one letter.
///
/// One that cannot be read names nothing, and nobody else has what it says. It is reported as
/// failed: its queue shows it again and again, the alarm on that queue stays, and the message
/// waits for a person, for as long as the queue keeps messages.
///
/// # Errors
/// [`BatchError`] when the batch has to come again as a whole.
pub async fn answer_dead_letters(
    store: &Store,
    event: SqsEvent,
) -> Result<SqsBatchResponse, BatchError> {
    let records = event.records.len();
    let (mut failed, mut unsettled) = (Vec::new(), 0);
    for (record, id) in event.records.iter().zip(message_ids(&event)?) {
        let Ok(message) = read(record) else {
            tracing::error!(
                message_id = id,
                "a dead letter cannot be read; it is kept for a person"
            );
            failed.push(id);
            continue;
        };
        let (workout, stage) = (message.workout_id, message.stage);
        match settle(store, &message).await {
            Ok(true) => {
                tracing::error!(message_id = id, workout.id = %workout, stage.name = %stage,
                    correlation_id = message.correlation_id,
                    "a dead letter: nobody answered its run, which is failed now");
            }
            Ok(false) => {
                tracing::warn!(message_id = id, workout.id = %workout, stage.name = %stage,
                    correlation_id = message.correlation_id,
                    "a dead letter: its run needs no settling");
            }
            Err(error) => {
                tracing::warn!(message_id = id, workout.id = %workout, stage.name = %stage, %error,
                    "a dead letter could not be settled");
                failed.push(id);
                unsettled += 1;
            }
        }
    }
    if records > 0 && unsettled == records {
        return Err(BatchError::AllMustRetry);
    }
    Ok(response(failed))
}

async fn settle(store: &Store, message: &Message) -> Result<bool, StoreError> {
    let mut tx = store.begin_without_user().await?;
    let settled = stages::settle_dead_letter(
        &mut tx,
        message.run(),
        "dead_letter: nobody answered its doorbells",
        LIMITS.doorbell_life(),
        LIMITS.repair(),
    )
    .await;
    match settled {
        Ok(settled) => {
            tx.commit().await?;
            Ok(settled)
        }
        Err(error) => {
            end(tx).await;
            Err(error)
        }
    }
}

/// Every record's id, before any work: none is worked on in an invocation that must fail.
fn message_ids(event: &SqsEvent) -> Result<Vec<String>, BatchError> {
    let ids = event.records.iter().map(|record| record.message_id.clone());
    ids.map(|id| id.filter(|id| !id.is_empty()))
        .collect::<Option<_>>()
        .ok_or(BatchError::RecordWithoutId)
}

fn response(failed: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed);
    response
}

/// Reads a record's body; an error says what is wrong and where, and quotes nothing of it.
fn read(record: &SqsMessage) -> Result<Message, String> {
    let body = record.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!(
            "{:?} error at line {line} column {column}",
            error.classify()
        )
    })
}

async fn answer_record<A: Answerer>(answerer: &A, record: &SqsMessage) -> Disposition {
    let message = match read(record) {
        Ok(message) => message,
        Err(error) => {
            // It comes again until SQS gives up on it, so that the dead-letter queue keeps it.
            tracing::error!(error, "the doorbell cannot be read");
            return Disposition::Retry;
        }
    };
    let span = tracing::Span::current();
    span.record("workout.id", tracing::field::display(message.workout_id));
    span.record("correlation_id", &message.correlation_id);
    if message.stage != A::STAGE {
        tracing::error!(stage = %message.stage, "the doorbell is for another stage");
        return Disposition::Retry;
    }
    answerer
        .answer(message.run(), &message.correlation_id)
        .await
}
