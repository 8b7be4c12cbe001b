//! Who people are: their address and password, their subject at another issuer, their role.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::identity::Email;
use sqlx::FromRow;
use uuid::Uuid;

/// What a login is checked against.
#[derive(Clone, FromRow)]
pub struct Credentials {
    /// Whose.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// The password's hash, which says how it was made.
    pub password_hash: String,
}

/// A user who may come in, as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Person {
    /// The user.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// What others see.
    pub display_name: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// The address, of whoever has a password here.
    pub email: Option<String>,
    /// The role of an administrator.
    pub admin_role: Option<String>,
}

/// Finds the password of an address; the transaction sees that one row, whoever's it is.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_credentials(
    tx: &mut Tx,
    email: &Email,
) -> Result<Option<Credentials>, StoreError> {
    let name = tx
        .query(include_str!("../queries/identities/name_email.sql"))
        .bind(email.key());
    tx.execute(name).await?;
    let query = tx
        .query_as(include_str!("../queries/identities/find_credentials.sql"))
        .bind(email.key());
    tx.fetch_optional(query).await
}

/// Finds a user who may come in; the transaction must be theirs.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_person(tx: &mut Tx, user: UserId) -> Result<Option<Person>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/identities/find_person.sql"))
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Gives a user an address and a password.
///
/// # Errors
/// [`StoreError::Constraint`] `user_credentials_email_key` when the address is another's.
pub async fn insert_credentials(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    password_hash: &str,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/identities/insert_credentials.sql"))
        .bind(user.0)
        .bind(email.as_str().to_owned())
        .bind(password_hash.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Hashes a password anew, as costs rise, unless it was changed meanwhile.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rehash_password(
    tx: &mut Tx,
    user: UserId,
    before: &str,
    after: &str,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/identities/rehash_password.sql"))
        .bind(user.0)
        .bind(before.to_owned())
        .bind(after.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Finds whose subject of another issuer this is; from here on the transaction is theirs.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn act_for_subject(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>, StoreError> {
    let name = tx
        .query(include_str!("../queries/identities/name_subject.sql"))
        .bind(issuer.to_owned())
        .bind(subject.to_owned());
    tx.execute(name).await?;
    let query = tx
        .query_as::<(Uuid, String)>(include_str!("../queries/identities/act_for_subject.sql"))
        .bind(issuer.to_owned())
        .bind(subject.to_owned());
    Ok(tx.fetch_optional(query).await?.map(|(id, _)| UserId(id)))
}

/// Makes a subject of another issuer a user's.
///
/// # Errors
/// [`StoreError::Constraint`] `external_identities_pkey` when it is somebody's already.
pub async fn insert_external_identity(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    user: UserId,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/identities/insert_external_identity.sql"
        ))
        .bind(issuer.to_owned())
        .bind(subject.to_owned())
        .bind(user.0);
    tx.execute(query).await?;
    Ok(())
}

/// Lets a user in again; `false` when they were in.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn reactivate_user(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/identities/reactivate_user.sql"))
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}

/// Lets a user in no more; `false` when that was so already, or nobody is there.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn deactivate_user(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/identities/deactivate_user.sql"))
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}
