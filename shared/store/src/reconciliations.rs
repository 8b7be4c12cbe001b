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

/// Claims the connection that has been due the longest, of one of these providers.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn claim_due(
    tx: &mut Tx,
    deadline: Duration,
    providers: &[&str],
) -> Result<Option<Due>, StoreError> {
    let claim = Uuid::new_v4();
    let providers: Vec<String> = providers.iter().map(ToString::to_string).collect();
    let query = tx
        .query_as::<DueRow>(include_str!("../queries/reconciliations/claim_due.sql"))
        .bind(claim)
        .bind(deadline.as_secs_f64())
        .bind(providers);
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

/// Ends a claim, and notes when the connection last delivered.
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

/// From when on connections are asked about that an operator has asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookFrom {
    /// From where they were asked about last, with an overlap.
    TheLast,
    /// As if they had never been asked about.
    TheFirst,
}

/// Has connections asked about as soon as may be: those of one provider or all, of one athlete or
/// all; answers how many. A pass that asks about one right now does not count.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn make_all_due(
    tx: &mut Tx,
    provider: Option<&str>,
    user: Option<UserId>,
    from: LookFrom,
) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/reconciliations/make_all_due.sql"))
        .bind(provider.map(str::to_owned))
        .bind(user.map(|user| user.0))
        .bind(from == LookFrom::TheFirst);
    tx.execute(query).await
}

/// Whether this connection's role sees the connections of every user that are to be asked about.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn sees_every_connection(tx: &mut Tx) -> Result<bool, StoreError> {
    let query = tx.query_as::<(bool,)>(include_str!(
        "../queries/reconciliations/sees_every_connection.sql"
    ));
    let (sees,) = tx.fetch_one(query).await?;
    Ok(sees)
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

/// A provider of which nothing was heard for too long.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Silent {
    /// Its name.
    pub provider: String,
    /// How many connections to it work, as far as we know.
    pub connections: i64,
    /// When any of its connections delivered last; `None` when none ever did.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// Lists those of these providers of which nothing was heard for so long though somebody is
/// connected; what came since a connection was looked after last is not known yet.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_silent(
    tx: &mut Tx,
    providers: &[&str],
    after: Duration,
) -> Result<Vec<Silent>, StoreError> {
    let providers: Vec<String> = providers.iter().map(ToString::to_string).collect();
    let query = tx
        .query_as::<Silent>(include_str!("../queries/reconciliations/list_silent.sql"))
        .bind(providers)
        .bind(after.as_secs_f64());
    tx.fetch_all(query).await
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
