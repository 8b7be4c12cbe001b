//! Deletions of activities that are not known yet: without a workout there is no tombstone.

use crate::workouts::ProviderKey;
use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;

/// Remembers that an activity which never came was deleted.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn remember_early_deletion(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    provider_time: DateTime<Utc>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/deletions/upsert_early_deletion.sql"
        ))
        .bind(user.0)
        .bind(key.provider.to_owned())
        .bind(key.activity_id.to_owned())
        .bind(key.session_index)
        .bind(provider_time);
    tx.execute(query).await?;
    Ok(())
}
