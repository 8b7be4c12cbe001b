//! Attaching a workout to the planned workout that it was, inside the caller's transaction.
//!
//! The choice is [`domain::matching::choose`]; here it is read, written and, when the link
//! changed, made an input of the stages. The caller holds the user's lock.

use crate::workouts::{self, Attachable};
use crate::{StoreError, Tx, plans, stages};
use chrono::NaiveDate;
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::{Decision, MatchReason, choose};

/// Decides which of the day's plans a workout was, without writing.
///
/// When the plans cannot be read, for whatever reason but the database being away, the workout is
/// left undecided rather than refused: what was done must be stored and computed all the same.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn decide(
    tx: &mut Tx,
    user: UserId,
    date: NaiveDate,
    workout: WorkoutId,
    executed: &domain::matching::Executed,
) -> Result<Decision, StoreError> {
    tx.save().await?;
    match plans::list_candidates(tx, user, date, workout).await {
        Ok(candidates) => Ok(choose(executed, &candidates)),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => {
            tx.undo().await?;
            Ok(Decision::without_weighing(MatchReason::Undecided, None))
        }
    }
}

/// Matches the workouts of a date that hold no plan, and answers those whose link changed.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rematch_date(
    tx: &mut Tx,
    user: UserId,
    date: NaiveDate,
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut changed = Vec::new();
    for workout in workouts::list_unattached(tx, user, date).await? {
        let decision = decide(tx, user, date, workout.workout_id, &workout.executed).await?;
        if write_decision(tx, user, &workout, &decision, false).await? {
            changed.push(workout.workout_id);
        }
    }
    Ok(changed)
}

/// How an explicit wish about a workout's plan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// There is no such workout.
    NoWorkout,
    /// It is several sessions; plans are for each by itself.
    PerSession,
    /// It was only announced, and has not come yet.
    AwaitsData,
    /// There is no such plan.
    NoPlan,
    /// Another live workout holds the plan.
    Taken,
    /// The wish is true now; these workouts' links changed.
    Granted(Vec<WorkoutId>),
}

/// Attaches the plan that the athlete names, for good.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn attach(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    planned: PlannedId,
) -> Result<Wish, StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, workout).await? else {
        return Ok(Wish::NoWorkout);
    };
    if let Some(refusal) = refusal(&workout) {
        return Ok(refusal);
    }
    let Some(plan) = plans::find_plan(tx, user, planned).await? else {
        return Ok(Wish::NoPlan);
    };
    if plan
        .workout_id
        .is_some_and(|holder| holder != workout.workout_id)
    {
        return Ok(Wish::Taken);
    }
    let decision = Decision::without_weighing(MatchReason::Attached, Some(planned));
    grant(tx, user, &workout, &decision).await
}

/// Detaches the plan, and remembers that the athlete wants none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn detach(tx: &mut Tx, user: UserId, workout: WorkoutId) -> Result<Wish, StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, workout).await? else {
        return Ok(Wish::NoWorkout);
    };
    if let Some(refusal) = refusal(&workout) {
        return Ok(refusal);
    }
    let decision = Decision::without_weighing(MatchReason::Detached, None);
    grant(tx, user, &workout, &decision).await
}

/// Why no plan can be wished for or away, whatever the wish.
fn refusal(workout: &Attachable) -> Option<Wish> {
    let reason = workout.decision.reason;
    if reason == MatchReason::PerSession {
        Some(Wish::PerSession)
    } else if reason == MatchReason::AwaitsData {
        Some(Wish::AwaitsData)
    } else {
        None
    }
}

async fn grant(
    tx: &mut Tx,
    user: UserId,
    workout: &Attachable,
    decision: &Decision,
) -> Result<Wish, StoreError> {
    let mut changed = Vec::new();
    if write_decision(tx, user, workout, decision, true).await? {
        changed.push(workout.workout_id);
        // The plan that was let go may be what another workout of the day was.
        changed.extend(rematch_date(tx, user, workout.local_date).await?);
    }
    Ok(Wish::Granted(changed))
}

/// Takes a plan off the workout that holds it, because the plan is going or moving.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn release_plan(
    tx: &mut Tx,
    user: UserId,
    holder: WorkoutId,
    reason: MatchReason,
) -> Result<bool, StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, holder).await? else {
        return Ok(false);
    };
    let decision = Decision::without_weighing(reason, None);
    write_decision(tx, user, &workout, &decision, false).await
}

/// Judges the holder of a plan again after the plan's content changed.
///
/// A choice of the athlete stands; a match is made anew. Either way the holder's input changed.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn reconsider(tx: &mut Tx, user: UserId, holder: WorkoutId) -> Result<(), StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, holder).await? else {
        return Ok(());
    };
    let link_changed = if workout.pinned {
        false
    } else {
        let decision = decide(
            tx,
            user,
            workout.local_date,
            workout.workout_id,
            &workout.executed,
        )
        .await?;
        write_decision(tx, user, &workout, &decision, false).await?
    };
    if !link_changed {
        renew(tx, user, holder).await?;
    }
    Ok(())
}

/// Renews a workout and its sessions, and answers all of them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn renew_whole(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut all = vec![workout];
    let sessions = workouts::list_sessions(tx, user, workout).await?;
    all.extend(sessions.iter().map(workouts::Known::workout_id));
    let mut renewed = Vec::new();
    for workout in all {
        if renew(tx, user, workout).await? {
            renewed.push(workout);
        }
    }
    Ok(renewed)
}

/// Raises the generation of a workout and requests its stages; `false` when there is none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn renew(tx: &mut Tx, user: UserId, workout: WorkoutId) -> Result<bool, StoreError> {
    let Some(generation) = workouts::raise_generation(tx, user, workout).await? else {
        return Ok(false);
    };
    stages::request_stages(tx, user, workout, generation).await?;
    Ok(true)
}

/// Writes a decision where it differs; answers whether the link itself changed.
async fn write_decision(
    tx: &mut Tx,
    user: UserId,
    workout: &Attachable,
    decision: &Decision,
    pinned: bool,
) -> Result<bool, StoreError> {
    if *decision == workout.decision && pinned == workout.pinned {
        return Ok(false);
    }
    workouts::set_plan(tx, user, workout.workout_id, decision, pinned).await?;
    let link_changed = decision.planned_id != workout.planned_id;
    if link_changed {
        renew(tx, user, workout.workout_id).await?;
    }
    Ok(link_changed)
}
