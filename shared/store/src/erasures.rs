//! Taking a provider's data away, and the receipt of it that stays.

use crate::records::{self, KeyRow};
use crate::{StoreError, Tx, merging};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why a provider's data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The athlete disconnected the provider here.
    AthleteAsked,
    /// The provider said that our access ended, and refused it when it was asked.
    Deauthorised,
}

/// What goes, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Erasure<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// Why.
    pub why: Why,
    /// Whether the athlete's workouts of that provider, and all that belongs to them, stay.
    pub keeps_workouts: bool,
    /// Whether the provider said that our access is over; `None` when it was not asked to end it.
    pub revoked: Option<bool>,
}

/// What went.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Receipt {
    /// Its id.
    pub erasure_id: Uuid,
    /// The provider's name.
    pub provider: String,
    /// `athlete_asked` or `deauthorised`.
    pub why: String,
    /// Whether the provider said that our access is over.
    pub revoked: Option<bool>,
    /// How many rows went, by table.
    pub rows: Value,
    /// When.
    pub erased_at: DateTime<Utc>,
}

/// Erases an athlete's access to a provider and, unless they stay, all workouts of that provider;
/// `None` when there was nothing. The caller holds the user's lock.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn erase_provider(
    tx: &mut Tx,
    user: UserId,
    erasure: Erasure<'_>,
) -> Result<Option<Receipt>, StoreError> {
    let mut keys = BTreeSet::new();
    if !erasure.keeps_workouts {
        // The sweep rings for what is left of them.
        merging::part_from(tx, user, erasure.provider).await?;
        let query = tx
            .query_as::<KeyRow>(include_str!("../queries/erasures/list_keys.sql"))
            .bind(user.0)
            .bind(erasure.provider.to_owned());
        keys = records::keys(tx.fetch_all(query).await?);
    }
    let why = match erasure.why {
        Why::AthleteAsked => "athlete_asked",
        Why::Deauthorised => "deauthorised",
    };
    let query = tx
        .query_as(include_str!("../queries/erasures/erase_provider.sql"))
        .bind(Uuid::now_v7())
        .bind(user.0)
        .bind(erasure.provider.to_owned())
        .bind(erasure.keeps_workouts)
        .bind(why.to_owned())
        .bind(erasure.revoked);
    let receipt = tx.fetch_optional(query).await?;
    // What cannot be made now is noted, and made later.
    records::keep(tx, user, &keys).await.map(drop)?;
    Ok(receipt)
}

/// Lists what went of an athlete's, the newest first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_receipts(tx: &mut Tx, user: UserId) -> Result<Vec<Receipt>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/erasures/list_receipts.sql"))
        .bind(user.0);
    tx.fetch_all(query).await
}

/// Whether a webhook said that this connection's access ended and the provider refused it since.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn is_deauthorised(
    tx: &mut Tx,
    user: UserId,
    connection: Uuid,
) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/erasures/is_deauthorised.sql"))
        .bind(connection)
        .bind(user.0);
    Ok(tx.fetch_optional(query).await?.is_some())
}
