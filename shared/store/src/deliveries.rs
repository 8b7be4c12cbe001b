//! The memory of webhooks: written with their effects, so a known one has nothing left to do.

use crate::{StoreError, Tx};
use domain::id::{UserId, WorkoutId};
use uuid::Uuid;

/// What makes two deliveries the same.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryKey<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The provider's own id of the delivery.
    pub key: &'a str,
    /// SHA-256 of the body, so that a reused id with other content is another delivery.
    pub body_sha256: &'a [u8],
}

/// Finds a delivery whose effects are committed; the inner option is the workout it concerned.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_delivery(
    tx: &mut Tx,
    user: UserId,
    delivery: DeliveryKey<'_>,
) -> Result<Option<Option<WorkoutId>>, StoreError> {
    let query = tx
        .query_as::<(Option<Uuid>,)>(include_str!("../queries/deliveries/find_delivery.sql"))
        .bind(user.0)
        .bind(delivery.provider.to_owned())
        .bind(delivery.key.to_owned())
        .bind(delivery.body_sha256.to_owned());
    Ok(tx
        .fetch_optional(query)
        .await?
        .map(|(workout,)| workout.map(WorkoutId)))
}

/// Remembers a delivery together with its effects.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_delivery(
    tx: &mut Tx,
    user: UserId,
    delivery: DeliveryKey<'_>,
    event: &str,
    outcome: &str,
    workout: Option<WorkoutId>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/deliveries/insert_delivery.sql"))
        .bind(Uuid::now_v7())
        .bind(user.0)
        .bind(delivery.provider.to_owned())
        .bind(delivery.key.to_owned())
        .bind(delivery.body_sha256.to_owned())
        .bind(event.to_owned())
        .bind(outcome.to_owned())
        .bind(workout.map(|w| w.0));
    tx.execute(query).await?;
    Ok(())
}
