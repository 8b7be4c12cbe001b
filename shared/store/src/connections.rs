//! An athlete's access to a provider: sealed tokens, and the claim of whoever refreshes them; and
//! what the athlete sees of it.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use std::time::Duration;
use uuid::Uuid;

/// A connection as it is found.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Access {
    /// The connection.
    pub id: Uuid,
    /// The provider's own account of the athlete.
    pub provider_user_id: String,
    /// `connected` or `needs_reauthorisation`.
    pub status: String,
    /// The access token, sealed.
    pub access_token: Option<Vec<u8>>,
    /// The refresh token, sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// Which tokens these are.
    pub token_version: i64,
    /// Whether the access token will be believed for a while.
    pub is_fresh: bool,
}

/// Tokens, sealed.
#[derive(Debug, Clone)]
pub struct SealedTokens {
    /// The access token.
    pub access: Vec<u8>,
    /// The refresh token, if there is a new one.
    pub refresh: Option<Vec<u8>>,
    /// Until when the access token is believed.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Finds an athlete's connection to a provider; its token counts as fresh if it lasts for `margin`.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_access(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    margin: Duration,
) -> Result<Option<Access>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/connections/find_access.sql"))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(margin.as_secs_f64());
    tx.fetch_optional(query).await
}

/// Claims the right to refresh the tokens of this version; `false` when somebody else has it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn claim_refresh(
    tx: &mut Tx,
    access: &Access,
    claim: Uuid,
    deadline: Duration,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/connections/claim_refresh.sql"))
        .bind(access.id)
        .bind(access.token_version)
        .bind(claim)
        .bind(deadline.as_secs_f64());
    Ok(tx.execute(query).await? > 0)
}

/// Stores refreshed tokens and ends the claim; `false` when the claim was lost.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn store_tokens(
    tx: &mut Tx,
    access: &Access,
    claim: Uuid,
    tokens: &SealedTokens,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/connections/store_tokens.sql"))
        .bind(access.id)
        .bind(claim)
        .bind(tokens.access.clone())
        .bind(tokens.refresh.clone())
        .bind(tokens.expires_at);
    Ok(tx.execute(query).await? > 0)
}

/// Ends a claim without tokens.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn release_refresh(tx: &mut Tx, access: &Access, claim: Uuid) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/connections/release_refresh.sql"))
        .bind(access.id)
        .bind(claim);
    tx.execute(query).await?;
    Ok(())
}

/// Notes that the provider refuses these tokens, so that the athlete has to connect again.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn require_reauthorisation(tx: &mut Tx, access: &Access) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/connections/require_reauthorisation.sql"
        ))
        .bind(access.id)
        .bind(access.token_version);
    tx.execute(query).await?;
    Ok(())
}

/// Stores the first tokens of an account, and the scopes that go with them where they are told;
/// `false` when the account is another user's.
///
/// # Errors
/// [`StoreError`] when the role may not, or the database is away.
pub async fn store_first_tokens(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    provider_user_id: &str,
    tokens: &SealedTokens,
    scopes: Option<&[String]>,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/connections/store_first_tokens.sql"
        ))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(provider_user_id.to_owned())
        .bind(tokens.access.clone())
        .bind(tokens.refresh.clone())
        .bind(tokens.expires_at)
        .bind(scopes.map(<[String]>::to_vec));
    Ok(tx.execute(query).await? > 0)
}

/// A connection as its athlete sees it.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Connection {
    /// The provider's name.
    pub provider: String,
    /// The provider's own account of the athlete.
    pub account: String,
    /// `connected` or `needs_reauthorisation`.
    pub status: String,
    /// What the athlete granted, in the provider's words.
    pub scopes: Vec<String>,
    /// Since when there is a connection.
    pub connected_at: DateTime<Utc>,
    /// When the provider last told something or answered what there is.
    pub last_heard_at: Option<DateTime<Utc>>,
    /// How far the athlete's past was brought in, if that was asked for: `since` (a date), `state`
    /// (`listing`, `fetching` or `complete`), and how many activities were `found`, `fetched` and
    /// `failed`.
    pub backfill: Option<Value>,
}

/// Lists an athlete's connections.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_connections(tx: &mut Tx, user: UserId) -> Result<Vec<Connection>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/connections/list_connections.sql"))
        .bind(user.0);
    tx.fetch_all(query).await
}

/// Whether an athlete has another account at this provider.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn has_other_account(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    account: &str,
) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!(
            "../queries/connections/find_other_account.sql"
        ))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(account.to_owned());
    Ok(tx.fetch_optional(query).await?.is_some())
}

/// Whether a connection is still there.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn is_there(tx: &mut Tx, user: UserId, connection: Uuid) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/connections/find_connection.sql"))
        .bind(connection)
        .bind(user.0);
    Ok(tx.fetch_optional(query).await?.is_some())
}
