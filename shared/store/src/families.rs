//! Refresh tokens: each is used once, and all that came of one login are a family.

use crate::{StoreError, Tx};
use domain::id::UserId;
use std::time::Duration;
use uuid::Uuid;

/// A token as it is issued.
#[derive(Debug, Clone, Copy)]
pub struct Issued<'a> {
    /// Its hash, which is all that is kept.
    pub token_sha256: &'a [u8],
    /// How long it may be used.
    pub life: Duration,
}

/// The family of a token that was just used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: Uuid,
    /// Whether it began with a login of an administrator.
    pub is_admins: bool,
}

/// Begins a family, unless its user may not come in any more; what has ended is forgotten.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn open_family(
    tx: &mut Tx,
    user: UserId,
    family: Family,
    life: Duration,
) -> Result<bool, StoreError> {
    let forget = tx
        .query(include_str!("../queries/families/forget_ended.sql"))
        .bind(user.0);
    tx.execute(forget).await?;
    let query = tx
        .query(include_str!("../queries/families/open_family.sql"))
        .bind(family.id)
        .bind(user.0)
        .bind(family.is_admins)
        .bind(life.as_secs_f64());
    Ok(tx.execute(query).await? > 0)
}

/// Remembers the next token of a family.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_token(
    tx: &mut Tx,
    family: Family,
    issued: Issued<'_>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/families/insert_token.sql"))
        .bind(issued.token_sha256.to_owned())
        .bind(family.id)
        .bind(issued.life.as_secs_f64());
    tx.execute(query).await?;
    Ok(())
}

/// Finds whose token this is, whatever became of it; the transaction sees that one row.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_owner(tx: &mut Tx, token_sha256: &[u8]) -> Result<Option<UserId>, StoreError> {
    let name = tx
        .query(include_str!("../queries/families/name_token.sql"))
        .bind(token_sha256.to_owned());
    tx.execute(name).await?;
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/families/find_owner.sql"))
        .bind(token_sha256.to_owned());
    Ok(tx.fetch_optional(query).await?.map(|(id,)| UserId(id)))
}

/// Uses a token up, once; `None` when it may not be used (any more).
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rotate_token(tx: &mut Tx, token_sha256: &[u8]) -> Result<Option<Family>, StoreError> {
    let query = tx
        .query_as::<(Uuid, bool)>(include_str!("../queries/families/rotate_token.sql"))
        .bind(token_sha256.to_owned());
    let rotated = tx.fetch_optional(query).await?;
    Ok(rotated.map(|(id, is_admins)| Family { id, is_admins }))
}

/// Ends the family of a token that was used before; `false` when it was not, or the family had ended.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn revoke_reused(tx: &mut Tx, token_sha256: &[u8]) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/families/revoke_reused.sql"))
        .bind(token_sha256.to_owned());
    Ok(tx.execute(query).await? > 0)
}

/// Ends the family of a token; `false` when it had ended.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn revoke_family(tx: &mut Tx, token_sha256: &[u8]) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/families/revoke_family.sql"))
        .bind(token_sha256.to_owned());
    Ok(tx.execute(query).await? > 0)
}

/// Ends every family of a user.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn revoke_all(tx: &mut Tx, user: UserId) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/families/revoke_all.sql"))
        .bind(user.0);
    tx.execute(query).await
}
