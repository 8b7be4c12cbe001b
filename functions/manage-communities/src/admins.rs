//! `/admins` and `/users/{user_id}/…`: who is an administrator, and whom they let in.

use crate::authority::{self, About, not_allowed};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::roles::{Action, AdminRole, Standing, may};
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::admins::{self, Admin, Subject};
use store::{Tx, families, identities};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    role: AdminRole,
}

#[derive(Serialize)]
struct AdminView {
    user_id: UserId,
    role: String,
    granted_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct AdminList {
    admins: Vec<AdminView>,
}

impl From<Admin> for AdminView {
    fn from(admin: Admin) -> Self {
        Self {
            user_id: admin.user_id,
            role: admin.role,
            granted_at: admin.granted_at,
        }
    }
}

pub(crate) async fn list(tx: &mut Tx, user: UserId) -> Result<Response, Problem> {
    authority::on_platform(tx, user, Action::ListAdmins).await?;
    let admins = admins::list_admins(tx).await?;
    let admins = admins.into_iter().map(AdminView::from).collect();
    Ok(http::json(StatusCode::OK, &AdminList { admins }))
}

pub(crate) async fn grant(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    subject: &str,
) -> Result<Response, Problem> {
    let subject = request.id(subject)?;
    let action = Action::GrantAdminRole;
    alone_on_platform(tx, user, action).await?;
    let Grant { role } = request.json()?;
    // Nobody raises themselves, and whoever lowers themselves does so by giving the role back.
    if subject == user {
        return Err(not_allowed());
    }
    // Whoever leaves the platform holds the same lock, and looks under it whether they have a role.
    tx.lock_user(subject).await?;
    if !find(tx, subject).await?.is_active {
        return Err(no_user());
    }
    let granted = admins::grant_role(tx, subject, role).await?;
    let about = About {
        role: Some(role.as_str()),
        ..About::user(subject)
    };
    authority::note(tx, request, user, action, about).await?;
    Ok(http::json(StatusCode::OK, &AdminView::from(granted)))
}

pub(crate) async fn revoke(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    subject: &str,
) -> Result<Response, Problem> {
    let subject = request.id(subject)?;
    let action = Action::RevokeAdminRole;
    alone_on_platform(tx, user, action).await?;
    let found = find(tx, subject).await?;
    let role = found.role.as_deref().ok_or_else(no_user)?;
    take_role(tx, subject, &found).await?;
    let about = About {
        role: Some(role),
        ..About::user(subject)
    };
    authority::note(tx, request, user, action, about).await?;
    Ok(http::empty(StatusCode::NO_CONTENT))
}

/// Lets somebody in no more, who is no administrator any more either.
pub(crate) async fn deactivate(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    subject: &str,
) -> Result<Response, Problem> {
    let subject = request.id(subject)?;
    let standing = alone_on_platform(tx, user, Action::DeactivateUser).await?;
    let found = find(tx, subject).await?;
    let action = match found.role {
        Some(_) => Action::DeactivateAdmin,
        None => Action::DeactivateUser,
    };
    if !may(standing, action) {
        return Err(not_allowed());
    }
    // Logins and refreshes of theirs hold the same lock.
    tx.lock_user(subject).await?;
    take_role(tx, subject, &found).await?;
    if identities::deactivate_user(tx, subject).await? {
        families::revoke_all(tx, subject).await?;
        authority::note(tx, request, user, action, About::user(subject)).await?;
    }
    Ok(http::empty(StatusCode::NO_CONTENT))
}

pub(crate) async fn reactivate(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    subject: &str,
) -> Result<Response, Problem> {
    let subject = request.id(subject)?;
    let action = Action::ReactivateUser;
    alone_on_platform(tx, user, action).await?;
    find(tx, subject).await?;
    if identities::reactivate_user(tx, subject).await? {
        authority::note(tx, request, user, action, About::user(subject)).await?;
    }
    Ok(http::empty(StatusCode::NO_CONTENT))
}

/// Goes on when a user may do this on the platform, and nobody else changes meanwhile who may what there. Whoever may not
/// is told before the lock, so that they cannot hold up those who may; whoever may is asked again under it.
async fn alone_on_platform(tx: &mut Tx, user: UserId, action: Action) -> Result<Standing, Problem> {
    authority::on_platform(tx, user, action).await?;
    admins::lock_admins(tx).await?;
    authority::on_platform(tx, user, action).await
}

/// Takes a role away, unless nobody would be left to give it.
async fn take_role(tx: &mut Tx, subject: UserId, found: &Subject) -> Result<(), Problem> {
    let is_super = found.role.as_deref() == Some(AdminRole::SuperAdmin.as_str());
    if is_super && !admins::has_other_super_admin(tx, subject).await? {
        let detail = "this is the last super admin; make somebody else one first";
        return Err(Problem::conflict("last_super_admin", detail));
    }
    admins::revoke_role(tx, subject).await?;
    Ok(())
}

async fn find(tx: &mut Tx, subject: UserId) -> Result<Subject, Problem> {
    let found = admins::find_subject(tx, subject).await?;
    found.ok_or_else(no_user)
}

fn no_user() -> Problem {
    Problem::not_found(
        "not_found",
        "there is no such user, or they have no such role",
    )
}
