//! Bringing in an athlete's past: asked for by hand, listed page by page.

use crate::{StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::UserId;
use sqlx::FromRow;
use uuid::Uuid;

/// A backfill whose list is not at its end.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unlisted {
    /// From when on activities are wanted.
    pub since: DateTime<Utc>,
    /// When it was asked for, which tells it from one that was begun anew.
    pub until: DateTime<Utc>,
    /// Which page comes next, in the provider's words; the first without.
    pub next_page: Option<String>,
}

/// What a page held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How many activities.
    pub found: i64,
    /// Which page comes next; `None` when it was the last one.
    pub next: Option<String>,
}

/// Begins a backfill from a date on (UTC); `false` when the athlete has no connection that works.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn begin_backfill(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    since: NaiveDate,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/backfills/begin_backfill.sql"))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(since);
    Ok(tx.execute(query).await? > 0)
}

/// Finds a connection's backfill, unless its list is at its end.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_unlisted(
    tx: &mut Tx,
    user: UserId,
    connection: Uuid,
) -> Result<Option<Unlisted>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/backfills/find_unlisted.sql"))
        .bind(connection)
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Counts a page; `false` when it was counted already, or the backfill was begun anew.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn advance_backfill(
    tx: &mut Tx,
    user: UserId,
    connection: Uuid,
    unlisted: &Unlisted,
    counted: &Counted,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/backfills/advance_backfill.sql"))
        .bind(connection)
        .bind(user.0)
        .bind(unlisted.until)
        .bind(unlisted.next_page.clone())
        .bind(counted.found)
        .bind(counted.next.clone());
    Ok(tx.execute(query).await? > 0)
}
