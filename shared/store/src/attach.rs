//! Attaching a workout to the planned workout that it was, inside the caller's transaction.
//!
//! The choice is [`domain::matching::choose`]; here it is read, written and, when the link
//! changed, made an input of the stages. The caller holds the user's lock.

use crate::workouts::{self, Attachable, Link};
use crate::{StoreError, Tx, plans, stages};
use chrono::NaiveDate;
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::{Decision, Executed, MatchReason, choose};
use domain::recording::PlanHint;

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
    executed: &Executed,
) -> Result<Decision, StoreError> {
    let named = match executed.hint {
        Some(PlanHint::PlannedId(planned)) => Some(planned),
        Some(PlanHint::Name(_)) | None => None,
    };
    tx.save().await?;
    match plans::list_candidates(tx, user, date, workout, named).await {
        Ok(candidates) => Ok(choose(executed, date, &candidates)),
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
    rematch(tx, user, date, date).await
}

/// The same after a plan of this date came, changed or went, of which the workouts of the days beside
/// it are told too: their decisions list it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rematch_near(
    tx: &mut Tx,
    user: UserId,
    date: NaiveDate,
) -> Result<Vec<WorkoutId>, StoreError> {
    let from = date.pred_opt().unwrap_or(date);
    let to = date.succ_opt().unwrap_or(date);
    rematch(tx, user, from, to).await
}

async fn rematch(
    tx: &mut Tx,
    user: UserId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut changed = Vec::new();
    for workout in workouts::list_unattached(tx, user, from, to).await? {
        let decision = weigh(tx, user, &workout, &workout.executed).await?;
        if write_decision(tx, user, &workout, &decision, Link::default()).await? {
            changed.push(workout.workout_id);
        }
    }
    Ok(changed)
}

async fn weigh(
    tx: &mut Tx,
    user: UserId,
    workout: &Attachable,
    executed: &Executed,
) -> Result<Decision, StoreError> {
    decide(tx, user, workout.local_date, workout.workout_id, executed).await
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
    if workout.pinned && workout.planned_id == Some(planned) && !workout.has_snapshot {
        return Ok(Wish::Granted(Vec::new()));
    }
    // What is wished for is looked at too, whatever its date.
    let executed = Executed {
        hint: Some(PlanHint::PlannedId(planned)),
        ..workout.executed.clone()
    };
    grant(tx, user, &workout, &executed, Some(planned)).await
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
    if workout.pinned && workout.planned_id.is_none() {
        return Ok(Wish::Granted(Vec::new()));
    }
    grant(tx, user, &workout, &workout.executed, None).await
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
    executed: &Executed,
    wanted: Option<PlannedId>,
) -> Result<Wish, StoreError> {
    let weighed = weigh(tx, user, workout, executed).await?;
    let decision = weighed.overruled(wanted, workout.planned_id);
    let link = Link {
        pinned: true,
        anew: true,
    };
    let mut changed = Vec::new();
    if write_decision(tx, user, workout, &decision, link).await? {
        changed.push(workout.workout_id);
        // The plan that was let go may be what another workout of the day was.
        changed.extend(rematch_date(tx, user, workout.local_date).await?);
    }
    Ok(Wish::Granted(changed))
}

/// Takes a plan off the workout that holds it, because the plan is going, and answers the date on
/// which that workout is to be matched again.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn release_plan(
    tx: &mut Tx,
    user: UserId,
    holder: WorkoutId,
    reason: MatchReason,
) -> Result<Option<NaiveDate>, StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, holder).await? else {
        return Ok(None);
    };
    let decision = Decision::without_weighing(reason, None);
    write_decision(tx, user, &workout, &decision, Link::default()).await?;
    Ok(Some(workout.local_date))
}

/// Judges the holder of a plan again after the plan or the holder's facts changed, and says whether
/// its input, or what is shown of it, changed.
///
/// A choice of the athlete stands; a match is made anew. `is_news` says that something is to be
/// computed or shown anew even if the link stays.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn reconsider(
    tx: &mut Tx,
    user: UserId,
    holder: WorkoutId,
    is_news: bool,
) -> Result<bool, StoreError> {
    let Some(workout) = workouts::find_for_attach(tx, user, holder).await? else {
        return Ok(false);
    };
    if !workout.pinned {
        let decision = weigh(tx, user, &workout, &workout.executed).await?;
        if write_decision(tx, user, &workout, &decision, Link::default()).await? {
            return Ok(true);
        }
    }
    if is_news {
        renew(tx, user, holder).await?;
    }
    Ok(is_news)
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

/// Writes a decision where it differs; answers whether the link itself changed, or was made anew
/// with a plan that was edited since.
async fn write_decision(
    tx: &mut Tx,
    user: UserId,
    workout: &Attachable,
    decision: &Decision,
    link: Link,
) -> Result<bool, StoreError> {
    let asks_anew = link.anew && workout.has_snapshot;
    if *decision == workout.decision && link.pinned == workout.pinned && !asks_anew {
        return Ok(false);
    }
    workouts::set_plan(tx, user, workout.workout_id, decision, link).await?;
    let link_changed = decision.planned_id != workout.planned_id || asks_anew;
    if link_changed {
        renew(tx, user, workout.workout_id).await?;
    }
    Ok(link_changed)
}
