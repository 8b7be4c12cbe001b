//! People and the provider accounts that are theirs.

use crate::{StoreError, Tx};
use domain::id::UserId;
use uuid::Uuid;

/// Finds whose account this is; the transaction must have been opened for the account.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_user_by_connection(
    tx: &mut Tx,
    provider: &str,
    provider_user_id: &str,
) -> Result<Option<UserId>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/users/find_user_by_connection.sql"))
        .bind(provider.to_owned())
        .bind(provider_user_id.to_owned());
    Ok(tx.fetch_optional(query).await?.map(|(id,)| UserId(id)))
}

/// Whether the user exists and may use the platform.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn is_active(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/users/find_active_user.sql"))
        .bind(user.0);
    Ok(tx.fetch_optional(query).await?.is_some())
}

/// Whether the user may use the platform and still has this account.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn is_connected(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    provider_user_id: &str,
) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/users/find_connected_user.sql"))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(provider_user_id.to_owned());
    Ok(tx.fetch_optional(query).await?.is_some())
}

/// Makes sure that a user exists; for set-up by the schema's owner.
///
/// # Errors
/// [`StoreError`] when the role may not, or the database is away.
pub async fn ensure_user(tx: &mut Tx, user: UserId, display_name: &str) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/users/upsert_user.sql"))
        .bind(user.0)
        .bind(display_name.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Makes sure that a provider account is a user's, unless it is another's.
///
/// # Errors
/// [`StoreError`] when the role may not, or the database is away.
pub async fn ensure_connection(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    provider_user_id: &str,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/users/upsert_connection.sql"))
        .bind(Uuid::now_v7())
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(provider_user_id.to_owned());
    tx.execute(query).await?;
    Ok(())
}
