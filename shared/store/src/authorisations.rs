//! What lies between the two halves of connecting a provider: a state that only its hash is kept of.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use sqlx::FromRow;
use std::time::Duration;
use uuid::Uuid;

/// An authorisation as it is begun.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// SHA-256 of the state.
    pub state_sha256: &'a [u8],
    /// The verifier of the code's challenge (RFC 7636), sealed, where the provider takes one.
    pub verifier: Option<&'a [u8]>,
    /// How long it lives.
    pub life: Duration,
}

/// An authorisation that was taken, and so counts no more.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Taken {
    /// The sealed verifier.
    pub verifier: Option<Vec<u8>>,
    /// Whether it had not ended yet.
    pub is_alive: bool,
}

/// Begins one, in the place of one that the athlete began before with this provider; answers when
/// it ends.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn begin_authorisation(
    tx: &mut Tx,
    user: UserId,
    begun: Begun<'_>,
) -> Result<DateTime<Utc>, StoreError> {
    let query = tx
        .query_as::<(DateTime<Utc>,)>(include_str!(
            "../queries/authorisations/begin_authorisation.sql"
        ))
        .bind(user.0)
        .bind(begun.provider.to_owned())
        .bind(begun.state_sha256.to_owned())
        .bind(begun.verifier.map(<[u8]>::to_owned))
        .bind(begun.life.as_secs_f64());
    let (expires_at,) = tx.fetch_one(query).await?;
    Ok(expires_at)
}

/// Finds who began the authorisation of this state with this provider; from here on the transaction
/// sees it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_by_state(
    tx: &mut Tx,
    provider: &str,
    state_sha256: &[u8],
) -> Result<Option<UserId>, StoreError> {
    let name = tx
        .query(include_str!("../queries/authorisations/name_state.sql"))
        .bind(state_sha256.to_owned());
    tx.execute(name).await?;
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/authorisations/find_by_state.sql"))
        .bind(state_sha256.to_owned())
        .bind(provider.to_owned());
    Ok(tx.fetch_optional(query).await?.map(|(id,)| UserId(id)))
}

/// Takes an authorisation, once; `None` when somebody was faster.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn take_authorisation(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
    state_sha256: &[u8],
) -> Result<Option<Taken>, StoreError> {
    let query = tx
        .query_as(include_str!(
            "../queries/authorisations/take_authorisation.sql"
        ))
        .bind(user.0)
        .bind(provider.to_owned())
        .bind(state_sha256.to_owned());
    tx.fetch_optional(query).await
}
