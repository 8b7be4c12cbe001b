//! Whether somebody may, by what the database says of them now.

use domain::id::{CommunityId, UserId};
use domain::roles::{Action, Standing, may};
use platform::http::Request;
use platform::problem::Problem;
use serde_json::json;
use store::audit::{self, Entry};
use store::{Tx, communities};

/// Goes on when a user may do this on the platform.
pub(crate) async fn on_platform(
    tx: &mut Tx,
    user: UserId,
    action: Action,
) -> Result<Standing, Problem> {
    let standing = communities::find_standing(tx, user, None).await?.standing;
    match may(standing, action) {
        true => Ok(standing),
        false => Err(not_allowed()),
    }
}

/// Goes on when a user may do this in a community, which the transaction may write from here on. One that they may not
/// even see is not there.
pub(crate) async fn in_community(
    tx: &mut Tx,
    user: UserId,
    community: CommunityId,
    action: Action,
) -> Result<Standing, Problem> {
    let found = communities::find_standing(tx, user, Some(community)).await?;
    if !found.is_there || !may(found.standing, Action::ReadCommunity) {
        return Err(no_community());
    }
    if !may(found.standing, action) {
        return Err(not_allowed());
    }
    communities::name_community(tx, community).await?;
    Ok(found.standing)
}

/// Writes down what somebody did, and to whom and where.
pub(crate) async fn note(
    tx: &mut Tx,
    request: &Request,
    user: UserId,
    action: Action,
    about: About<'_>,
) -> Result<(), Problem> {
    let source = request.source();
    let mut entry = Entry::of(user, action.as_str(), &source);
    entry.subject = about.subject;
    entry.community = about.community;
    if let Some(role) = about.role {
        entry.detail = json!({ "role": role });
    }
    Ok(audit::write(tx, entry).await?)
}

/// What an entry is about.
#[derive(Default, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) subject: Option<UserId>,
    pub(crate) community: Option<CommunityId>,
    pub(crate) role: Option<&'a str>,
}

impl About<'_> {
    pub(crate) fn user(subject: UserId) -> Self {
        Self {
            subject: Some(subject),
            ..Self::default()
        }
    }

    pub(crate) fn community(community: CommunityId) -> Self {
        Self {
            community: Some(community),
            ..Self::default()
        }
    }
}

pub(crate) fn not_allowed() -> Problem {
    Problem::forbidden("not_allowed", "your role does not let you do this")
}

pub(crate) fn no_community() -> Problem {
    Problem::not_found("not_found", "there is no such community")
}
