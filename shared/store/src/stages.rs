//! The ledger of stage runs: its guarded statements, and the little around them.
//!
//! Their arguments for being safe stand in the headers of `queries/stages/*.sql`.

use crate::athletes::ThresholdColumns;
use crate::workouts::sport;
use crate::{StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use domain::athlete::{Athlete, Sex};
use domain::id::{ClaimToken, PlannedId, UserId, WorkoutId};
use domain::plan::{Plan, PlannedWorkout};
use domain::stage::{StageInput, StageName, StageStatus};
use domain::{merging, recording};
use sqlx::FromRow;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;

/// Which run: one stage of one workout of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunKey {
    /// Whose.
    pub user_id: UserId,
    /// Of which workout.
    pub workout_id: WorkoutId,
    /// Which stage.
    pub stage: StageName,
}

impl RunKey {
    /// The runs that compute, of these workouts.
    pub fn computing(user: UserId, workouts: &[WorkoutId]) -> Vec<Self> {
        let runs = workouts.iter().flat_map(|workout| {
            StageName::COMPUTING.map(|stage| Self {
                user_id: user,
                workout_id: *workout,
                stage,
            })
        });
        runs.collect()
    }
}

/// The right to finish a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which run.
    pub run: RunKey,
    /// The fencing token.
    pub token: ClaimToken,
    /// The generation that was wanted when it was claimed.
    pub wanted: i64,
    /// The how-manieth attempt at that generation.
    pub attempt: i16,
}

/// Requests all three stages of a workout at a generation.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn request_stages(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    generation: i64,
) -> Result<(), StoreError> {
    let stages = StageName::COMPUTING.map(|stage| stage.as_str().to_owned());
    let query = tx
        .query(include_str!("../queries/stages/request_stages.sql"))
        .bind(workout.0)
        .bind(stages.to_vec())
        .bind(user.0)
        .bind(generation);
    tx.execute(query).await?;
    Ok(())
}

/// Requests that the provider is asked about a workout, once more than before.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn request_fetch(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/request_fetch.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.execute(query).await?;
    Ok(())
}

/// Requests again what could not be fetched of a workout and its sources, and answers which runs.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn revive_fetch(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Vec<RunKey>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/stages/revive_fetch.sql"))
        .bind(workout.0)
        .bind(user.0);
    let revived = tx.fetch_all(query).await?;
    Ok(fetches(user, revived))
}

/// Which part of the time for which something may be kept is over when it is asked for again: of
/// seven days, 42 hours are left.
const RENEW_AFTER: f64 = 0.75;
/// The most workouts of one athlete and provider that are asked for again at a time.
const MOST_RENEWED: i64 = 50;

/// Requests again what may not be kept for much longer of one provider's workouts, and answers which
/// runs.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn renew_fetches(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
) -> Result<Vec<RunKey>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/stages/renew_fetches.sql"))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(RENEW_AFTER)
        .bind(MOST_RENEWED);
    let renewed = tx.fetch_all(query).await?;
    Ok(fetches(user, renewed))
}

fn fetches(user: UserId, workouts: Vec<(Uuid,)>) -> Vec<RunKey> {
    let workouts = workouts.into_iter();
    workouts
        .map(|(workout,)| RunKey {
            user_id: user,
            workout_id: WorkoutId(workout),
            stage: StageName::Fetch,
        })
        .collect()
}

/// Whether any stage of a workout or of its sessions is still pending or processing.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn is_unfinished(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(i64,)>(include_str!("../queries/stages/count_unfinished.sql"))
        .bind(workout.0)
        .bind(user.0);
    Ok(tx
        .fetch_optional(query)
        .await?
        .is_some_and(|(count,)| count > 0))
}

/// Claims a run for a while; `None` when there is nothing to do.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn claim_stage(
    tx: &mut Tx,
    run: RunKey,
    token: ClaimToken,
    deadline: Duration,
    most_attempts: i16,
) -> Result<Option<Claim>, StoreError> {
    let query = tx
        .query_as::<(i64, i16)>(include_str!("../queries/stages/claim_stage.sql"))
        .bind(run.workout_id.0)
        .bind(run.stage.as_str())
        .bind(run.user_id.0)
        .bind(token.0)
        .bind(deadline.as_secs_f64())
        .bind(most_attempts);
    let row = tx.fetch_optional(query).await?;
    Ok(row.map(|(wanted, attempt)| Claim {
        run,
        token,
        wanted,
        attempt,
    }))
}

/// Takes the run's advisory lock for this transaction; `false` when somebody works on it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn try_lock_stage(tx: &mut Tx, run: RunKey) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/stages/try_lock_stage.sql"))
        .bind(run.workout_id.0)
        .bind(run.stage.as_str());
    Ok(tx
        .fetch_optional(query)
        .await?
        .is_some_and(|(locked,)| locked))
}

#[derive(Debug, FromRow)]
struct InputRow {
    generation: i64,
    leads: bool,
    provider: String,
    sport: String,
    sub_sport: Option<String>,
    local_date: NaiveDate,
    columns: Vec<u8>,
    sex: Option<String>,
    #[sqlx(flatten)]
    thresholds: ThresholdColumns,
    planned_id: Option<Uuid>,
    /// As the row of the plan was when it was linked; its columns are the plan's members.
    plan: Option<Json<Plan>>,
}

impl InputRow {
    fn plan(&mut self) -> Option<PlannedWorkout> {
        Some(PlannedWorkout {
            planned_id: PlannedId(self.planned_id?),
            plan: self.plan.take()?.0,
        })
    }
}

/// Loads a stage's whole input and the generation it makes up; `None` when the workout is gone.
///
/// # Errors
/// [`StoreError::Corrupt`] when what is stored cannot be read back.
pub async fn load_input(tx: &mut Tx, run: RunKey) -> Result<Option<(i64, StageInput)>, StoreError> {
    let query = tx
        .query_as::<InputRow>(include_str!("../queries/stages/load_input.sql"))
        .bind(run.workout_id.0)
        .bind(run.user_id.0);
    let mut rows = tx.fetch_all(query).await?;
    let mut parts = Vec::new();
    for row in &mut rows {
        let mut recording = recording::decode(&row.columns).map_err(StoreError::corrupt)?;
        recording.sport = sport(&row.sport)?;
        recording.sub_sport = row.sub_sport.take();
        parts.push((row.leads, row.provider.clone(), recording));
    }
    let Some(mut row) = rows.pop() else {
        return Ok(None);
    };
    let Some((recording, provenance)) = merging::told(parts) else {
        return Ok(None);
    };
    let plan = row.plan();
    let athlete = Athlete {
        sex: row.sex.as_deref().and_then(Sex::from_name),
        thresholds: row.thresholds.try_into()?,
    };
    let input = StageInput {
        recording,
        provenance,
        local_date: row.local_date,
        athlete,
        plan,
    };
    Ok(Some((row.generation, input)))
}

/// Ends a claim with a result of `generation`; `None` when the claim was fenced.
///
/// # Errors
/// [`StoreError`] when the database is away, or refuses the shape of the result.
pub async fn finish_stage(
    tx: &mut Tx,
    claim: &Claim,
    generation: i64,
    result: serde_json::Value,
    version: i32,
) -> Result<Option<StageStatus>, StoreError> {
    let query = tx
        .query_as::<(Option<String>,)>(include_str!("../queries/stages/finish_stage.sql"))
        .bind(claim.run.workout_id.0)
        .bind(claim.run.stage.as_str())
        .bind(claim.token.0)
        .bind(generation)
        .bind(Json(result))
        .bind(version);
    let status = tx.fetch_optional(query).await?.and_then(|(status,)| status);
    status.as_deref().map(read_status).transpose()
}

/// Ends the claim of a fetch in the transaction that stores its answer, and says whether more was
/// announced meanwhile; `None` when it was fenced, and then the transaction must not be committed.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn finish_fetch(tx: &mut Tx, claim: &Claim) -> Result<Option<bool>, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/stages/finish_fetch.sql"))
        .bind(claim.run.workout_id.0)
        .bind(claim.token.0)
        .bind(claim.wanted);
    Ok(tx.fetch_optional(query).await?.map(|(is_due,)| is_due))
}

/// Why and for how long a provider is left alone.
#[derive(Debug, Clone, Copy)]
pub struct Postponement<'a> {
    /// `code: one line`, for clients and people.
    pub reason: &'a str,
    /// How long.
    pub wait: Duration,
    /// Whether the provider was asked and was not ready, which is counted.
    pub not_ready: bool,
}

/// Ends a claim without a result and without a failure, and says whether more was announced
/// meanwhile; `None` when it was fenced.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn postpone_fetch(
    tx: &mut Tx,
    claim: &Claim,
    postponement: Postponement<'_>,
) -> Result<Option<bool>, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/stages/postpone_fetch.sql"))
        .bind(claim.run.workout_id.0)
        .bind(claim.run.stage.as_str())
        .bind(claim.token.0)
        .bind(claim.wanted)
        .bind(i16::from(postponement.not_ready))
        .bind(postponement.wait.as_secs_f64())
        .bind(postponement.reason.to_owned());
    Ok(tx.fetch_optional(query).await?.map(|(is_due,)| is_due))
}

/// How a claim failed.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// `code: one line`, for clients and people.
    pub error: &'a str,
    /// Whether trying again cannot help.
    pub permanent: bool,
    /// How many attempts a generation gets.
    pub most_attempts: i16,
}

/// Ends a claim without a result; `None` when the claim was fenced.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn fail_stage(
    tx: &mut Tx,
    claim: &Claim,
    failure: Failure<'_>,
) -> Result<Option<StageStatus>, StoreError> {
    let query = tx
        .query_as::<(String,)>(include_str!("../queries/stages/fail_stage.sql"))
        .bind(claim.run.workout_id.0)
        .bind(claim.run.stage.as_str())
        .bind(claim.token.0)
        .bind(claim.wanted)
        .bind(failure.permanent)
        .bind(failure.most_attempts)
        .bind(failure.error.to_owned());
    tx.fetch_optional(query)
        .await?
        .map(|(status,)| read_status(&status))
        .transpose()
}

/// Takes back expired claims and says how many.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rescue_claims(tx: &mut Tx, most_attempts: i16, limit: i64) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/rescue_claims.sql"))
        .bind(most_attempts)
        .bind(limit);
    tx.execute(query).await
}

/// Fails a run that a dead letter names, if nothing has happened to it for as long as a doorbell
/// lives; says whether it did.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn settle_dead_letter(
    tx: &mut Tx,
    run: RunKey,
    error: &str,
    doorbell_life: Duration,
    ring_overdue_after: Duration,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/settle_dead_letter.sql"))
        .bind(run.workout_id.0)
        .bind(run.stage.as_str())
        .bind(run.user_id.0)
        .bind(error.to_owned())
        .bind(doorbell_life.as_secs_f64())
        .bind(ring_overdue_after.as_secs_f64());
    Ok(tx.execute(query).await? > 0)
}

/// Which failed or stuck runs an operator means; nothing given means every one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of this stage.
    pub stage: Option<StageName>,
    /// Of this workout.
    pub workout_id: Option<WorkoutId>,
    /// Whose latest error has this code.
    pub code: Option<String>,
    /// Whether stuck runs are left out.
    pub failed_only: bool,
}

/// A run that may be requested again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrivable {
    /// Which run.
    pub run: RunKey,
    /// The generation that it is wanted for.
    pub wanted: i64,
    /// How it stands.
    pub status: StageStatus,
    /// `code: one line`, its latest.
    pub error: Option<String>,
}

/// Whether this connection's role sees the runs of every user.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn sees_every_run(tx: &mut Tx) -> Result<bool, StoreError> {
    let query = tx.query_as::<(bool,)>(include_str!("../queries/stages/sees_every_run.sql"));
    let (sees,) = tx.fetch_one(query).await?;
    Ok(sees)
}

/// Lists runs that may be requested again, the longest untouched first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_redrivable(
    tx: &mut Tx,
    selection: &Selection,
    stuck_after: Duration,
    limit: i64,
) -> Result<Vec<Redrivable>, StoreError> {
    let query = tx
        .query_as::<(Uuid, String, Uuid, i64, String, Option<String>)>(include_str!(
            "../queries/stages/list_redrivable.sql"
        ))
        .bind(selection.stage.map(StageName::as_str))
        .bind(selection.workout_id.map(|workout| workout.0))
        .bind(selection.code.clone())
        .bind(selection.failed_only)
        .bind(stuck_after.as_secs_f64())
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter()
        .map(|(workout, stage, user, wanted, status, error)| {
            Ok(Redrivable {
                run: RunKey {
                    user_id: UserId(user),
                    workout_id: WorkoutId(workout),
                    stage: read_stage(&stage)?,
                },
                wanted,
                status: read_status(&status)?,
                error,
            })
        })
        .collect()
}

/// Requests a failed or stuck run again at the generation it was listed with; says whether it was
/// still so.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn redrive_stage(
    tx: &mut Tx,
    run: RunKey,
    wanted: i64,
    stuck_after: Duration,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/redrive_stage.sql"))
        .bind(run.workout_id.0)
        .bind(run.stage.as_str())
        .bind(run.user_id.0)
        .bind(wanted)
        .bind(stuck_after.as_secs_f64());
    Ok(tx.execute(query).await? > 0)
}

/// Results of a stage that an older algorithm computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outdated {
    /// The stage.
    pub stage: StageName,
    /// The algorithm's version now; every lower one is outdated.
    pub version: i32,
    /// Computed at this time or later.
    pub since: Option<DateTime<Utc>>,
}

/// How many outdated results there are, and how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Complete: they will be requested again.
    pub complete: i64,
    /// Pending or processing: they are on their way.
    pub waiting: i64,
    /// Failed: their old result is all there is.
    pub failed: i64,
}

/// Counts the outdated results.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn count_outdated(tx: &mut Tx, outdated: &Outdated) -> Result<Progress, StoreError> {
    let query = tx
        .query_as::<(i64, i64, i64)>(include_str!("../queries/stages/count_outdated.sql"))
        .bind(outdated.stage.as_str())
        .bind(outdated.version)
        .bind(outdated.since);
    let (complete, waiting, failed) = tx.fetch_one(query).await?;
    Ok(Progress {
        complete,
        waiting,
        failed,
    })
}

/// Requests the newest outdated results again, at most `limit` of them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn recompute_outdated(
    tx: &mut Tx,
    outdated: &Outdated,
    limit: i64,
) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/recompute_outdated.sql"))
        .bind(outdated.stage.as_str())
        .bind(outdated.version)
        .bind(outdated.since)
        .bind(limit);
    tx.execute(query).await
}

/// Lists pending runs whose doorbell was never rung, or so long ago that it must be lost.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_unrung(
    tx: &mut Tx,
    ring_again_after: Duration,
    limit: i64,
) -> Result<Vec<RunKey>, StoreError> {
    let query = tx
        .query_as::<(Uuid, String, Uuid)>(include_str!("../queries/stages/list_unrung.sql"))
        .bind(ring_again_after.as_secs_f64())
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter()
        .map(|(workout, stage, user)| {
            Ok(RunKey {
                user_id: UserId(user),
                workout_id: WorkoutId(workout),
                stage: read_stage(&stage)?,
            })
        })
        .collect()
}

/// Notes that doorbells were rung, so that the sweep waits before it rings again.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn mark_rung(
    tx: &mut Tx,
    stage: StageName,
    workouts: &[WorkoutId],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = workouts.iter().map(|w| w.0).collect();
    let query = tx
        .query(include_str!("../queries/stages/mark_rung.sql"))
        .bind(ids)
        .bind(stage.as_str());
    tx.execute(query).await?;
    Ok(())
}

/// Forgets all doorbells and claims, where the queue and the workers are known to be gone.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn forget_doorbells(tx: &mut Tx) -> Result<u64, StoreError> {
    let query = tx.query(include_str!("../queries/stages/forget_doorbells.sql"));
    tx.execute(query).await
}

fn read_stage(name: &str) -> Result<StageName, StoreError> {
    StageName::from_name(name).ok_or_else(|| StoreError::corrupt(format!("unknown stage {name}")))
}

fn read_status(name: &str) -> Result<StageStatus, StoreError> {
    StageStatus::from_name(name)
        .ok_or_else(|| StoreError::corrupt(format!("unknown status {name}")))
}

/// Takes away the runs of a workout that is computed as part of another one.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn delete_computing_runs(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/stages/delete_computing_runs.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.execute(query).await?;
    Ok(())
}
