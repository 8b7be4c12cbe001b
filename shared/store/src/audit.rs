//! The audit log: who came in and what administrators did, written with what it tells of.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{CommunityId, UserId};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// What is written down.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Who did it; `None`: whoever tried is not known.
    pub user: Option<UserId>,
    /// What, as a word.
    pub action: &'static str,
    /// Whether it was refused.
    pub is_refused: bool,
    /// Whom it was done to.
    pub subject: Option<UserId>,
    /// The community that it was done in.
    pub community: Option<CommunityId>,
    /// Where the request came from.
    pub address: &'a str,
    /// What else is to be known, an object; never a secret.
    pub detail: Value,
}

impl<'a> Entry<'a> {
    /// An entry of somebody who did something.
    pub fn of(user: UserId, action: &'static str, address: &'a str) -> Self {
        Self {
            user: Some(user),
            action,
            is_refused: false,
            subject: None,
            community: None,
            address,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    /// An entry of a try that was refused, and of whom it was about.
    pub fn refused(action: &'static str, subject: Option<UserId>, address: &'a str) -> Self {
        Self {
            user: None,
            action,
            is_refused: true,
            subject,
            community: None,
            address,
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}

/// Writes an entry, in the transaction of what it tells of.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn write(tx: &mut Tx, entry: Entry<'_>) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/audit/insert_entry.sql"))
        .bind(Uuid::now_v7())
        .bind(entry.user.map(|user| user.0))
        .bind(entry.action)
        .bind(entry.is_refused)
        .bind(entry.subject.map(|user| user.0))
        .bind(entry.community.map(|community| community.0))
        .bind(entry.address.to_owned())
        .bind(entry.detail);
    tx.execute(query).await?;
    Ok(())
}

/// An entry as it is read.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Written {
    /// Its id, by which entries are in the order of time.
    pub entry_id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub user_id: Option<Uuid>,
    /// What.
    pub action: String,
    /// Whether it was refused.
    pub is_refused: bool,
    /// Whom it was done to.
    pub subject_id: Option<Uuid>,
    /// The community that it was done in.
    pub community_id: Option<Uuid>,
    /// Where the request came from.
    pub address: Option<String>,
    /// What else is to be known.
    pub detail: Value,
}

/// Which entries are read.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of whom.
    pub user: Option<UserId>,
    /// About whom.
    pub subject: Option<UserId>,
    /// Of what.
    pub action: Option<String>,
}

/// The entries before one, the newest first, of those that the transaction's user may read.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_entries(
    tx: &mut Tx,
    before: Uuid,
    filter: Filter,
    limit: i64,
) -> Result<Vec<Written>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/audit/list_entries.sql"))
        .bind(before)
        .bind(filter.user.map(|user| user.0))
        .bind(filter.subject.map(|user| user.0))
        .bind(filter.action)
        .bind(limit);
    tx.fetch_all(query).await
}
