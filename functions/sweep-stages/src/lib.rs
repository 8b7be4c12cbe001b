//! The repair pass: take back dead claims, ring lost doorbells, settle dead letters, make records that
//! could not be made.
//!
//! The schedule makes it ask the ledger what is not yet true, so it needs no memory of what went
//! wrong. The queues of dead letters tell it which runs nobody could answer for.

#![forbid(unsafe_code)]

use domain::id::WorkoutId;
use domain::stage::StageName;
use lambda_runtime::{LambdaEvent, service_fn};
use platform::app::{StartError, settle};
use platform::batch;
use platform::config::{self, LIMITS, Pace};
use platform::doorbell::Doorbell;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use store::stages::{self, RunKey};
use store::{Store, StoreError};
use store::{deliveries, rate_limits, records};

/// What the sweep borrows.
struct Sweep {
    store: Store,
    doorbell: Doorbell,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Claims that were taken back.
    pub rescued: u64,
    /// Doorbells that were rung.
    pub rung: usize,
    /// Records that were made though they could not be made before, each of an exercise and a grip.
    pub repaired: usize,
}

impl Sweep {
    fn from_environment() -> Result<Self, StartError> {
        let store = Store::new(&config::database(Pace::Background)?)?;
        let doorbell = Doorbell::from_environment(&StageName::ALL)?;
        Ok(Self { store, doorbell })
    }

    async fn sweep(&self, correlation_id: &str) -> Result<Swept, StoreError> {
        let (rescued, unrung) = self.find().await?;
        // No transaction is open while SQS is asked; ringing twice is harmless.
        let rung = self.doorbell.ring(&unrung, correlation_id).await;
        self.mark(&rung).await?;
        let repaired = self.repair().await?;
        Ok(Swept {
            rescued,
            rung: rung.len(),
            repaired,
        })
    }

    /// Makes records that could not be made, each for itself, so that one does not hold up the others.
    async fn repair(&self) -> Result<usize, StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let noted = records::list_repairs(&mut tx, LIMITS.sweep_size).await;
        let noted = settle(tx, noted).await?;
        let mut repaired = 0;
        for (user, key) in noted {
            let mut tx = self.store.begin(user).await?;
            let kept = async {
                tx.lock_user(user).await?;
                records::keep(&mut tx, user, &BTreeSet::from([key])).await
            };
            let kept = kept.await;
            match settle(tx, kept).await {
                Ok(kept) if kept.is_pending => {}
                Ok(_) => repaired += 1,
                // Whoever is busy is asked again in a minute.
                Err(StoreError::Contended(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(repaired)
    }

    async fn find(&self) -> Result<(u64, Vec<RunKey>), StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let found = async {
            let size = LIMITS.sweep_size;
            let rescued = stages::rescue_claims(&mut tx, LIMITS.most_attempts, size).await?;
            let unrung = stages::list_unrung(&mut tx, LIMITS.ring_again_after, size).await?;
            deliveries::forget_bodies(&mut tx, LIMITS.keep_bodies, size).await?;
            rate_limits::forget_full(&mut tx, size).await?;
            Ok((rescued, unrung))
        };
        let found = found.await;
        settle(tx, found).await
    }

    async fn mark(&self, rung: &[RunKey]) -> Result<(), StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let marked = async {
            for stage in StageName::ALL {
                let workouts: Vec<WorkoutId> = rung
                    .iter()
                    .filter(|run| run.stage == stage)
                    .map(|run| run.workout_id)
                    .collect();
                stages::mark_rung(&mut tx, stage, &workouts).await?;
            }
            Ok(())
        };
        let marked = marked.await;
        settle(tx, marked).await
    }
}

/// Sweeps whenever the schedule says so, and settles dead letters, until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    let sweep = Sweep::from_environment()?;
    let sweep = &sweep;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let answer = match batch::batch(event.payload)? {
            Some(letters) => {
                let answered = batch::answer_dead_letters(&sweep.store, letters).await?;
                serde_json::to_value(answered)?
            }
            None => {
                let swept = sweep.sweep(&event.context.request_id).await?;
                let Swept {
                    rescued,
                    rung,
                    repaired,
                } = swept;
                tracing::info!(rescued, rung, repaired, "swept");
                serde_json::to_value(swept)?
            }
        };
        Ok::<_, platform::Error>(answer)
    }))
    .await
}
