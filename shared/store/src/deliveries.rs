//! The memory of webhooks: written with their effects, so a known one has nothing left to do.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{UserId, WorkoutId};
use sqlx::FromRow;
use sqlx::types::Json;
use std::collections::BTreeMap;
use std::time::Duration;
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

/// What a delivery did, and what is kept of it.
#[derive(Debug, Clone, Copy)]
pub struct Remembered<'a> {
    /// What the provider called the event.
    pub event: &'a str,
    /// What came of it.
    pub outcome: &'a str,
    /// The workout that it concerned.
    pub workout: Option<WorkoutId>,
    /// The headers that are kept.
    pub headers: &'a BTreeMap<String, String>,
    /// The body, compressed.
    pub body: &'a [u8],
}

/// Remembers a delivery together with its effects.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_delivery(
    tx: &mut Tx,
    user: UserId,
    delivery: DeliveryKey<'_>,
    remembered: Remembered<'_>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/deliveries/insert_delivery.sql"))
        .bind(Uuid::now_v7())
        .bind(user.0)
        .bind(delivery.provider.to_owned())
        .bind(delivery.key.to_owned())
        .bind(delivery.body_sha256.to_owned())
        .bind(remembered.event.to_owned())
        .bind(remembered.outcome.to_owned())
        .bind(remembered.workout.map(|w| w.0))
        .bind(Json(remembered.headers.clone()))
        .bind(remembered.body.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// A delivery as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What the provider called the event.
    pub event: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body, compressed.
    pub body: Vec<u8>,
}

/// Finds what the provider said last about a workout, if it is still kept.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_latest(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Kept>, StoreError> {
    let query = tx
        .query_as::<(String, Json<BTreeMap<String, String>>, Vec<u8>)>(include_str!(
            "../queries/deliveries/find_latest.sql"
        ))
        .bind(workout.0)
        .bind(user.0);
    Ok(tx
        .fetch_optional(query)
        .await?
        .map(|(event, Json(headers), body)| Kept {
            event,
            headers,
            body,
        }))
}

/// That a delivery is kept, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Listed {
    /// Its id here.
    pub id: Uuid,
    user_id: Uuid,
    /// The provider's name.
    pub provider: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

impl Listed {
    /// Whose it is.
    pub fn user(&self) -> UserId {
        UserId(self.user_id)
    }
}

/// Which kept deliveries are listed.
#[derive(Debug, Clone)]
pub struct Window {
    /// After the one that came then and has this id.
    pub after: (DateTime<Utc>, Uuid),
    /// Before this.
    pub until: DateTime<Utc>,
    /// Of this provider; of all without it.
    pub provider: Option<String>,
}

/// Lists a page of the kept deliveries of everybody, in the order in which they came; only the owner
/// of the schema sees them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_kept(
    tx: &mut Tx,
    window: &Window,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/deliveries/list_kept.sql"))
        .bind(window.after.0)
        .bind(window.after.1)
        .bind(window.until)
        .bind(window.provider.clone())
        .bind(limit);
    tx.fetch_all(query).await
}

/// A delivery as it came.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AsItCame {
    /// The provider's own id of it.
    pub delivery_key: String,
    /// SHA-256 of the body.
    pub body_sha256: Vec<u8>,
    headers: Json<BTreeMap<String, String>>,
    /// The body, compressed.
    pub body: Vec<u8>,
}

impl AsItCame {
    /// The headers.
    pub fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers.0
    }
}

/// Finds a delivery of one's own as it came; `None` when only its hash is left.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_kept(
    tx: &mut Tx,
    user: UserId,
    delivery: Uuid,
) -> Result<Option<AsItCame>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/deliveries/find_kept.sql"))
        .bind(delivery)
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Forgets the bodies of deliveries that are older than `age`, at most `limit` of them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn forget_bodies(tx: &mut Tx, age: Duration, limit: i64) -> Result<u64, StoreError> {
    let query = tx
        .query(include_str!("../queries/deliveries/forget_bodies.sql"))
        .bind(age.as_secs_f64())
        .bind(limit);
    tx.execute(query).await
}
