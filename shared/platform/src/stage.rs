//! The stage engine, written once: claim, locked work, finish or fail.
//!
//! A stage is a pure computation with a name; everything that can go wrong around it is here. The
//! claim is visible at once in a transaction of its own; the work holds the run's advisory lock
//! and everything it reads in one transaction; a failure is recorded in a fresh transaction after
//! an explicit rollback. The claim token decides who may write.

use crate::app::{StartError, settle};
use crate::batch::Answerer;
use crate::config::{self, LIMITS, Pace};
use crate::doorbell::Doorbell;
use crate::faults;
use domain::id::ClaimToken;
use domain::stage::{StageError, StageInput, StageName, StageStatus};
use serde::Serialize;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use store::stages::{self, Claim, Failure, RunKey};
use store::{Store, StoreError, Tx};
use uuid::Uuid;

/// One stage: a name, a version of its algorithm, and a pure computation.
pub trait Stage {
    /// Which stage it is.
    const NAME: StageName;
    /// Version of the algorithm; it rises when the same input gives another result.
    const VERSION: i32;
    /// What it computes: an object of exactly the keys that are the stage's own.
    type Output: Serialize;

    /// Computes the stage's result from its whole input.
    ///
    /// # Errors
    /// [`StageError`] when the input itself is not believable; trying again cannot help.
    fn compute(input: &StageInput) -> Result<Self::Output, StageError>;
}

/// What to do with a doorbell after it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Done, or nothing to do: the message may go.
    Done,
    /// Something may pass: the message must come again.
    Retry,
}

/// Why a claim did not end with a result.
enum Trouble {
    /// Somebody else holds the run's lock.
    Busy,
    /// The database; its own nature says whether trying again helps.
    Store(StoreError),
    /// The input, the algorithm, or the shape of its result.
    Permanent(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How a claim ended.
enum Ended {
    /// With a result; this is the run's status now.
    Finished(StageStatus),
    /// Without a write: the claim was fenced, or the workout is gone.
    Fenced,
}

/// Answers the doorbells of one stage that computes.
pub struct Worker<S> {
    store: Store,
    /// Its own bell, for when newer input is wanted.
    doorbell: Doorbell,
    stage: PhantomData<fn() -> S>,
}

impl<S: Stage> Worker<S> {
    /// One that works in this ledger and rings this bell.
    pub fn new(store: Store, doorbell: Doorbell) -> Self {
        Self {
            store,
            doorbell,
            stage: PhantomData,
        }
    }

    /// Builds it from the environment.
    ///
    /// # Errors
    /// [`StartError`] names the variable.
    pub fn from_environment() -> Result<Self, StartError> {
        let store = Store::new(&config::database(Pace::Background)?)?;
        let doorbell = Doorbell::from_environment(&[S::NAME])?;
        Ok(Self::new(store, doorbell))
    }
}

impl<S: Stage> Answerer for Worker<S> {
    const STAGE: StageName = S::NAME;

    async fn answer(&self, run: RunKey, correlation_id: &str) -> Disposition {
        let claim = match claim(&self.store, run).await {
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
        let ended = work::<S>(&self.store, &claim).await;
        match ended {
            Ok(Ended::Finished(StageStatus::Pending)) => {
                tracing::info!("superseded: newer input is wanted");
                self.doorbell.ring(&[run], correlation_id).await;
                Disposition::Done
            }
            Ok(Ended::Finished(status)) => {
                tracing::info!(status = status.as_str(), "finished");
                Disposition::Done
            }
            Ok(Ended::Fenced) => {
                tracing::info!("fenced: the claim is no longer ours");
                Disposition::Done
            }
            Err(trouble) => {
                let (disposition, status) = fail(&self.store, &claim, trouble.into()).await;
                if disposition == Disposition::Done && status == Some(StageStatus::Pending) {
                    // It failed for good, but for input that is no longer wanted.
                    self.doorbell.ring(&[run], correlation_id).await;
                }
                disposition
            }
        }
    }
}

/// Claims a run, visibly at once; `None` when there is nothing to do.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn claim(store: &Store, run: RunKey) -> Result<Option<Claim>, StoreError> {
    let token = ClaimToken(Uuid::new_v4());
    let mut tx = store.begin(run.user_id).await?;
    let claimed = stages::claim_stage(
        &mut tx,
        run,
        token,
        LIMITS.claim_deadline,
        LIMITS.most_attempts,
    )
    .await;
    let claimed = settle(tx, claimed).await?;
    if let Some(claim) = &claimed {
        faults::stage_point(run.stage, "after_claim");
        tracing::Span::current().record("stage.attempt", claim.attempt);
        tracing::info!(stage.generation = claim.wanted, "claimed");
    }
    Ok(claimed)
}

async fn work<S: Stage>(store: &Store, claim: &Claim) -> Result<Ended, Trouble> {
    let mut tx = store.begin(claim.run.user_id).await?;
    let ended = work_in::<S>(&mut tx, claim).await;
    faults::stage_point(S::NAME, "before_finish_commit");
    let ended = settle(tx, ended).await;
    faults::stage_point(S::NAME, "after_finish_commit");
    ended
}

async fn work_in<S: Stage>(tx: &mut Tx, claim: &Claim) -> Result<Ended, Trouble> {
    if !stages::try_lock_stage(tx, claim.run).await? {
        return Err(Trouble::Busy);
    }
    faults::stage_point(S::NAME, "after_lock");

    let Some((generation, input)) = stages::load_input(tx, claim.run).await? else {
        return Ok(Ended::Fenced);
    };
    faults::stage_point(S::NAME, "after_load");

    let result = compute::<S>(&input).map_err(Trouble::Permanent)?;
    faults::stage_point(S::NAME, "after_compute");

    let status = stages::finish_stage(tx, claim, generation, result, S::VERSION).await?;
    Ok(status.map_or(Ended::Fenced, Ended::Finished))
}

/// Computes, and turns what is wrong, a panic included, into one line with a code.
fn compute<S: Stage>(input: &StageInput) -> Result<serde_json::Value, String> {
    let output = catch_unwind(AssertUnwindSafe(|| {
        faults::stage_panic(S::NAME);
        S::compute(input)
    }))
    .map_err(|_| "internal: the computation panicked".to_owned())?
    .map_err(|error| error.to_string())?;
    serde_json::to_value(output).map_err(|error| format!("internal: {error}"))
}

/// Why a claim ends without a result, as clients see it.
pub struct Defeat {
    /// `code: one line`.
    pub error: String,
    /// Whether trying again cannot help.
    pub permanent: bool,
}

impl From<Trouble> for Defeat {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy => Self {
                error: "busy: another worker holds the run".to_owned(),
                permanent: false,
            },
            Trouble::Store(error) => error.into(),
            Trouble::Permanent(error) => Self {
                error,
                permanent: true,
            },
        }
    }
}

impl From<StoreError> for Defeat {
    fn from(error: StoreError) -> Self {
        if let StoreError::Corrupt(what) = error {
            return Self {
                error: format!("unreadable: {what}"),
                permanent: true,
            };
        }
        tracing::warn!(%error, cause = ?std::error::Error::source(&error), "the work failed");
        let code = if error.is_transient() {
            "unavailable"
        } else {
            "internal"
        };
        Self {
            error: format!("{code}: {error}"),
            permanent: !error.is_transient(),
        }
    }
}

/// Records a failure, and answers what to do with the doorbell and what the run's status is now.
pub async fn fail(
    store: &Store,
    claim: &Claim,
    defeat: Defeat,
) -> (Disposition, Option<StageStatus>) {
    let Defeat { error, permanent } = defeat;
    let failure = Failure {
        error: &error,
        permanent,
        most_attempts: LIMITS.most_attempts,
    };
    let recorded = async {
        let mut tx = store.begin(claim.run.user_id).await?;
        let failed = stages::fail_stage(&mut tx, claim, failure).await;
        settle(tx, failed).await
    };
    match recorded.await {
        Ok(status) => {
            let shown = status.map_or("fenced", StageStatus::as_str);
            tracing::warn!(error, status = shown, "did not finish");
            if permanent {
                (Disposition::Done, status)
            } else {
                (Disposition::Retry, status)
            }
        }
        Err(unrecorded) => {
            // The claim's deadline passes and the sweep takes it back.
            tracing::error!(error, %unrecorded, "could not record the failure");
            (Disposition::Retry, None)
        }
    }
}
