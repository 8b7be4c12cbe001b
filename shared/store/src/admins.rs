//! Who is an administrator, and what administrators do to users.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::roles::AdminRole;
use sqlx::FromRow;
use uuid::Uuid;

/// An administrator.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Admin {
    /// Who.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// What they are.
    pub role: String,
    /// Since when.
    pub granted_at: DateTime<Utc>,
}

/// Whom something is to be done to.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Subject {
    /// Whether they may come in.
    pub is_active: bool,
    /// What they are on the platform.
    pub role: Option<String>,
}

/// Takes the lock under which it is changed who is an administrator, and whom they let in.
///
/// # Errors
/// [`StoreError::Contended`] when it is not free in time.
pub async fn lock_admins(tx: &mut Tx) -> Result<(), StoreError> {
    let query = tx.query(include_str!("../queries/admins/lock_admins.sql"));
    tx.execute(query).await?;
    Ok(())
}

/// Finds whom something is to be done to; from here on the transaction sees them and their rows, so that it must be known
/// that its user may.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_subject(tx: &mut Tx, subject: UserId) -> Result<Option<Subject>, StoreError> {
    let name = tx
        .query(include_str!("../queries/admins/name_person.sql"))
        .bind(subject.0);
    tx.execute(name).await?;
    let query = tx
        .query_as(include_str!("../queries/admins/find_subject.sql"))
        .bind(subject.0);
    tx.fetch_optional(query).await
}

/// Every administrator, at most 500.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_admins(tx: &mut Tx) -> Result<Vec<Admin>, StoreError> {
    let query = tx.query_as(include_str!("../queries/admins/list_admins.sql"));
    tx.fetch_all(query).await
}

/// Whether there is a super admin beside this user.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn has_other_super_admin(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query_as::<(bool,)>(include_str!("../queries/admins/has_other_super_admin.sql"))
        .bind(user.0);
    Ok(tx.fetch_one(query).await?.0)
}

/// Makes somebody an administrator, or another one.
///
/// # Errors
/// [`StoreError`] when the role may not, or the database is away.
pub async fn grant_role(tx: &mut Tx, user: UserId, role: AdminRole) -> Result<Admin, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/admins/grant_role.sql"))
        .bind(user.0)
        .bind(role.as_str());
    tx.fetch_one(query).await
}

/// Takes the role of an administrator away; `false` when there was none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn revoke_role(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/admins/revoke_role.sql"))
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}
