//! Which connections are to be asked what there is, because a webhook may have been lost.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use sqlx::FromRow;
use std::time::Duration;
use uuid::Uuid;

/// A connection that is due, claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The connection.
    pub connection_id: Uuid,
    /// Whose.
    pub user: UserId,
    /// The provider's name.
    pub provider: String,
    /// Until when everything is known; `None` when it was never asked.
    pub reconciled_at: Option<DateTime<Utc>>,
    /// When a webhook said that our access ended, if the provider was not asked since.
    pub doubted_at: Option<DateTime<Utc>>,
    /// The right to end it.
    pub claim: Uuid,
}

#[derive(Debug, FromRow)]
struct DueRow {
    connection_id: Uuid,
    user_id: Uuid,
    provider: String,
    reconciled_at: Option<DateTime<Utc>>,
    doubted_at: Option<DateTime<Utc>>,
}

/// Claims the connection that has been due the longest, of a provider that lists what there is, or
/// of one that tells whose access it is and whose word on that is in doubt.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn claim_due(
    tx: &mut Tx,
    deadline: Duration,
    listing: &[&str],
    telling: &[&str],
) -> Result<Option<Due>, StoreError> {
    let claim = Uuid::new_v4();
    let names = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let query = tx
        .query_as::<DueRow>(include_str!("../queries/reconciliations/claim_due.sql"))
        .bind(claim)
        .bind(deadline.as_secs_f64())
        .bind(names(listing))
        .bind(names(telling));
    Ok(tx.fetch_optional(query).await?.map(|row| Due {
        connection_id: row.connection_id,
        user: UserId(row.user_id),
        provider: row.provider,
        reconciled_at: row.reconciled_at,
        doubted_at: row.doubted_at,
        claim,
    }))
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Until when everything is known now; `None` when the provider did not answer.
    pub until: Option<DateTime<Utc>>,
    /// How much was found of which no webhook had told.
    pub repaired: i64,
    /// `code: one line`, when it did not answer.
    pub error: Option<String>,
    /// When it is due again.
    pub again: Duration,
}

/// Ends a claim.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn finish_reconciliation(
    tx: &mut Tx,
    due: &Due,
    reconciled: &Reconciled,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/reconciliations/finish_reconciliation.sql"
        ))
        .bind(due.connection_id)
        .bind(due.claim)
        .bind(reconciled.again.as_secs_f64())
        .bind(reconciled.until)
        .bind(reconciled.repaired)
        .bind(reconciled.error.clone())
        .bind(due.doubted_at);
    tx.execute(query).await?;
    Ok(())
}

/// Has an athlete's connection asked about as soon as may be, because it is new or new again.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn make_due(tx: &mut Tx, user: UserId, provider: &str) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/reconciliations/make_due.sql"))
        .bind(user.0)
        .bind(provider.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Has an athlete's connection asked about as soon as may be, because a webhook says that our access
/// ended.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn doubt_access(tx: &mut Tx, user: UserId, provider: &str) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/reconciliations/doubt_access.sql"))
        .bind(user.0)
        .bind(provider.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Has an athlete's connection asked about as soon as may be, because more of it is wanted.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn hasten(tx: &mut Tx, user: UserId, provider: &str) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/reconciliations/hasten.sql"))
        .bind(user.0)
        .bind(provider.to_owned());
    tx.execute(query).await?;
    Ok(())
}
