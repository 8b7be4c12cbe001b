//! How often our application as a whole asks a provider.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};

/// A window of a provider's rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowLimit {
    /// Its length in seconds.
    pub length_s: i32,
    /// How many requests it takes.
    pub most: i32,
}

/// Takes one request out of every window; `false` when one is used up or the provider wants to be
/// left alone, and then the transaction must be rolled back.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn take_request(
    tx: &mut Tx,
    provider: &str,
    windows: &[WindowLimit],
    is_live: bool,
) -> Result<bool, StoreError> {
    let lengths: Vec<i32> = windows.iter().map(|window| window.length_s).collect();
    let most: Vec<i32> = windows.iter().map(|window| window.most).collect();
    let query = tx
        .query_as::<(i32,)>(include_str!("../queries/budgets/take_request.sql"))
        .bind(provider.to_owned())
        .bind(lengths)
        .bind(most)
        .bind(is_live);
    let taken = tx.fetch_all(query).await?.len() == windows.len();
    Ok(taken && !is_paused(tx, provider).await?)
}

/// Whether a provider wants to be left alone, which counts for one without windows too.
async fn is_paused(tx: &mut Tx, provider: &str) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/budgets/is_paused.sql"))
        .bind(provider.to_owned());
    Ok(tx
        .fetch_optional(query)
        .await?
        .is_some_and(|(paused,)| paused))
}

/// When a provider may be asked again.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn next_turn(
    tx: &mut Tx,
    provider: &str,
    is_live: bool,
) -> Result<DateTime<Utc>, StoreError> {
    let query = tx
        .query_as::<(DateTime<Utc>,)>(include_str!("../queries/budgets/next_turn.sql"))
        .bind(provider.to_owned())
        .bind(is_live);
    let (turn,) = tx.fetch_one(query).await?;
    Ok(turn)
}

/// Notes what a provider says of a window.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn note_usage(
    tx: &mut Tx,
    provider: &str,
    window: WindowLimit,
    used: i32,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/budgets/note_usage.sql"))
        .bind(provider.to_owned())
        .bind(window.length_s)
        .bind(window.most)
        .bind(used);
    tx.execute(query).await?;
    Ok(())
}

/// Leaves a provider alone until a time.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn pause_provider(
    tx: &mut Tx,
    provider: &str,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/budgets/pause_provider.sql"))
        .bind(provider.to_owned())
        .bind(until);
    tx.execute(query).await?;
    Ok(())
}
