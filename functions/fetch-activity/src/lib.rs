//! SQS stage: asks a provider for what it only announced, and brings it in.
//!
//! Claimed like every stage; but no transaction is open while the provider is asked, and what it
//! answers goes through the same ingest transaction as a webhook that brings everything. That
//! transaction ends the claim too, so an answer is either in and the claim is over, or neither.

#![forbid(unsafe_code)]

mod access;
mod ask;
mod budget;
mod reconcile;
mod wait;

use ask::{Answered, Asking};
use chrono::{DateTime, Utc};
use domain::stage::StageName;
use futures_util::future::BoxFuture;
use lambda_runtime::{LambdaEvent, service_fn};
use platform::app::{end, settle};
use platform::batch::{self, Answerer};
use platform::clock;
use platform::config::{self, Pace};
use platform::doorbell::Doorbell;
use platform::faults;
use platform::intake::Prepared;
use platform::providers::client::Client;
use platform::providers::source::Sources;
use platform::seal::SealingKeys;
use platform::stage::{self, Defeat, Disposition};
use serde_json::Value;
use std::time::Duration;
use store::ingest::{self, Ingested};
use store::stages::{self, Claim, RunKey};
use store::workouts::{self, Fetchable, ProviderKey};
use store::{Store, StoreError, Tx};
use wait::Later;

/// What fetching borrows.
struct FetchActivity {
    store: Store,
    doorbell: Doorbell,
    sources: Sources,
    keys: SealingKeys,
    http: Client,
    silent_after: Duration,
}

impl FetchActivity {
    fn from_environment() -> Result<Self, platform::Error> {
        Ok(Self {
            store: Store::new(&config::database(Pace::Background)?)?,
            doorbell: Doorbell::from_environment(&StageName::ALL)?,
            sources: Sources::from_environment()?,
            keys: config::token_keys()?,
            http: Client::new(),
            silent_after: config::silent_after()?,
        })
    }
}

/// Answers the stage's doorbells, and looks back whenever the schedule says so, until the sandbox
/// ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    let fetch = FetchActivity::from_environment()?;
    let fetch = &fetch;
    let work = move |event: LambdaEvent<Value>| -> BoxFuture<'_, _> {
        Box::pin(async move {
            let answer = match batch::batch(event.payload)? {
                Some(doorbells) => {
                    serde_json::to_value(batch::answer_batch(fetch, doorbells).await?)?
                }
                None => {
                    let pass = fetch.reconcile(&event.context.request_id).await?;
                    tracing::info!(asked = pass.asked, repaired = pass.repaired, "looked back");
                    serde_json::to_value(pass)?
                }
            };
            Ok::<_, platform::Error>(answer)
        })
    };
    lambda_runtime::run(service_fn(work)).await
}

impl Answerer for FetchActivity {
    const STAGE: StageName = StageName::Fetch;

    async fn answer(&self, run: RunKey, correlation_id: &str) -> Disposition {
        let claim = match stage::claim(&self.store, run).await {
            Ok(Some(claim)) => claim,
            Ok(None) => {
                tracing::info!("nothing to do");
                return Disposition::Done;
            }
            Err(error) => {
                tracing::warn!(%error, "could not claim");
                return Disposition::Retry;
            }
        };
        match self.work(&claim).await {
            Ok(Some(ended)) => {
                let mut requested = ended.requested;
                if ended.is_due {
                    // More was announced meanwhile.
                    requested.push(run);
                }
                self.doorbell.ring(&requested, correlation_id).await;
                Disposition::Done
            }
            Ok(None) => {
                tracing::info!("fenced: the claim is no longer ours");
                Disposition::Done
            }
            Err(defeat) => stage::fail(&self.store, &claim, defeat).await.0,
        }
    }
}

/// A recording with the hash of what it was read from; `None` of what is gone.
type Content<'a> = Option<(&'a Prepared<'a>, &'a [u8; 32])>;

/// How a claim ended.
struct Ended {
    /// What is to be computed now.
    requested: Vec<RunKey>,
    /// Whether the provider is to be asked again at once.
    is_due: bool,
}

impl FetchActivity {
    /// Asks, and ends the claim; `None` when it was fenced.
    async fn work(&self, claim: &Claim) -> Result<Option<Ended>, Defeat> {
        let Some(known) = self.look(claim.run).await? else {
            return Ok(None);
        };
        let asking = Asking {
            store: &self.store,
            keys: &self.keys,
            http: &self.http,
            sources: &self.sources,
            run: claim.run,
            known: &known,
        };
        let asked_at = clock::now();
        let answered = asking.ask().await?;
        faults::stage_point(StageName::Fetch, "after_ask");
        match answered {
            Answered::Brought {
                name,
                recording,
                source_sha256,
                again,
            } => {
                let prepared = Prepared::new(&recording, name.as_deref());
                let content = Some((&prepared, &source_sha256));
                self.bring_in(claim, &known, content, asked_at, again).await
            }
            Answered::Gone => self.bring_in(claim, &known, None, asked_at, None).await,
            Answered::Later(later) => self.postpone(claim, &later).await,
        }
    }

    async fn look(&self, run: RunKey) -> Result<Option<Fetchable>, StoreError> {
        let mut tx = self.store.begin(run.user_id).await?;
        let known = workouts::find_fetched(&mut tx, run.user_id, run.workout_id).await;
        end(tx).await;
        known
    }

    /// Stores an answer and ends the claim, in one transaction.
    async fn bring_in(
        &self,
        claim: &Claim,
        known: &Fetchable,
        content: Content<'_>,
        asked_at: DateTime<Utc>,
        again: Option<Later>,
    ) -> Result<Option<Ended>, Defeat> {
        let mut tx = self.store.begin(claim.run.user_id).await?;
        let brought = bring_in(&mut tx, claim, known, content, asked_at, again).await;
        faults::stage_point(StageName::Fetch, "before_finish_commit");
        let (ingested, is_due) = match brought {
            Ok(Some(brought)) => {
                tx.commit().await?;
                brought
            }
            Ok(None) => {
                end(tx).await;
                return Ok(None);
            }
            Err(error) => {
                end(tx).await;
                return Err(error.into());
            }
        };
        faults::stage_point(StageName::Fetch, "after_finish_commit");
        tracing::info!(outcome = ingested.outcome.as_str(), "brought in");
        Ok(Some(Ended {
            requested: ingested.runs(claim.run.user_id),
            is_due,
        }))
    }

    async fn postpone(&self, claim: &Claim, later: &Later) -> Result<Option<Ended>, Defeat> {
        let wait_s = later.wait.as_secs();
        tracing::info!(reason = later.reason, wait_s, "postponed");
        let mut tx = self.store.begin(claim.run.user_id).await?;
        let postponed = stages::postpone_fetch(&mut tx, claim, later.postponement()).await;
        let is_due = settle(tx, postponed).await?;
        Ok(is_due.map(|is_due| Ended {
            requested: Vec::new(),
            is_due,
        }))
    }
}

/// Ends the claim and stores the answer; `None` when the claim was fenced, and then nothing must be
/// committed.
async fn bring_in(
    tx: &mut Tx,
    claim: &Claim,
    known: &Fetchable,
    content: Content<'_>,
    asked_at: DateTime<Utc>,
    again: Option<Later>,
) -> Result<Option<(Ingested, bool)>, StoreError> {
    let user = claim.run.user_id;
    // Before any row, as every transaction that ingests.
    tx.lock_user(user).await?;
    let is_due = match again {
        Some(later) => stages::postpone_fetch(tx, claim, later.postponement()).await?,
        None => stages::finish_fetch(tx, claim).await?,
    };
    let Some(is_due) = is_due else {
        return Ok(None);
    };
    let key = ProviderKey::activity(&known.provider, &known.provider_activity_id);
    // An answer is of the time of its question: whatever the provider said before is older.
    let told_at = Some(asked_at);
    let ingested = match content {
        Some((prepared, source)) => prepared.ingest(tx, user, key, source, told_at).await?,
        None => ingest::delete(tx, user, key, told_at).await?,
    };
    Ok(Some((ingested, is_due)))
}
