//! `/communities/{id}/members`: who is in a community, and what they are in it.

use crate::authority::{self, About, not_allowed};
use crate::communities::{cursor, limit, page};
use chrono::{DateTime, Utc};
use domain::id::{CommunityId, UserId};
use domain::roles::{Action, CommunityRole, may};
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response, only_parameters};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::communities::{self, Member};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    role: CommunityRole,
}

#[derive(Serialize)]
struct MemberView {
    user_id: UserId,
    display_name: String,
    role: String,
    joined_at: DateTime<Utc>,
    is_active: bool,
}

#[derive(Serialize)]
struct MemberList {
    members: Vec<MemberView>,
    next_cursor: Option<String>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user_id,
            display_name: member.display_name,
            role: member.role,
            joined_at: member.joined_at,
            is_active: member.is_active,
        }
    }
}

pub(crate) async fn list(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    let community = request.id(id)?;
    authority::in_community(tx, user, community, Action::ListMembers).await?;
    only_parameters(request, &["cursor"])?;
    let after = UserId(cursor(request)?.unwrap_or(Uuid::nil()));
    let found = communities::list_members(tx, community, after, limit()).await?;
    let (found, next_cursor) = page(found, |member| member.user_id.0);
    let members = found.into_iter().map(MemberView::from).collect();
    let list = MemberList {
        members,
        next_cursor,
    };
    Ok(http::json(StatusCode::OK, &list))
}

pub(crate) async fn change(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    member: &str,
) -> Result<Response, Problem> {
    let (community, member) = (request.id(id)?, request.id(member)?);
    let action = Action::ChangeMemberRole;
    authority::in_community(tx, user, community, action).await?;
    let Change { role } = request.json()?;
    // Nobody raises themselves, nor lowers the last who could raise them again.
    if member == user {
        return Err(not_allowed());
    }
    if !communities::change_member_role(tx, community, member, role).await? {
        return Err(no_member());
    }
    let about = About {
        subject: Some(member),
        community: Some(community),
        role: Some(role.as_str()),
    };
    authority::note(tx, request, user, action, about).await?;
    let found = find(tx, community, member).await?;
    Ok(http::json(StatusCode::OK, &MemberView::from(found)))
}

/// Takes somebody out; everybody may take out themselves.
pub(crate) async fn remove(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    member: &str,
) -> Result<Response, Problem> {
    let (community, member) = (request.id(id)?, request.id(member)?);
    let standing = authority::in_community(tx, user, community, Action::ReadCommunity).await?;
    if member != user && !may(standing, Action::RemoveMember) {
        return Err(not_allowed());
    }
    let found = find(tx, community, member).await?;
    let action = match found.role.as_str() {
        "member" => Action::RemoveMember,
        _ => Action::RemoveModerator,
    };
    if member != user && !may(standing, action) {
        return Err(not_allowed());
    }
    if !communities::remove_member(tx, community, member, &found.role).await? {
        return Err(no_member());
    }
    let about = About {
        subject: Some(member),
        community: Some(community),
        role: Some(&found.role),
    };
    authority::note(tx, request, user, action, about).await?;
    Ok(http::empty(StatusCode::NO_CONTENT))
}

async fn find(tx: &mut Tx, community: CommunityId, member: UserId) -> Result<Member, Problem> {
    let found = communities::find_member(tx, community, member).await?;
    found.ok_or_else(no_member)
}

fn no_member() -> Problem {
    Problem::not_found("not_found", "there is no such member")
}
