//! Workout logs and their exercises, one function per statement.

use crate::{StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ExerciseId, LogId, ProgramId, UserId, WorkoutId};
use domain::log::Stored;
use domain::log::diff::Diff;
use domain::log::error::PLACE;
use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

/// The constraint that an id is one log's.
const ID: &str = "workout_logs_pkey";

/// A day of a program; weeks and days count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// Which program.
    pub program_id: ProgramId,
    /// Which week.
    pub week_index: i32,
    /// Which day of it.
    pub day_index: i32,
}

/// What a log says beside its exercises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// What the athlete calls it.
    pub name: String,
    /// The athlete's own date.
    pub date: NaiveDate,
    /// How long it took.
    pub duration_s: Option<i32>,
    /// In the athlete's words.
    pub notes: Option<String>,
    /// `kg` or `lb`, of every weight in it.
    pub weight_unit: String,
}

/// A log as clients see it; `E` is what is shown of its exercises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogOf<E> {
    /// Its id, which stays.
    pub log_id: LogId,
    /// The program that it is of.
    pub program_id: Option<ProgramId>,
    /// The week of the program, from 0.
    pub week_index: Option<i32>,
    /// The day of the week, from 0.
    pub day_index: Option<i32>,
    /// What it says.
    #[serde(flatten)]
    pub details: Details,
    /// When it was finished.
    pub completed_at: Option<DateTime<Utc>>,
    /// The workout that its sets became.
    pub workout_id: Option<WorkoutId>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Its exercises.
    pub exercises: E,
}

/// A log with its exercises in their order.
pub type Log = LogOf<Vec<Stored>>;

/// A log with the number of its exercises.
pub type Summary = LogOf<i64>;

#[derive(Debug, FromRow)]
struct Columns {
    id: Uuid,
    program_id: Option<Uuid>,
    week_index: Option<i32>,
    day_index: Option<i32>,
    name: String,
    date: NaiveDate,
    duration_s: Option<i32>,
    notes: Option<String>,
    weight_unit: String,
    completed_at: Option<DateTime<Utc>>,
    workout_id: Option<Uuid>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Columns {
    fn with<E>(self, exercises: E) -> LogOf<E> {
        LogOf {
            log_id: LogId(self.id),
            program_id: self.program_id.map(ProgramId),
            week_index: self.week_index,
            day_index: self.day_index,
            details: Details {
                name: self.name,
                date: self.date,
                duration_s: self.duration_s,
                notes: self.notes,
                weight_unit: self.weight_unit,
            },
            completed_at: self.completed_at,
            workout_id: self.workout_id.map(WorkoutId),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            exercises,
        }
    }
}

#[derive(Debug, FromRow)]
struct LogRow {
    #[sqlx(flatten)]
    columns: Columns,
    exercises: Json<Vec<Stored>>,
}

#[derive(Debug, FromRow)]
struct SummaryRow {
    #[sqlx(flatten)]
    columns: Columns,
    exercises: i64,
}

/// What the lookup of a place found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How many weeks the program has.
    pub weeks: i32,
    /// How many days a week has.
    pub days: i32,
    /// The log of the place.
    pub log: Option<LogId>,
}

/// Looks up what is at a place; `None` when there is no such program.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_place(
    tx: &mut Tx,
    user: UserId,
    place: Place,
) -> Result<Option<Found>, StoreError> {
    let query = tx
        .query_as::<(i32, i32, Option<Uuid>)>(include_str!("../queries/logs/find_place.sql"))
        .bind(place.program_id.0)
        .bind(user.0)
        .bind(place.week_index)
        .bind(place.day_index);
    let found = tx.fetch_optional(query).await?;
    Ok(found.map(|(weeks, days, log)| Found {
        weeks,
        days,
        log: log.map(LogId),
    }))
}

/// Finds one log; with a place only if it is there.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_log(
    tx: &mut Tx,
    user: UserId,
    log: LogId,
    place: Option<Place>,
) -> Result<Option<Log>, StoreError> {
    let query = tx
        .query_as::<LogRow>(include_str!("../queries/logs/find_log.sql"))
        .bind(log.0)
        .bind(user.0)
        .bind(place.map(|place| place.program_id.0))
        .bind(place.map(|place| place.week_index))
        .bind(place.map(|place| place.day_index));
    let row = tx.fetch_optional(query).await?;
    Ok(row.map(|row| row.columns.with(row.exercises.0)))
}

/// Where a page of logs begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct LogPage {
    /// The last log of the page before.
    pub after: (NaiveDate, LogId),
    /// Of this program; of all and none without it.
    pub program: Option<ProgramId>,
    /// Most rows.
    pub limit: i64,
}

/// Lists logs, the latest dates first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_logs(
    tx: &mut Tx,
    user: UserId,
    page: LogPage,
) -> Result<Vec<Summary>, StoreError> {
    let query = tx
        .query_as::<SummaryRow>(include_str!("../queries/logs/list_logs.sql"))
        .bind(user.0)
        .bind(page.after.0)
        .bind(page.after.1.0)
        .bind(page.program.map(|program| program.0))
        .bind(page.limit);
    let rows = tx.fetch_all(query).await?;
    Ok(rows
        .into_iter()
        .map(|row| row.columns.with(row.exercises))
        .collect())
}

/// What came of storing a new log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is there.
    Yes,
    /// Another one is at its place; nothing was written.
    PlaceTaken,
    /// Another one has its id; nothing was written.
    IdTaken,
}

/// Stores a new log without exercises.
///
/// # Errors
/// [`StoreError`] when the database is away, or when any other constraint refuses it.
pub async fn insert_log(
    tx: &mut Tx,
    user: UserId,
    log: LogId,
    place: Option<Place>,
    details: &Details,
) -> Result<Inserted, StoreError> {
    tx.save().await?;
    let query = tx
        .query(include_str!("../queries/logs/insert_log.sql"))
        .bind(log.0)
        .bind(user.0)
        .bind(place.map(|place| place.program_id.0))
        .bind(place.map(|place| place.week_index))
        .bind(place.map(|place| place.day_index))
        .bind(details.name.clone())
        .bind(details.date)
        .bind(details.duration_s)
        .bind(details.notes.clone())
        .bind(details.weight_unit.clone());
    let taken = match tx.execute(query).await {
        Ok(_) => return Ok(Inserted::Yes),
        Err(error) if error.is_constraint(PLACE) => Inserted::PlaceTaken,
        Err(error) if error.is_constraint(ID) => Inserted::IdTaken,
        Err(error) => return Err(error),
    };
    tx.undo().await?;
    Ok(taken)
}

/// Writes what a log says and raises its version; `completed_at` counts only when it was not
/// finished before. `false` when it is not of this version any more.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn update_log(
    tx: &mut Tx,
    user: UserId,
    log: &Log,
    details: &Details,
    completed_at: Option<DateTime<Utc>>,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/logs/update_log.sql"))
        .bind(log.log_id.0)
        .bind(user.0)
        .bind(log.version)
        .bind(details.name.clone())
        .bind(details.date)
        .bind(details.duration_s)
        .bind(details.notes.clone())
        .bind(details.weight_unit.clone())
        .bind(completed_at);
    Ok(tx.execute(query).await? > 0)
}

/// Notes which workout a finished log became.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn set_workout(
    tx: &mut Tx,
    user: UserId,
    log: LogId,
    workout: Option<WorkoutId>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/logs/set_workout.sql"))
        .bind(log.0)
        .bind(user.0)
        .bind(workout.map(|workout| workout.0));
    tx.execute(query).await?;
    Ok(())
}

/// Deletes a log with its exercises; `false` when there is none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete_log(tx: &mut Tx, user: UserId, log: LogId) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/logs/delete_log.sql"))
        .bind(log.0)
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}

/// How many rows of exercises were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Written {
    /// New ones.
    pub inserted: u64,
    /// Ones with another content.
    pub updated: u64,
    /// Ones with another place alone.
    pub moved: u64,
    /// Ones that are gone.
    pub deleted: u64,
}

impl Written {
    /// All of them.
    pub fn rows(self) -> u64 {
        self.inserted + self.updated + self.moved + self.deleted
    }
}

/// Writes the rows of a difference, in at most one statement of each kind.
///
/// # Errors
/// [`StoreError`] when the database is away, or a constraint refuses a row.
pub async fn write_exercises(
    tx: &mut Tx,
    user: UserId,
    log: LogId,
    diff: &Diff,
) -> Result<Written, StoreError> {
    let mut written = Written::default();
    if !diff.deleted.is_empty() {
        let ids: Vec<Uuid> = diff.deleted.iter().map(|id| id.0).collect();
        let query = tx
            .query(include_str!("../queries/logs/delete_exercises.sql"))
            .bind(log.0)
            .bind(user.0)
            .bind(ids);
        written.deleted = tx.execute(query).await?;
    }
    if !diff.updated.is_empty() {
        let sql = include_str!("../queries/logs/update_exercises.sql");
        written.updated = write_rows(tx, user, log, sql, diff.updated.clone()).await?;
    }
    if !diff.moved.is_empty() {
        let sql = include_str!("../queries/logs/move_exercises.sql");
        written.moved = write_rows(tx, user, log, sql, diff.moved.clone()).await?;
    }
    if !diff.inserted.is_empty() {
        let sql = include_str!("../queries/logs/insert_exercises.sql");
        written.inserted = write_rows(tx, user, log, sql, diff.inserted.clone()).await?;
    }
    Ok(written)
}

async fn write_rows<R: Serialize + Send + Sync + 'static>(
    tx: &mut Tx,
    user: UserId,
    log: LogId,
    sql: &'static str,
    rows: Vec<R>,
) -> Result<u64, StoreError> {
    let query = tx.query(sql).bind(log.0).bind(user.0).bind(Json(rows));
    tx.execute(query).await
}

/// Lists those of some exercises that are neither of the catalogue nor this user's own.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_unknown_exercises(
    tx: &mut Tx,
    user: UserId,
    exercises: &[ExerciseId],
) -> Result<Vec<ExerciseId>, StoreError> {
    let ids: Vec<Uuid> = exercises.iter().map(|id| id.0).collect();
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/logs/list_unknown_exercises.sql"))
        .bind(user.0)
        .bind(ids);
    let unknown = tx.fetch_all(query).await?;
    Ok(unknown.into_iter().map(|(id,)| ExerciseId(id)).collect())
}
