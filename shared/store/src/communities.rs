//! Communities, who is in them, and how newcomers get in.

use crate::{StoreError, Tx};
use chrono::{DateTime, Utc};
use domain::id::{CommunityId, UserId};
use domain::roles::{AdminRole, CommunityRole, Standing};
use sqlx::FromRow;
use std::time::Duration;
use uuid::Uuid;

/// A community, as one of its people or an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Community {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub community_id: CommunityId,
    /// What it is called.
    pub name: String,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// What whoever asks is in it.
    pub role: Option<String>,
}

/// Somebody in a community.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Member {
    /// Who.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// What others see.
    pub display_name: String,
    /// What they are in it.
    pub role: String,
    /// Since when.
    pub joined_at: DateTime<Utc>,
    /// Whether they may come in.
    pub is_active: bool,
}

/// What somebody is, and whether they see the community that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What they are.
    pub standing: Standing,
    /// Whether there is such a community for them.
    pub is_there: bool,
}

/// What a signup token may be used for.
#[derive(Debug, Clone, Copy)]
pub struct Signup<'a> {
    /// The token's hash, which is all that is kept.
    pub token_sha256: &'a [u8],
    /// How long it may be used.
    pub life: Duration,
    /// By how many.
    pub uses: i32,
}

/// What a user is on the platform, and in a community if it is about one.
///
/// # Errors
/// [`StoreError`] when the database is away or holds a role that is none.
pub async fn find_standing(
    tx: &mut Tx,
    user: UserId,
    community: Option<CommunityId>,
) -> Result<Found, StoreError> {
    let query = tx
        .query_as::<(Option<String>, Option<String>, bool)>(include_str!(
            "../queries/communities/find_standing.sql"
        ))
        .bind(user.0)
        .bind(community.map(|community| community.0));
    let (admin, role, is_there) = tx.fetch_one(query).await?;
    let admin = admin.map(|name| {
        AdminRole::from_name(&name).ok_or_else(|| StoreError::corrupt(format!("role {name}")))
    });
    let role = role.map(|name| {
        CommunityRole::from_name(&name).ok_or_else(|| StoreError::corrupt(format!("role {name}")))
    });
    Ok(Found {
        standing: Standing {
            admin: admin.transpose()?,
            community: role.transpose()?,
        },
        is_there,
    })
}

/// Sees and may write a community from here on, and sees who is in it: once it is known that the user may.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn name_community(tx: &mut Tx, community: CommunityId) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/communities/name_community.sql"))
        .bind(community.0);
    tx.execute(query).await?;
    Ok(())
}

/// Makes a community, which the transaction has named.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_community(
    tx: &mut Tx,
    community: CommunityId,
    name: &str,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/communities/insert_community.sql"))
        .bind(community.0)
        .bind(name.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// The communities after one, in the order of their ids, that a user sees.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_communities(
    tx: &mut Tx,
    user: UserId,
    after: CommunityId,
    limit: i64,
) -> Result<Vec<Community>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/communities/list_communities.sql"))
        .bind(user.0)
        .bind(after.0)
        .bind(limit);
    tx.fetch_all(query).await
}

/// A community that a user sees.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_community(
    tx: &mut Tx,
    user: UserId,
    community: CommunityId,
) -> Result<Option<Community>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/communities/find_community.sql"))
        .bind(user.0)
        .bind(community.0);
    tx.fetch_optional(query).await
}

/// Calls a community something else.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rename_community(
    tx: &mut Tx,
    community: CommunityId,
    name: &str,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/communities/rename_community.sql"))
        .bind(community.0)
        .bind(name.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Takes a community away, with who was in it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete_community(tx: &mut Tx, community: CommunityId) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/communities/delete_community.sql"))
        .bind(community.0);
    tx.execute(query).await?;
    Ok(())
}

/// Gives a community another signup token; answers when it ends.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn rotate_signup(
    tx: &mut Tx,
    community: CommunityId,
    signup: Signup<'_>,
) -> Result<DateTime<Utc>, StoreError> {
    let query = tx
        .query_as::<(DateTime<Utc>,)>(include_str!("../queries/communities/rotate_signup.sql"))
        .bind(community.0)
        .bind(signup.token_sha256.to_owned())
        .bind(signup.life.as_secs_f64())
        .bind(signup.uses);
    let (expires_at,) = tx.fetch_one(query).await?;
    Ok(expires_at)
}

/// The members after one, in the order of their ids, of the community that the transaction has named.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_members(
    tx: &mut Tx,
    community: CommunityId,
    after: UserId,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/communities/list_members.sql"))
        .bind(community.0)
        .bind(after.0)
        .bind(limit);
    tx.fetch_all(query).await
}

/// A member of the community that the transaction has named.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_member(
    tx: &mut Tx,
    community: CommunityId,
    user: UserId,
) -> Result<Option<Member>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/communities/find_member.sql"))
        .bind(community.0)
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Says what a member is in the community that the transaction has named; `false` when they are gone.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn change_member_role(
    tx: &mut Tx,
    community: CommunityId,
    user: UserId,
    role: CommunityRole,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!(
            "../queries/communities/change_member_role.sql"
        ))
        .bind(community.0)
        .bind(user.0)
        .bind(role.as_str());
    Ok(tx.execute(query).await? > 0)
}

/// Takes a member out of a community, unless they are no longer what they were; `false` then.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn remove_member(
    tx: &mut Tx,
    community: CommunityId,
    user: UserId,
    role: &str,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/communities/remove_member.sql"))
        .bind(community.0)
        .bind(user.0)
        .bind(role.to_owned());
    Ok(tx.execute(query).await? > 0)
}

/// What came of a signup token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedUp {
    /// The user is in this community now.
    Joined(CommunityId),
    /// The user was in it before, and nothing was used up.
    WasThere(CommunityId),
    /// It is not known, has ended or was used up; the transaction must be rolled back.
    Refused,
}

/// Makes the transaction's user a member of the community of a signup token, once.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn sign_up(
    tx: &mut Tx,
    user: UserId,
    token_sha256: &[u8],
) -> Result<SignedUp, StoreError> {
    let name = tx
        .query(include_str!("../queries/communities/name_signup.sql"))
        .bind(token_sha256.to_owned());
    tx.execute(name).await?;
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/communities/find_by_signup.sql"))
        .bind(token_sha256.to_owned());
    let Some((community,)) = tx.fetch_optional(query).await? else {
        return Ok(SignedUp::Refused);
    };
    let insert = tx
        .query(include_str!("../queries/communities/insert_member.sql"))
        .bind(user.0)
        .bind(community);
    let is_new = tx.execute(insert).await? > 0;
    let community = CommunityId(community);
    if !is_new {
        return Ok(SignedUp::WasThere(community));
    }
    let count = tx
        .query(include_str!("../queries/communities/use_signup.sql"))
        .bind(token_sha256.to_owned());
    Ok(match tx.execute(count).await? {
        0 => SignedUp::Refused,
        _ => SignedUp::Joined(community),
    })
}
