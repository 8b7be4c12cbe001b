//! What a finished log becomes: a workout whose sets are those that were done.
//!
//! It is taken in as what is logged set by set is, in the transaction that finishes the log. Each set's
//! id is made of its place in the log, so what is done again, or after an edit, is never there twice.

use crate::failure::Failure;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::id::{LogExerciseId, LogId, SetId, UserId, WorkoutId};
use domain::local_date::{local_date, utc_offset_s};
use domain::log::Hundredths;
use domain::merging::ATHLETE;
use domain::set::{SetContent, Side, WeightUnit};
use domain::sport::Sport;
use platform::lifting;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use store::logs::Log;
use store::sets::{self, NewSet, Refused, Set, Teller};
use store::workouts::{self, Announced, ProviderKey};
use store::{Tx, athletes, ingest};
use uuid::Builder;

/// What became of a finished log.
pub(crate) struct Settled {
    /// Its workout, if anything was done.
    pub(crate) workout: Option<WorkoutId>,
    /// Workouts whose stages are due.
    pub(crate) changed: Vec<WorkoutId>,
    /// Whether records of its sets could not be made yet, and will be.
    pub(crate) is_pending: bool,
}

/// Brings the workout of a finished log up to what the log says now, in a transaction that holds the
/// user's lock. Its sets stay as they are unless the log says something else of them.
pub(crate) async fn settle(
    tx: &mut Tx,
    user: UserId,
    log: &Log,
    completed_at: DateTime<Utc>,
    tells_of_sets: bool,
) -> Result<Settled, Failure> {
    let (_, zone) = athletes::find_locale(tx, user).await?;
    let ended_at = moment(log.details.date, completed_at, &zone);
    let started_at = began(log, ended_at);
    let wanted = done_sets(log, ended_at);
    let activity_id = log.log_id.to_string();
    let key = ProviderKey::activity(ATHLETE, &activity_id);
    let workout = match workouts::find_by_provider(tx, user, key).await? {
        // The athlete deleted the workout: what was logged stays, and becomes none again.
        Some(known) if known.deleted => return Ok(Settled::nothing(log.workout_id)),
        Some(known) => known.workout_id(),
        None if wanted.is_empty() => return Ok(Settled::nothing(None)),
        None => {
            let announced = Announced {
                at: started_at,
                utc_offset_s: utc_offset_s(started_at, &zone),
                sport: Sport::Strength,
                name: Some(&log.details.name),
            };
            ingest::begin(tx, user, key, &announced).await?
        }
    };

    // What is not told again is not undone: a set that was deleted there stays so.
    let is_pending = tells_of_sets && write_sets(tx, user, workout, &wanted, ended_at).await?;
    let session = sets::find_session(tx, user, workout).await?;
    let mut session = session.ok_or(Failure::Overtaken)?;
    session.name = Some(log.details.name.clone());
    session.started_at = started_at;
    let duration_s = lifting::duration_s(&session, ended_at);
    let ingested = lifting::take_in(tx, user, &session, duration_s).await?;
    Ok(Settled {
        workout: Some(workout),
        changed: ingested.requested,
        is_pending,
    })
}

impl Settled {
    fn nothing(workout: Option<WorkoutId>) -> Self {
        Self {
            workout,
            changed: Vec::new(),
            is_pending: false,
        }
    }
}

/// Logs, changes and deletes sets by the paths of sets, so that records follow; answers whether some of
/// these come later.
async fn write_sets(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    wanted: &[NewSet],
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let mut is_pending = false;
    let listed = sets::list(tx, user, workout).await?.into_iter();
    let mut known: BTreeMap<SetId, Set> = listed
        .map(|listed| (listed.set.set_id, listed.set))
        .filter(|(_, set)| set.workout_id == workout && set.told_by == ATHLETE)
        .collect();
    let mut new = Vec::new();
    for set in wanted {
        let before = known.remove(&set.set_id);
        match before {
            Some(before) if before.exercise_id == set.exercise_id => {
                // A log says no more of a set than this; the rest was typed there.
                let content = SetContent {
                    reps: set.content.reps,
                    weight: set.content.weight,
                    weight_unit: set.content.weight_unit,
                    is_completed: true,
                    ..before.content.clone()
                };
                let performed_at = set.performed_at.unwrap_or(now);
                let replaced = sets::replace(tx, user, &before, &content, performed_at).await?;
                // Its grips are those that it has, and the lock is held.
                is_pending |= replaced.map_err(|_| Failure::Overtaken)?.is_pending;
            }
            Some(before) => {
                is_pending |= sets::delete(tx, user, &before).await?.is_pending;
                new.push(set.clone());
            }
            None => new.push(set.clone()),
        }
    }
    for gone in known.values() {
        is_pending |= sets::delete(tx, user, gone).await?.is_pending;
    }
    if new.is_empty() {
        return Ok(is_pending);
    }
    match sets::log(tx, user, workout, Teller::ATHLETE, now, &new).await? {
        Ok(logged) => Ok(is_pending || logged.kept.is_pending),
        Err(Refused::TooMany) => {
            let problem = "have more completed sets than the 500 that a workout may have";
            Err(crate::body::field("/exercises", problem).into())
        }
        Err(Refused::NoExercise(_) | Refused::NoGrip(..) | Refused::IdTaken(_)) => {
            Err(Failure::Overtaken)
        }
    }
}

/// The sets that were done, a microsecond apart, so that what sorts by time has them in their order.
fn done_sets(log: &Log, ended_at: DateTime<Utc>) -> Vec<NewSet> {
    let unit = if log.details.weight_unit == "lb" {
        WeightUnit::Lb
    } else {
        WeightUnit::Kg
    };
    let mut sets = Vec::new();
    let mut next = ended_at;
    for row in &log.exercises {
        let work = &row.work;
        let each = work.reps.iter().zip(&work.weights).zip(&work.completed);
        for (index, ((reps, weight), is_completed)) in each.enumerate() {
            let performed_at = next;
            next += TimeDelta::microseconds(1);
            if !is_completed {
                continue;
            }
            sets.push(NewSet {
                set_id: set_id(log.log_id, row.id, index),
                exercise_id: work.exercise_id,
                side: Side::Both,
                content: SetContent {
                    reps: reps.map(i64::from),
                    weight: weight.map(Hundredths::get),
                    weight_unit: weight.map(|_| unit),
                    is_completed: true,
                    ..SetContent::default()
                },
                performed_at: Some(performed_at),
            });
        }
    }
    sets
}

/// The id of a set, by its place in a log: of version 8, which RFC 9562 leaves to who makes it.
fn set_id(log: LogId, exercise: LogExerciseId, index: usize) -> SetId {
    let digest = Sha256::digest(format!("{log}/{exercise}/{index}"));
    let mut bytes = [0; 16];
    for (byte, digit) in bytes.iter_mut().zip(digest) {
        *byte = digit;
    }
    SetId(Builder::from_custom_bytes(bytes).into_uuid())
}

/// When a session of this date ended: when it was finished, if that was its date; else at noon.
fn moment(date: NaiveDate, completed_at: DateTime<Utc>, zone: &str) -> DateTime<Utc> {
    if local_date(completed_at, None, zone.parse().ok()) == date {
        return completed_at;
    }
    let noon = date.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(12);
    let offset = utc_offset_s(noon, zone).unwrap_or_default();
    noon - TimeDelta::seconds(offset.into())
}

/// When it began: so long before as it took, else when the log was made, if that was on the same day.
fn began(log: &Log, ended_at: DateTime<Utc>) -> DateTime<Utc> {
    match log.details.duration_s {
        Some(seconds) => ended_at - TimeDelta::seconds(seconds.into()),
        None if (ended_at - TimeDelta::days(1)..=ended_at).contains(&log.created_at) => {
            log.created_at
        }
        None => ended_at,
    }
}
