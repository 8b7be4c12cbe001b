//! `POST /auth/register` and `POST /users` make a user, `GET` and `DELETE /users/me` show one and let them go.

use crate::Identity;
use crate::login::{read_email, wrong};
use crate::tokens::{PersonView, TokensView, hash};
use domain::id::UserId;
use domain::identity::{Email, is_name, is_password};
use lambda_http::http::StatusCode;
use platform::app::{end, settle};
use platform::auth::Subject;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::rates::Tried;
use platform::secret::Secret;
use serde::Deserialize;
use store::audit::{self, Entry};
use store::communities::{self, SignedUp};
use store::identities;
use store::{StoreError, Tx, families, users};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    email: String,
    password: Secret<String>,
    display_name: String,
    /// Of the link that brought them, if one did.
    community_token: Option<Secret<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    display_name: String,
}

/// Somebody who registers, once what they sent is acceptable.
struct Newcomer {
    user: UserId,
    email: Email,
    password_hash: String,
    display_name: String,
    community_token: Option<Secret<String>>,
}

impl Identity {
    pub(crate) async fn register(&self, request: &Request) -> Result<Response, Problem> {
        self.issuer()?;
        let sent: Registration = request.json()?;
        let email = read_email(&sent.email)?;
        let display_name = read_name(sent.display_name)?;
        if !is_password(sent.password.expose()) {
            return Err(wrong("/password", "must have 12 characters to 256 bytes"));
        }
        let source = request.source();
        let tried = [
            (Tried::SignupAccount, email.key()),
            (Tried::SignupAddress, source.clone()),
        ];
        let tried = tried.each_ref().map(|(tried, of)| (*tried, of.as_str()));
        self.rates.take(self.users.store(), &tried).await?;

        let newcomer = Newcomer {
            user: UserId(Uuid::now_v7()),
            email,
            password_hash: self.passwords.hash(&sent.password)?,
            display_name,
            community_token: sent.community_token,
        };
        let mut tx = self.users.store().begin(newcomer.user).await?;
        let made = self.make(&mut tx, &newcomer, &source).await;
        let tokens = settle(tx, made).await?;
        Ok(http::json(StatusCode::CREATED, &tokens))
    }

    async fn make(
        &self,
        tx: &mut Tx,
        newcomer: &Newcomer,
        source: &str,
    ) -> Result<TokensView, Problem> {
        let user = newcomer.user;
        users::ensure_user(tx, user, &newcomer.display_name).await?;
        let given =
            identities::insert_credentials(tx, user, &newcomer.email, &newcomer.password_hash);
        given.await.map_err(|error| {
            if error.is_constraint("user_credentials_email_key") {
                let detail = "somebody is registered with this address; log in instead";
                return Problem::conflict("email_taken", detail).with_field("/email", "is taken");
            }
            error.into()
        })?;
        let mut entry = Entry::of(user, "register", source);
        if let Some(token) = &newcomer.community_token {
            match communities::sign_up(tx, user, &hash(token)).await? {
                SignedUp::Joined(community) | SignedUp::WasThere(community) => {
                    entry.community = Some(community);
                }
                SignedUp::Refused => return Err(Problem::signup_refused()),
            }
        }
        audit::write(tx, entry).await?;
        let tokens = self.begin_family(tx, user, false).await?;
        tokens.ok_or_else(|| Problem::internal("a user is gone within its transaction"))
    }

    /// Makes a user of whoever holds another issuer's token, once; with ours, there is one already.
    pub(crate) async fn join(&self, request: &Request) -> Result<Response, Problem> {
        let subject = self.users.bearer(request).await?.subject;
        // Whoever is known is no newcomer, and does not count as one.
        let (user, tx) = match (self.users.enter(&subject).await, &subject) {
            (Err(problem), Subject::External(name)) if problem.code() == "user_unknown" => {
                if let Some(person) = self.join_as(request, name).await? {
                    return Ok(http::json(StatusCode::CREATED, &person));
                }
                // Somebody was faster, or may not come in any more.
                self.users.enter(&subject).await?
            }
            (entered, _) => entered?,
        };
        if let Err(problem) = read_joining(request) {
            end(tx).await;
            return Err(problem);
        }
        Ok(http::json(StatusCode::OK, &show(tx, user).await?))
    }

    /// Makes a user of another issuer's subject; `None` when there is one.
    async fn join_as(
        &self,
        request: &Request,
        subject: &str,
    ) -> Result<Option<PersonView>, Problem> {
        let display_name = read_joining(request)?;
        let source = request.source();
        let address = [(Tried::SignupAddress, source.as_str())];
        self.rates.take(self.users.store(), &address).await?;

        let user = UserId(Uuid::now_v7());
        let mut tx = self.users.store().begin(user).await?;
        let made = self.make_external(&mut tx, user, subject, &display_name, &source);
        let made = made.await;
        match settle(tx, made).await {
            Ok(person) => Ok(person),
            Err(error) if error.is_constraint("external_identities_pkey") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn make_external(
        &self,
        tx: &mut Tx,
        user: UserId,
        subject: &str,
        display_name: &str,
        source: &str,
    ) -> Result<Option<PersonView>, StoreError> {
        users::ensure_user(tx, user, display_name).await?;
        let issuer = self.users.issuer();
        identities::insert_external_identity(tx, issuer, subject, user).await?;
        audit::write(tx, Entry::of(user, "register", source)).await?;
        let person = identities::find_person(tx, user).await?;
        Ok(person.map(PersonView::from))
    }

    pub(crate) async fn me(&self, request: &Request) -> Result<Response, Problem> {
        let (user, tx) = self.users.begin(request).await?;
        Ok(http::json(StatusCode::OK, &show(tx, user).await?))
    }

    /// Lets whoever asks in no more, and ends every token of theirs.
    pub(crate) async fn leave(&self, request: &Request) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let left = leave(&mut tx, user, &request.source()).await;
        settle(tx, left).await?;
        Ok(http::empty(StatusCode::NO_CONTENT))
    }
}

async fn leave(tx: &mut Tx, user: UserId, source: &str) -> Result<(), Problem> {
    tx.lock_user(user).await?;
    let person = identities::find_person(tx, user).await?;
    if person.is_some_and(|person| person.admin_role.is_some()) {
        let detail = "an administrator gives their role back first, so that one is always left";
        return Err(Problem::conflict("still_admin", detail));
    }
    if identities::deactivate_user(tx, user).await? {
        families::revoke_all(tx, user).await?;
        let mut entry = Entry::of(user, "deactivate_user", source);
        entry.subject = Some(user);
        audit::write(tx, entry).await?;
    }
    Ok(())
}

async fn show(mut tx: Tx, user: UserId) -> Result<PersonView, Problem> {
    let found = identities::find_person(&mut tx, user).await;
    end(tx).await;
    let person = found?.ok_or_else(|| Problem::internal("a user is gone within a transaction"))?;
    Ok(person.into())
}

/// What others are to see of whoever joins.
fn read_joining(request: &Request) -> Result<String, Problem> {
    let Joining { display_name } = request.json()?;
    read_name(display_name)
}

fn read_name(name: String) -> Result<String, Problem> {
    match is_name(&name) {
        true => Ok(name),
        false => Err(wrong(
            "/display_name",
            "must be 1 to 100 characters that can be seen",
        )),
    }
}
