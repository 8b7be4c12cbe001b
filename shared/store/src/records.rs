//! Personal records: derived of sets, and made anew whenever one of their sets changes.
//!
//! [`keep`] is the one writer. Its caller holds the user's lock and has written the sets in the same
//! transaction, so a record and its set are true together.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use domain::record::RecordKind;
use sqlx::FromRow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which records: those of one exercise with one grip.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// The grips of the set as the database writes them; empty for none.
    pub grip_key: String,
}

/// A key as statements answer it.
#[derive(Debug, FromRow)]
pub(crate) struct KeyRow {
    exercise_id: Uuid,
    grip_key: String,
}

/// Each key once.
pub(crate) fn keys(rows: Vec<KeyRow>) -> BTreeSet<RecordKey> {
    let key = |row: KeyRow| RecordKey {
        exercise_id: ExerciseId(row.exercise_id),
        grip_key: row.grip_key,
    };
    rows.into_iter().map(key).collect()
}

/// What became of records whose sets changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "whoever logged a set is told when its records come later"]
pub struct Kept {
    /// Whether some could not be made, and will be.
    pub is_pending: bool,
}

/// Makes the records of these keys anew, of all sets that are there now.
///
/// What cannot be made is undone, logged and noted to be made later: records are derived, and never
/// cost the sets that they are of.
///
/// # Errors
/// [`StoreError`] when the database is away; then nothing of the transaction is true.
pub async fn keep(
    tx: &mut Tx,
    user: UserId,
    keys: &BTreeSet<RecordKey>,
) -> Result<Kept, StoreError> {
    write(tx, user, keys, None).await
}

/// As [`keep`], where all that happened is that sets were added to one workout, and the records were
/// right before: however many sets there are, only that workout's are looked at.
pub(crate) async fn keep_added(
    tx: &mut Tx,
    user: UserId,
    keys: &BTreeSet<RecordKey>,
    workout: WorkoutId,
) -> Result<Kept, StoreError> {
    write(tx, user, keys, Some(workout)).await
}

async fn write(
    tx: &mut Tx,
    user: UserId,
    keys: &BTreeSet<RecordKey>,
    added_to: Option<WorkoutId>,
) -> Result<Kept, StoreError> {
    let mut kept = Kept::default();
    if keys.is_empty() {
        return Ok(kept);
    }
    tx.save().await?;
    for key in keys {
        if let Err(error) = make(tx, user, key, added_to).await {
            tx.undo().await?;
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(
                code = "records_failed",
                exercise.id = %key.exercise_id,
                %error,
                cause,
                "records could not be made, and will be"
            );
            for key in keys {
                note_repair(tx, user, key, &error).await?;
            }
            kept.is_pending = true;
            break;
        }
    }
    Ok(kept)
}

async fn make(
    tx: &mut Tx,
    user: UserId,
    key: &RecordKey,
    added_to: Option<WorkoutId>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/records/make_records.sql"))
        .bind(user.0)
        .bind(key.exercise_id.0)
        .bind(key.grip_key.clone())
        .bind(added_to.map(|workout| workout.0));
    tx.execute(query).await?;
    Ok(())
}

async fn note_repair(
    tx: &mut Tx,
    user: UserId,
    key: &RecordKey,
    error: &StoreError,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/records/note_repair.sql"))
        .bind(user.0)
        .bind(key.exercise_id.0)
        .bind(key.grip_key.clone())
        .bind(error.to_string());
    tx.execute(query).await?;
    Ok(())
}

/// Lists records that are to be made, of every user, the longest waiting first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_repairs(tx: &mut Tx, limit: i64) -> Result<Vec<(UserId, RecordKey)>, StoreError> {
    let query = tx
        .query_as::<(Uuid, Uuid, String)>(include_str!("../queries/records/list_repairs.sql"))
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    let key = |exercise, grip_key| RecordKey {
        exercise_id: ExerciseId(exercise),
        grip_key,
    };
    Ok(rows
        .into_iter()
        .map(|(user, exercise, grip_key)| (UserId(user), key(exercise, grip_key)))
        .collect())
}

/// What a set surpassed when it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Achieved {
    /// The set.
    pub set_id: SetId,
    /// What is greatest.
    pub kind: RecordKind,
    /// How much, in the kind's unit.
    pub value: f64,
    /// What was greatest before; `None` where this is the first.
    pub previous: Option<f64>,
}

/// Lists what sets of one exercise with one grip surpassed when they were done.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_achieved(
    tx: &mut Tx,
    user: UserId,
    key: &RecordKey,
    sets: &[SetId],
) -> Result<Vec<Achieved>, StoreError> {
    let query = tx
        .query_as::<(Uuid, String, f64, Option<f64>)>(include_str!(
            "../queries/records/list_achieved.sql"
        ))
        .bind(user.0)
        .bind(key.exercise_id.0)
        .bind(key.grip_key.clone())
        .bind(sets.iter().map(|set| set.0).collect::<Vec<_>>());
    let rows = tx.fetch_all(query).await?;
    rows.into_iter()
        .map(|(set, kind, value, previous)| {
            Ok(Achieved {
                set_id: SetId(set),
                kind: read_kind(&kind)?,
                value,
                previous,
            })
        })
        .collect()
}

fn read_kind(kind: &str) -> Result<RecordKind, StoreError> {
    RecordKind::from_name(kind)
        .ok_or_else(|| StoreError::corrupt(format!("unknown kind of record {kind}")))
}

/// A record, as it stands or once stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id; of one that once stood, its set's.
    pub id: Uuid,
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// What people call it.
    pub exercise_name: String,
    /// What is greatest.
    pub kind: RecordKind,
    /// With which grips.
    pub grips: Vec<String>,
    /// How much, in the kind's unit.
    pub value: f64,
    /// What was greatest before, where that was asked.
    pub previous: Option<f64>,
    /// When.
    pub achieved_at: DateTime<Utc>,
    /// With which set; of a workout's volume with its last one.
    pub set_id: SetId,
    /// In which workout.
    pub workout_id: WorkoutId,
}

#[derive(Debug, FromRow)]
struct RecordRow {
    id: Uuid,
    exercise_id: Uuid,
    exercise_name: String,
    kind: String,
    grip_key: String,
    value: f64,
    previous: Option<f64>,
    achieved_at: DateTime<Utc>,
    set_id: Uuid,
    workout_id: Uuid,
}

impl TryFrom<RecordRow> for Record {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let grips = row.grip_key.split(',').filter(|grip| !grip.is_empty());
        Ok(Self {
            id: row.id,
            exercise_id: ExerciseId(row.exercise_id),
            exercise_name: row.exercise_name,
            kind: read_kind(&row.kind)?,
            grips: grips.map(str::to_owned).collect(),
            value: row.value,
            previous: row.previous,
            achieved_at: row.achieved_at,
            set_id: SetId(row.set_id),
            workout_id: WorkoutId(row.workout_id),
        })
    }
}

/// Which records are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this exercise.
    pub exercise_id: Option<ExerciseId>,
    /// Of this kind.
    pub kind: Option<RecordKind>,
    /// With exactly these grips.
    pub grips: Option<Vec<String>>,
}

/// Lists the records that stand, the newest first, behind the last of the page before.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_records(
    tx: &mut Tx,
    user: UserId,
    filter: &Filter,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let query = tx
        .query_as::<RecordRow>(include_str!("../queries/records/list_records.sql"))
        .bind(user.0)
        .bind(filter.exercise_id.map(|id| id.0))
        .bind(filter.kind.map(RecordKind::as_str))
        .bind(filter.grips.clone())
        .bind(after.0)
        .bind(after.1)
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter().map(Record::try_from).collect()
}

/// Lists every record of an exercise that once stood, the newest first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_history(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let query = tx
        .query_as::<RecordRow>(include_str!("../queries/records/list_history.sql"))
        .bind(user.0)
        .bind(exercise.0)
        .bind(filter.kind.map(RecordKind::as_str))
        .bind(filter.grips.clone())
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter().map(Record::try_from).collect()
}

/// The most that was lifted at least so many times.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct RepMax {
    /// How many times, 1 to 12.
    pub reps: i32,
    /// Kilograms.
    pub weight_kg: f64,
    /// How many times it really was.
    pub reps_done: i32,
    /// When.
    pub performed_at: DateTime<Utc>,
    set_id: Uuid,
    workout_id: Uuid,
}

impl RepMax {
    /// With which set.
    pub fn set_id(&self) -> SetId {
        SetId(self.set_id)
    }

    /// In which workout.
    pub fn workout_id(&self) -> WorkoutId {
        WorkoutId(self.workout_id)
    }
}

/// Lists the most that was lifted one to twelve times of an exercise.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_rep_max(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    grips: Option<&[String]>,
) -> Result<Vec<RepMax>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/records/list_rep_max.sql"))
        .bind(user.0)
        .bind(exercise.0)
        .bind(grips.map(<[String]>::to_vec));
    tx.fetch_all(query).await
}
