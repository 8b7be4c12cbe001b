//! What athletes bring from a predecessor: read where its tables are, taken over, and taken back.
//!
//! Only the schema's owner does any of it. The caller acts for the user and holds the user's lock.

use crate::records::RecordKey;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use serde::Serialize;
use sqlx::FromRow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Lists whose rows there are in a predecessor's tables, whether they are here or not.
///
/// # Errors
/// [`StoreError`] when there is no such schema, or the database is away.
pub async fn list_users(tx: &mut Tx, schema: &str) -> Result<Vec<UserId>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/predecessor/list_users.sql"))
        .bind(schema.to_owned());
    let rows = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Counts the rows that nobody's can be, because what they belong to is gone, by kind.
///
/// # Errors
/// [`StoreError`] when there is no such schema, or the database is away.
pub async fn count_orphans(tx: &mut Tx, schema: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/predecessor/count_orphans.sql"))
        .bind(schema.to_owned());
    tx.fetch_all(query).await
}

/// Puts right a table of records that was bent in place, and says what was wrong.
///
/// # Errors
/// [`StoreError`] when somebody else holds the table, or the database is away.
pub async fn repair_records(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let query = tx.query_as::<(String,)>(include_str!("../queries/predecessor/repair_records.sql"));
    let rows = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(found,)| found).collect())
}

/// An exercise of a predecessor.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OldExercise {
    /// Its id there.
    pub id: Uuid,
    /// What it was called; `None` where nothing says.
    pub name: Option<String>,
}

/// Lists what a user's sets and records are of, and is not known to be one of ours yet.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_exercises(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
) -> Result<Vec<OldExercise>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/predecessor/list_exercises.sql"))
        .bind(schema.to_owned())
        .bind(user.0);
    tx.fetch_all(query).await
}

/// The kinds of rows that are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What is lifted.
    Exercise,
    /// A session.
    Workout,
    /// A set.
    Set,
    /// A log of a day.
    Log,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Exercise => "exercise",
            Self::Workout => "workout",
            Self::Set => "set",
            Self::Log => "log",
        }
    }
}

/// What something there is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// Its id there.
    pub source_id: Uuid,
    /// Its id here.
    pub id: Uuid,
    /// Whether it was made of it.
    pub is_made: bool,
}

/// Notes what was taken over.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn note_imports(
    tx: &mut Tx,
    user: UserId,
    kind: Kind,
    imports: &[Import],
) -> Result<(), StoreError> {
    if imports.is_empty() {
        return Ok(());
    }
    let source_ids: Vec<Uuid> = imports.iter().map(|import| import.source_id).collect();
    let ids: Vec<Uuid> = imports.iter().map(|import| import.id).collect();
    let made: Vec<bool> = imports.iter().map(|import| import.is_made).collect();
    let query = tx
        .query(include_str!("../queries/predecessor/note_imports.sql"))
        .bind(user.0)
        .bind(kind.as_str())
        .bind(source_ids)
        .bind(ids)
        .bind(made);
    tx.execute(query).await?;
    Ok(())
}

/// A session of a predecessor.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct OldSession {
    /// Its id there.
    pub id: Uuid,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// What the athlete called it.
    pub name: Option<String>,
    /// Seconds to its end, or to its last set where that was later or is all that is known.
    pub duration_s: Option<f64>,
}

/// Lists a user's sessions that were not taken over yet, the oldest first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_sessions(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
) -> Result<Vec<OldSession>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/predecessor/list_sessions.sql"))
        .bind(schema.to_owned())
        .bind(user.0);
    tx.fetch_all(query).await
}

/// A set that was taken over now.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenSet {
    /// Its id, there and here.
    pub set_id: SetId,
    /// Where it is here; `None` where another set has its id.
    pub place: Option<(WorkoutId, RecordKey)>,
    /// What was written of it and is not believable, and grips that nobody knows.
    pub doubts: Vec<String>,
}

#[derive(Debug, FromRow)]
struct TakenRow {
    id: Uuid,
    workout_id: Option<Uuid>,
    exercise_id: Option<Uuid>,
    grip_key: Option<String>,
    doubts: Vec<String>,
}

/// Takes a user's sets over, each with its own id, into the workouts and exercises that theirs became.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_sets(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<TakenSet>, StoreError> {
    let query = tx
        .query_as::<TakenRow>(include_str!("../queries/predecessor/insert_sets.sql"))
        .bind(schema.to_owned())
        .bind(user.0)
        .bind(now);
    let rows = tx.fetch_all(query).await?;
    let taken = |row: TakenRow| TakenSet {
        set_id: SetId(row.id),
        place: match (row.workout_id, row.exercise_id, row.grip_key) {
            (Some(workout), Some(exercise), Some(grip_key)) => {
                let key = RecordKey {
                    exercise_id: ExerciseId(exercise),
                    grip_key,
                };
                Some((WorkoutId(workout), key))
            }
            _ => None,
        },
        doubts: row.doubts,
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// What records claimed of one key, and what its sets say.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Claim {
    /// Our name of the exercise.
    pub exercise: Option<String>,
    /// The kind of record.
    pub kind: Option<String>,
    /// The grips; empty for none.
    pub grip_key: String,
    /// The greatest that was claimed.
    pub claimed: Option<f64>,
    /// What the sets say; `None` where no set says anything.
    pub rebuilt: Option<f64>,
    /// How many rows claimed something of it.
    pub rows: i64,
    /// How many of them had no set.
    pub orphans: i64,
    /// `agrees`, or why not.
    pub verdict: String,
}

/// Compares what a user's records claimed with the records of their sets, key by key.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn compare_records(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
) -> Result<Vec<Claim>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/predecessor/compare_records.sql"))
        .bind(schema.to_owned())
        .bind(user.0);
    tx.fetch_all(query).await
}

/// What came of a user's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub struct TakenLogs {
    /// Logs that are here now.
    pub logs: i64,
    /// Their exercises.
    pub exercises: i64,
    /// Logs that were another one of the same day, and are one with it.
    pub duplicates: i64,
    /// Exercises that only such another one had.
    pub rescued: i64,
    /// Exercises of which a newer one of the same day says something else or the same.
    pub superseded: i64,
    /// Logs of days of which there is a log here.
    pub taken_days: i64,
}

/// Takes a user's logs over, with the programs that they are of; of one day they are one.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_logs(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<TakenLogs, StoreError> {
    let query = tx
        .query(include_str!("../queries/predecessor/insert_programs.sql"))
        .bind(schema.to_owned())
        .bind(user.0)
        .bind(now);
    tx.execute(query).await?;
    let query = tx
        .query_as(include_str!("../queries/predecessor/insert_logs.sql"))
        .bind(schema.to_owned())
        .bind(user.0)
        .bind(now);
    tx.fetch_one(query).await
}

/// Lists everybody of whom something was taken over.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_importers(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let query = tx.query_as::<(Uuid,)>(include_str!("../queries/predecessor/list_importers.sql"));
    let rows = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Lists what was made of a user's rows of one kind.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_imported(tx: &mut Tx, user: UserId, kind: Kind) -> Result<Vec<Uuid>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/predecessor/list_imported.sql"))
        .bind(user.0)
        .bind(kind.as_str());
    let rows = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes back the sets that were taken over and not changed since, and answers how many, and the keys
/// of their records.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn undo_sets(
    tx: &mut Tx,
    user: UserId,
) -> Result<(i64, BTreeSet<RecordKey>), StoreError> {
    let query = tx
        .query_as::<(Uuid, String, i64)>(include_str!("../queries/predecessor/undo_sets.sql"))
        .bind(user.0);
    let rows = tx.fetch_all(query).await?;
    let sets = rows.iter().map(|(_, _, rows)| rows).sum();
    let keys = rows.into_iter().map(|(exercise, grip_key, _)| RecordKey {
        exercise_id: ExerciseId(exercise),
        grip_key,
    });
    Ok((sets, keys.collect()))
}

/// What was taken back beside sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// Workouts.
    pub workouts: u64,
    /// Exercises.
    pub exercises: u64,
    /// Logs.
    pub logs: u64,
}

/// Takes back the logs that were not changed since, the workouts that have no set any more, then the exercises of which there is none, and
/// forgets whatever went.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn undo_rest(tx: &mut Tx, user: UserId) -> Result<Undone, StoreError> {
    let logs = tx
        .query(include_str!("../queries/predecessor/undo_logs.sql"))
        .bind(user.0);
    let logs = tx.execute(logs).await?;
    let programs = tx
        .query(include_str!("../queries/predecessor/undo_programs.sql"))
        .bind(user.0);
    tx.execute(programs).await?;
    let workouts = tx
        .query(include_str!("../queries/predecessor/undo_workouts.sql"))
        .bind(user.0);
    let workouts = tx.execute(workouts).await?;
    let exercises = tx
        .query(include_str!("../queries/predecessor/undo_exercises.sql"))
        .bind(user.0);
    let exercises = tx.execute(exercises).await?;
    let forget = tx
        .query(include_str!("../queries/predecessor/forget_imports.sql"))
        .bind(user.0);
    tx.execute(forget).await?;
    Ok(Undone {
        workouts,
        exercises,
        logs,
    })
}
