//! Signup tokens: a link that brings people into a community, for a while and so often.

use crate::authority::{self, About};
use crate::communities::wrong;
use chrono::{DateTime, Utc};
use domain::id::{CommunityId, UserId};
use domain::roles::Action;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::providers::oauth;
use platform::secret::Secret;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::Tx;
use store::audit::{self, Entry};
use store::communities::{self, SignedUp, Signup};

const DAY_S: u32 = 24 * 3600;
/// The longest that a token may be used, and by how many at most.
const LONGEST_S: u32 = 90 * DAY_S;
const MOST_USES: u32 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default = "a_week")]
    life_s: u32,
    #[serde(default = "a_hundred")]
    uses: u32,
}

fn a_week() -> u32 {
    7 * DAY_S
}

fn a_hundred() -> u32 {
    100
}

#[derive(Serialize)]
struct SignupView {
    token: String,
    url: String,
    expires_at: DateTime<Utc>,
    uses: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    token: Secret<String>,
}

#[derive(Serialize)]
struct JoinedView {
    community_id: CommunityId,
}

/// Makes another token, in the place of the one before.
pub(crate) async fn rotate(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    public_url: &str,
) -> Result<Response, Problem> {
    let community = request.id(id)?;
    let action = Action::RotateSignupToken;
    authority::in_community(tx, user, community, action).await?;
    let Wanted { life_s, uses } = request.json()?;
    if !(60..=LONGEST_S).contains(&life_s) {
        return Err(wrong("/life_s", "must be a minute to 90 days"));
    }
    if !(1..=MOST_USES).contains(&uses) {
        return Err(wrong("/uses", "must be 1 to 10000"));
    }
    let token = oauth::unguessable()?;
    let signup = Signup {
        token_sha256: &oauth::hash(token.expose()),
        life: Duration::from_secs(u64::from(life_s)),
        uses: i32::try_from(uses).unwrap_or(i32::MAX),
    };
    let expires_at = communities::rotate_signup(tx, community, signup).await?;
    let about = About::community(community);
    authority::note(tx, request, user, action, about).await?;
    let view = SignupView {
        url: format!("{public_url}/join?token={}", token.expose()),
        token: token.expose().clone(),
        expires_at,
        uses,
    };
    Ok(http::json(StatusCode::CREATED, &view))
}

/// Makes whoever asks a member of the community that a token is of.
pub(crate) async fn join(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
) -> Result<Response, Problem> {
    let Joining { token } = request.json()?;
    tx.lock_user(user).await?;
    let joined = communities::sign_up(tx, user, &oauth::hash(token.expose())).await?;
    let (status, community_id) = match joined {
        SignedUp::Refused => return Err(Problem::signup_refused()),
        SignedUp::WasThere(community) => (StatusCode::OK, community),
        SignedUp::Joined(community) => {
            let source = request.source();
            let mut entry = Entry::of(user, "join_community", &source);
            entry.community = Some(community);
            audit::write(tx, entry).await?;
            (StatusCode::CREATED, community)
        }
    };
    Ok(http::json(status, &JoinedView { community_id }))
}
