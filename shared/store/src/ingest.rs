//! The ingest transaction: workout, recording, plan link and stage requests, all or nothing.
//!
//! Whoever brings data (a webhook, an upload, later a fetch) ends here. The caller opens the
//! transaction, holds the user's lock, and commits.

use crate::attach::{decide, rematch_date};
use crate::workouts::{self, Known, ProviderKey, Reported};
use crate::{StoreError, Tx, athletes, deletions, stages};
use chrono::{DateTime, Utc};
use domain::id::{UserId, WorkoutId};
use domain::local_date::local_date;
use uuid::Uuid;

/// What a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The activity was not known.
    Created,
    /// The provider says something else than before.
    Changed,
    /// The provider says the same as before; at most the time of its word changed.
    Unchanged,
    /// The provider said something newer before; no row changed.
    Stale,
    /// The workout is a tombstone now.
    Deleted,
    /// There was nothing to delete; what comes later and is not newer will be stale.
    Absent,
}

impl Outcome {
    /// The name used in the database and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Deleted => "deleted",
            Self::Absent => "absent",
        }
    }
}

/// What ingest did, and whose doorbells should ring after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The workout; `None` when there is none, because it was deleted before it came.
    pub workout_id: Option<WorkoutId>,
    /// What was done.
    pub outcome: Outcome,
    /// Workouts whose stages were requested.
    pub requested: Vec<WorkoutId>,
}

/// Stores what a provider reports, attaches the plan, and requests the stages.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn ingest(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    reported: &Reported<'_>,
    columns: &[u8],
    source_sha256: &[u8],
) -> Result<Ingested, StoreError> {
    let known = workouts::find_by_provider(tx, user, key).await?;
    let already = match &known {
        Some(known) => already(known, reported),
        None => {
            let deleted = deletions::find_early_deletion(tx, user, key).await?;
            let stale = deleted.is_some_and(|at| !is_newer(reported.provider_time, Some(at)));
            stale.then_some(Outcome::Stale)
        }
    };
    if let Some(outcome) = already {
        let workout_id = known.as_ref().map(Known::workout_id);
        if let (Some(workout), Outcome::Unchanged) = (workout_id, outcome) {
            workouts::confirm_workout(tx, user, workout, reported.provider_time).await?;
        }
        return Ok(Ingested {
            workout_id,
            outcome,
            requested: Vec::new(),
        });
    }

    let workout = known
        .as_ref()
        .map_or_else(|| WorkoutId(Uuid::now_v7()), Known::workout_id);
    let date = match &known {
        Some(known) => known.local_date,
        None => {
            let zone = athletes::find_time_zone(tx, user).await?.parse().ok();
            local_date(
                reported.recording.start_utc,
                reported.recording.utc_offset_s,
                zone,
            )
        }
    };

    let mut requested = vec![workout];
    let generation = match &known {
        None => {
            let decision = decide(tx, user, date, workout, reported.executed).await?;
            workouts::insert_workout(tx, user, workout, key, date, reported, &decision).await?;
            1
        }
        Some(known) => {
            let generation = workouts::update_workout(tx, user, workout, reported).await?;
            if !known.plan_pinned {
                let decision = decide(tx, user, date, workout, reported.executed).await?;
                workouts::set_plan(tx, user, workout, &decision, false).await?;
                if known.planned_id().is_some() && decision.planned_id != known.planned_id() {
                    requested.extend(rematch_date(tx, user, date).await?);
                }
            }
            generation
        }
    };
    workouts::upsert_recording(
        tx,
        user,
        workout,
        reported.recording,
        columns,
        source_sha256,
    )
    .await?;
    stages::request_stages(tx, user, workout, generation).await?;

    let outcome = if known.is_some() {
        Outcome::Changed
    } else {
        Outcome::Created
    };
    Ok(Ingested {
        workout_id: Some(workout),
        outcome,
        requested,
    })
}

/// Turns a workout into a tombstone, which frees its plan, or remembers that none may come.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    provider_time: Option<DateTime<Utc>>,
) -> Result<Ingested, StoreError> {
    let Some(known) = workouts::find_by_provider(tx, user, key).await? else {
        if let Some(time) = provider_time {
            deletions::remember_early_deletion(tx, user, key, time).await?;
        }
        return Ok(Ingested {
            workout_id: None,
            outcome: Outcome::Absent,
            requested: Vec::new(),
        });
    };
    let workout_id = Some(known.workout_id());
    if known.deleted {
        workouts::confirm_workout(tx, user, known.workout_id(), provider_time).await?;
        return Ok(Ingested {
            workout_id,
            outcome: Outcome::Unchanged,
            requested: Vec::new(),
        });
    }
    // At the same time the deletion wins: what is gone cannot be asked for again.
    if is_older(provider_time, known.provider_time) {
        return Ok(Ingested {
            workout_id,
            outcome: Outcome::Stale,
            requested: Vec::new(),
        });
    }
    workouts::tombstone_workout(tx, user, known.workout_id(), provider_time).await?;
    let requested = rematch_date(tx, user, known.local_date).await?;
    Ok(Ingested {
        workout_id,
        outcome: Outcome::Deleted,
        requested,
    })
}

/// Whether nothing is to be done for what is reported, and why.
fn already(known: &Known, reported: &Reported<'_>) -> Option<Outcome> {
    if known.deleted {
        let newer = is_newer(reported.provider_time, known.provider_time);
        return (!newer).then_some(Outcome::Stale);
    }
    if is_older(reported.provider_time, known.provider_time) {
        return Some(Outcome::Stale);
    }
    (known.content_sha256 == reported.content_sha256).then_some(Outcome::Unchanged)
}

/// Whether a report is of a later time than a deletion; one without a time is of now.
fn is_newer(reported: Option<DateTime<Utc>>, deleted: Option<DateTime<Utc>>) -> bool {
    !matches!((reported, deleted), (Some(reported), Some(deleted)) if reported <= deleted)
}

fn is_older(reported: Option<DateTime<Utc>>, known: Option<DateTime<Utc>>) -> bool {
    matches!((reported, known), (Some(reported), Some(known)) if reported < known)
}
