//! Sets that a watch or an app recorded, in the same table as those that are logged by hand.
//!
//! Runs in the transaction that takes the recording in, under the user's lock. A recording without sets
//! costs nothing.

use crate::exercise_words::{as_name, name_exercises};
use crate::records::{self, KeyRow, RecordKey};
use crate::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{UserId, WorkoutId};
use domain::recording::{Recording, StrengthSet};
use serde::Serialize;
use sqlx::types::Json;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// The most repetitions of a set that are believed.
const MOST_REPS: u16 = 10_000;
/// The heaviest load that is believed, in kilograms.
const HEAVIEST_KG: f64 = 10_000.0;
/// The longest set and the longest rest that are believed, in seconds.
const LONGEST_S: f64 = 86_400.0;
/// The furthest set that is believed, in metres.
const FURTHEST_M: f64 = 1_000_000.0;

/// Whose recording it is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The workout.
    pub(crate) workout_id: WorkoutId,
    /// The provider, as which the sets are told.
    pub(crate) provider: &'a str,
}

/// A set as the statement reads it.
#[derive(Debug, Serialize)]
struct Told {
    place: usize,
    exercise_id: Uuid,
    kind: &'static str,
    reps: Option<u16>,
    weight_kg: Option<f64>,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    rpe: Option<f64>,
    rest_s: Option<u64>,
    performed_at: DateTime<Utc>,
}

/// Puts what a recording tells of sets into the place of what it told before, if it `had` any, and makes
/// the records anew of both. What the athlete added to the workout stays, behind them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn replace(
    tx: &mut Tx,
    user: UserId,
    source: Source<'_>,
    recording: &Recording,
    had: bool,
) -> Result<(), StoreError> {
    let told = tell(tx, user, recording).await?;
    if told.is_empty() && !had {
        return Ok(());
    }
    let mut keys = BTreeSet::new();
    if had {
        keys.extend(list_keys(tx, user, source).await?);
        let query = tx.query(include_str!("../queries/device_sets/defer_places.sql"));
        tx.execute(query).await?;
        let query = tx
            .query(include_str!("../queries/device_sets/delete_surplus.sql"))
            .bind(user.0)
            .bind(source.workout_id.0)
            .bind(source.provider.to_owned())
            .bind(i32::try_from(told.len()).unwrap_or(i32::MAX));
        tx.execute(query).await?;
    }
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/device_sets/upsert_sets.sql"))
        .bind(user.0)
        .bind(source.workout_id.0)
        .bind(source.provider.to_owned())
        .bind(Json(&told));
    keys.extend(records::keys(tx.fetch_all(query).await?));
    if had {
        let query = tx
            .query(include_str!("../queries/device_sets/settle_places.sql"))
            .bind(user.0)
            .bind(source.workout_id.0)
            .bind(source.provider.to_owned());
        tx.execute(query).await?;
    }
    // What cannot be made now is noted, and made later.
    records::keep(tx, user, &keys).await.map(drop)
}

/// Deletes every set of a workout, because it goes, and makes their records anew of the others.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn delete_all(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<(), StoreError> {
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/device_sets/delete_sets.sql"))
        .bind(user.0)
        .bind(workout.0);
    let keys = records::keys(tx.fetch_all(query).await?);
    records::keep(tx, user, &keys).await.map(drop)
}

async fn list_keys(
    tx: &mut Tx,
    user: UserId,
    source: Source<'_>,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/device_sets/list_keys.sql"))
        .bind(user.0)
        .bind(source.workout_id.0)
        .bind(source.provider.to_owned());
    Ok(records::keys(tx.fetch_all(query).await?))
}

/// The sets that were work, each with the rest that came after it.
async fn tell(tx: &mut Tx, user: UserId, recording: &Recording) -> Result<Vec<Told>, StoreError> {
    let mut active: Vec<(&StrengthSet, f64)> = Vec::new();
    for set in &recording.sets {
        if set.active {
            active.push((set, 0.0));
        } else if let (Some((_, rest_s)), Some(more_s)) = (active.last_mut(), set.duration_s) {
            *rest_s += more_s;
        }
    }
    if active.is_empty() {
        return Ok(Vec::new());
    }
    let names: BTreeSet<String> = active
        .iter()
        .map(|(set, _)| as_name(set.category.as_deref()))
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let named = name_exercises(tx, user, &names).await?;

    // Sources that tell the order of sets and not their times have them one after the other.
    let mut last_s = 0.0_f64;
    let within = |value: Option<f64>, most| value.filter(|value| (0.0..=most).contains(value));
    let told = (1..).zip(active).filter_map(|(place, (set, rest_s))| {
        let exercise = named.get(&as_name(set.category.as_deref()))?;
        let duration_s = within(set.duration_s, LONGEST_S);
        last_s = last_s.max(set.start_s + duration_s.unwrap_or_default());
        let rest = within(Some(rest_s), LONGEST_S).filter(|rest_s| *rest_s > 0.0);
        Some(Told {
            place,
            exercise_id: exercise.exercise_id.0,
            kind: set.counts_as().as_str(),
            reps: set.reps.filter(|reps| *reps <= MOST_REPS),
            weight_kg: within(set.weight_kg, HEAVIEST_KG),
            duration_s,
            distance_m: within(set.distance_m, FURTHEST_M),
            rpe: within(set.rpe, 10.0),
            rest_s: rest.map(|rest_s| span(rest_s).as_secs()),
            performed_at: moment(recording.start_utc, last_s, place),
        })
    });
    Ok(told.collect())
}

/// When a set ended, a little after the one before it.
fn moment(start: DateTime<Utc>, ended_s: f64, place: usize) -> DateTime<Utc> {
    let order = i64::try_from(place).unwrap_or_default();
    TimeDelta::from_std(span(ended_s))
        .ok()
        .and_then(|since| start.checked_add_signed(since))
        .unwrap_or(start)
        + TimeDelta::microseconds(order)
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}
