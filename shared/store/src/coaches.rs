//! Whom an athlete lets read the logs, one function per statement.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{LogId, UserId};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

/// The constraint that a coach is a user.
const COACH: &str = "coach_permissions_coach_id_fkey";

/// A coach of an athlete.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Coach {
    /// Who it is.
    pub coach_id: Uuid,
    /// Since when.
    pub granted_at: DateTime<Utc>,
}

/// Lists the coaches of an athlete.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_coaches(tx: &mut Tx, user: UserId) -> Result<Vec<Coach>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/coaches/list_coaches.sql"))
        .bind(user.0);
    tx.fetch_all(query).await
}

/// Lets a coach read; `false` when there is no such user.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn allow_coach(tx: &mut Tx, user: UserId, coach: UserId) -> Result<bool, StoreError> {
    tx.save().await?;
    let query = tx
        .query(include_str!("../queries/coaches/insert_coach.sql"))
        .bind(user.0)
        .bind(coach.0);
    match tx.execute(query).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_constraint(COACH) => {
            tx.undo().await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Lets a coach read no more; `false` when it might not before.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn forbid_coach(tx: &mut Tx, user: UserId, coach: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/coaches/delete_coach.sql"))
        .bind(user.0)
        .bind(coach.0);
    Ok(tx.execute(query).await? > 0)
}

/// Whether an athlete lets this coach read.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn may_read(tx: &mut Tx, athlete: UserId, coach: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/coaches/may_read.sql"))
        .bind(athlete.0)
        .bind(coach.0);
    Ok(tx.fetch_one(query).await?.0)
}

/// Finds whose log it is, if that athlete lets this coach read.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_athlete_of_log(
    tx: &mut Tx,
    coach: UserId,
    log: LogId,
) -> Result<Option<UserId>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/coaches/find_athlete_of_log.sql"))
        .bind(log.0)
        .bind(coach.0);
    Ok(tx.fetch_optional(query).await?.map(|(user,)| UserId(user)))
}
