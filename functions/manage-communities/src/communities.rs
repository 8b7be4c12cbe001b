//! `/communities`: made, shown, renamed and taken away.

use crate::authority::{self, About, no_community};
use chrono::{DateTime, Utc};
use domain::id::{CommunityId, UserId};
use domain::identity::is_name;
use domain::roles::Action;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response, only_parameters};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::communities::{self, Community};
use uuid::Uuid;

/// How many a page holds.
pub(crate) const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Naming {
    name: String,
}

#[derive(Serialize)]
struct CommunityView {
    community_id: CommunityId,
    name: String,
    role: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct CommunityList {
    communities: Vec<CommunityView>,
    next_cursor: Option<String>,
}

impl From<Community> for CommunityView {
    fn from(community: Community) -> Self {
        Self {
            community_id: community.community_id,
            name: community.name,
            role: community.role,
            created_at: community.created_at,
        }
    }
}

pub(crate) async fn list(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
) -> Result<Response, Problem> {
    only_parameters(request, &["cursor"])?;
    let after = CommunityId(cursor(request)?.unwrap_or(Uuid::nil()));
    let found = communities::list_communities(tx, user, after, limit()).await?;
    let (found, next_cursor) = page(found, |community| community.community_id.0);
    let communities = found.into_iter().map(CommunityView::from).collect();
    let list = CommunityList {
        communities,
        next_cursor,
    };
    Ok(http::json(StatusCode::OK, &list))
}

pub(crate) async fn create(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
) -> Result<Response, Problem> {
    authority::on_platform(tx, user, Action::CreateCommunity).await?;
    let name = read_name(request)?;
    let id = CommunityId(Uuid::now_v7());
    communities::name_community(tx, id).await?;
    communities::insert_community(tx, id, &name).await?;
    let about = About::community(id);
    authority::note(tx, request, user, Action::CreateCommunity, about).await?;
    show(tx, user, id, StatusCode::CREATED).await
}

pub(crate) async fn one(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    let id = request.id(id)?;
    authority::in_community(tx, user, id, Action::ReadCommunity).await?;
    show(tx, user, id, StatusCode::OK).await
}

pub(crate) async fn rename(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    let id = request.id(id)?;
    authority::in_community(tx, user, id, Action::RenameCommunity).await?;
    let name = read_name(request)?;
    communities::rename_community(tx, id, &name).await?;
    let about = About::community(id);
    authority::note(tx, request, user, Action::RenameCommunity, about).await?;
    show(tx, user, id, StatusCode::OK).await
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Response, Problem> {
    let id = request.id(id)?;
    authority::in_community(tx, user, id, Action::DeleteCommunity).await?;
    communities::delete_community(tx, id).await?;
    let about = About::community(id);
    authority::note(tx, request, user, Action::DeleteCommunity, about).await?;
    Ok(http::empty(StatusCode::NO_CONTENT))
}

async fn show(
    tx: &mut Tx,
    user: UserId,
    id: CommunityId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = communities::find_community(tx, user, id).await?;
    let view = CommunityView::from(found.ok_or_else(no_community)?);
    Ok(http::json(status, &view))
}

fn read_name(request: &Request) -> Result<String, Problem> {
    let Naming { name } = request.json()?;
    match is_name(&name) {
        true => Ok(name),
        false => Err(wrong(
            "/name",
            "must be 1 to 100 characters that can be seen",
        )),
    }
}

/// Names a field that is wrong.
pub(crate) fn wrong(field: &str, problem: &str) -> Problem {
    Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
}

/// One more than a page, so that it is known whether there is another.
pub(crate) fn limit() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX).saturating_add(1)
}

/// Where a list goes on: after the id that the page before ended with.
pub(crate) fn cursor(request: &Request) -> Result<Option<Uuid>, Problem> {
    let cursor = request.query("cursor").map(|text| text.parse());
    cursor
        .transpose()
        .map_err(|_| Problem::malformed("bad_cursor", "cursor must be a next_cursor of this list"))
}

/// A page of what was found, and where the next one begins.
pub(crate) fn page<T>(mut found: Vec<T>, id: impl Fn(&T) -> Uuid) -> (Vec<T>, Option<String>) {
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found
        .last()
        .filter(|_| has_more)
        .map(|last| id(last).to_string());
    (found, next)
}
