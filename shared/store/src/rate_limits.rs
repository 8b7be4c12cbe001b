//! How often something may be tried, counted once for every instance.

use crate::{StoreError, Tx};
use std::time::Duration;

/// A bucket that an attempt is taken from.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// SHA-256 of what it is of.
    pub key_sha256: [u8; 32],
    /// How many attempts it holds.
    pub most: u32,
    /// How long it takes to fill.
    pub per: Duration,
}

impl Bucket {
    fn cost(&self) -> f64 {
        self.per.as_secs_f64() / f64::from(self.most.max(1))
    }
}

/// Takes one attempt from every bucket; when one is empty, says how long to wait, and then the
/// transaction must be rolled back.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn take(tx: &mut Tx, buckets: &[Bucket]) -> Result<Option<Duration>, StoreError> {
    let keys: Vec<Vec<u8>> = buckets.iter().map(|b| b.key_sha256.to_vec()).collect();
    let costs: Vec<f64> = buckets.iter().map(Bucket::cost).collect();
    let holds: Vec<f64> = buckets.iter().map(|b| b.per.as_secs_f64()).collect();
    let query = tx
        .query_as::<(Vec<u8>,)>(include_str!("../queries/rate_limits/take.sql"))
        .bind(keys.clone())
        .bind(costs)
        .bind(holds);
    let taken = tx.fetch_all(query).await?;
    if taken.len() == buckets.len() {
        return Ok(None);
    }
    let empty: Vec<Vec<u8>> = keys
        .into_iter()
        .filter(|key| !taken.iter().any(|(taken,)| taken == key))
        .collect();
    let query = tx
        .query_as::<(Option<f64>,)>(include_str!("../queries/rate_limits/wait.sql"))
        .bind(empty);
    let (wait,) = tx.fetch_one(query).await?;
    let wait = Duration::try_from_secs_f64(wait.unwrap_or_default()).unwrap_or_default();
    Ok(Some(wait))
}

/// Forgets buckets that are full, at most `limit` of them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn forget_full(tx: &mut Tx, limit: i64) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/rate_limits/forget_full.sql"))
        .bind(limit);
    tx.execute(query).await
}
