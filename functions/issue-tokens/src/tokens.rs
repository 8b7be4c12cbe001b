//! What a client gets that came in: a token that lasts for minutes, and one that gets the next.

use crate::Identity;
use domain::id::UserId;
use domain::purpose::Purpose;
use platform::auth::TokenIssuer;
use platform::problem::Problem;
use platform::providers::oauth;
use platform::secret::Secret;
use serde::Serialize;
use std::time::Duration;
use store::Tx;
use store::families::{self, Family, Issued};
use store::identities::{self, Person};
use uuid::Uuid;

/// How long an access token is believed: it cannot be taken back, though its user can be refused at once.
const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a refresh token may lie unused.
const REFRESH_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long all that came of one login lasts at most.
const FAMILY_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
/// The role of whoever is nothing else; what anybody may do is in the database, and not in a token.
const ROLE: &str = "athlete";

/// The answer to a login.
#[derive(Serialize)]
pub(crate) struct TokensView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
    user: PersonView,
}

/// A user, as they see themselves.
#[derive(Serialize)]
pub(crate) struct PersonView {
    user_id: UserId,
    display_name: String,
    email: Option<String>,
    admin_role: Option<String>,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            user_id: person.user_id,
            display_name: person.display_name,
            email: person.email,
            admin_role: person.admin_role,
            created_at: person.created_at,
        }
    }
}

/// What a refresh token is kept as.
pub(crate) fn hash(token: &Secret<String>) -> [u8; 32] {
    oauth::hash(token.expose())
}

impl Identity {
    /// Begins a family of tokens; `None` when the user may not come in (any more).
    pub(crate) async fn begin_family(
        &self,
        tx: &mut Tx,
        user: UserId,
        is_admins: bool,
    ) -> Result<Option<TokensView>, Problem> {
        let id = Uuid::now_v7();
        let family = Family { id, is_admins };
        if !families::open_family(tx, user, family, FAMILY_LIFE).await? {
            return Ok(None);
        }
        self.next_tokens(tx, user, family).await
    }

    /// Issues the next tokens of a family, with the role that its user has now.
    pub(crate) async fn next_tokens(
        &self,
        tx: &mut Tx,
        user: UserId,
        family: Family,
    ) -> Result<Option<TokensView>, Problem> {
        let Some(person) = identities::find_person(tx, user).await? else {
            return Ok(None);
        };
        let refresh_token = oauth::unguessable()?;
        let issued = Issued {
            token_sha256: &hash(&refresh_token),
            life: REFRESH_LIFE,
        };
        families::insert_token(tx, family, issued).await?;
        let role = person.admin_role.as_deref().filter(|_| family.is_admins);
        let access_token = sign(self.issuer()?, user, role.unwrap_or(ROLE))?;
        Ok(Some(TokensView {
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_LIFE.as_secs(),
            refresh_token: refresh_token.expose().clone(),
            user: person.into(),
        }))
    }
}

fn sign(issuer: &TokenIssuer, user: UserId, role: &str) -> Result<String, Problem> {
    let signed = issuer.issue(user, role, Purpose::Display, ACCESS_LIFE);
    signed.map_err(|_| Problem::internal("a token could not be signed"))
}
