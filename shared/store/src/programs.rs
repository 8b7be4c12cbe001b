//! Programs, one function per statement.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{ProgramId, UserId};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

/// What a program is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// What the athlete calls it.
    pub name: String,
    /// How many weeks it takes.
    pub weeks: i32,
    /// How many days a week has.
    pub days: i32,
}

/// A program as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    /// Its id.
    pub program_id: ProgramId,
    /// What it is.
    #[serde(flatten)]
    pub outline: Outline,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, FromRow)]
struct ProgramRow {
    id: Uuid,
    name: String,
    weeks: i32,
    days: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ProgramRow> for Program {
    fn from(row: ProgramRow) -> Self {
        Self {
            program_id: ProgramId(row.id),
            outline: Outline {
                name: row.name,
                weeks: row.weeks,
                days: row.days,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Lists programs in the order in which they were made, after this one.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_programs(
    tx: &mut Tx,
    user: UserId,
    after: (DateTime<Utc>, ProgramId),
    limit: i64,
) -> Result<Vec<Program>, StoreError> {
    let query = tx
        .query_as::<ProgramRow>(include_str!("../queries/programs/list_programs.sql"))
        .bind(user.0)
        .bind(after.0)
        .bind(after.1.0)
        .bind(limit);
    let rows = tx.fetch_all(query).await?;
    Ok(rows.into_iter().map(Program::from).collect())
}

/// Finds one program.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_program(
    tx: &mut Tx,
    user: UserId,
    program: ProgramId,
) -> Result<Option<Program>, StoreError> {
    let query = tx
        .query_as::<ProgramRow>(include_str!("../queries/programs/find_program.sql"))
        .bind(program.0)
        .bind(user.0);
    Ok(tx.fetch_optional(query).await?.map(Program::from))
}

/// Stores a new program.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_program(
    tx: &mut Tx,
    user: UserId,
    program: ProgramId,
    outline: &Outline,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/programs/insert_program.sql"))
        .bind(program.0)
        .bind(user.0)
        .bind(outline.name.clone())
        .bind(outline.weeks)
        .bind(outline.days);
    tx.execute(query).await?;
    Ok(())
}

/// Replaces what a program is; the same again writes nothing.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn update_program(
    tx: &mut Tx,
    user: UserId,
    program: ProgramId,
    outline: &Outline,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/programs/update_program.sql"))
        .bind(program.0)
        .bind(user.0)
        .bind(outline.name.clone())
        .bind(outline.weeks)
        .bind(outline.days);
    tx.execute(query).await?;
    Ok(())
}

/// Deletes a program, of which the logs stay; `false` when there is none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete_program(
    tx: &mut Tx,
    user: UserId,
    program: ProgramId,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/programs/delete_program.sql"))
        .bind(program.0)
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}
