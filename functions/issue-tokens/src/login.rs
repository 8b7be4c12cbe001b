//! `POST /auth/login` and `POST /auth/admin/login`: an address and a password become tokens.
//!
//! Whatever is wrong, the same is done and the same is answered: the address is looked up, a password is hashed, and an
//! entry is written, so that nobody learns whom we know, or who is an administrator.

use crate::Identity;
use crate::tokens::TokensView;
use domain::id::UserId;
use domain::identity::{Email, LONGEST_PASSWORD};
use lambda_http::http::StatusCode;
use platform::app::{end, settle};
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::rates::Tried;
use platform::secret::Secret;
use serde::Deserialize;
use store::audit::{self, Entry};
use store::identities::{self, Credentials, Person};
use store::{StoreError, Tx};

/// Who may log in at a door.
#[derive(Clone, Copy)]
pub(crate) struct Door {
    /// The word of its entries in the audit log.
    action: &'static str,
    is_admins: bool,
}

/// The door of everybody.
pub(crate) const USER: Door = Door {
    action: "login",
    is_admins: false,
};

/// The door of administrators, and nobody else.
pub(crate) const ADMIN: Door = Door {
    action: "admin_login",
    is_admins: true,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    password: Secret<String>,
}

/// Whoever an address is of.
struct Known {
    credentials: Credentials,
    /// `None` of somebody who may not come in any more.
    person: Option<Person>,
}

impl Identity {
    pub(crate) async fn login(&self, request: &Request, door: Door) -> Result<Response, Problem> {
        self.issuer()?;
        let Login { email, password } = request.json()?;
        let email = read_email(&email)?;
        if password.expose().len() > LONGEST_PASSWORD {
            return Err(wrong("/password", "is longer than any password here"));
        }
        let source = request.source();
        let tried = [
            (Tried::LoginAccount, email.key()),
            (Tried::LoginAddress, source.clone()),
        ];
        let tried = tried.each_ref().map(|(tried, of)| (*tried, of.as_str()));
        self.rates.take(self.users.store(), &tried).await?;

        let known = self.find_known(&email).await?;
        let hash = known.as_ref().map(|known| &known.credentials.password_hash);
        let is_right = self.passwords.check(hash.map(String::as_str), &password);
        let subject = known.as_ref().map(|known| known.credentials.user_id);
        let let_in = known.filter(|known| {
            let person = known.person.as_ref();
            let has_role = person.is_some_and(|person| person.admin_role.is_some());
            is_right && person.is_some() && (has_role || !door.is_admins)
        });
        let tokens = match let_in {
            Some(known) => {
                self.let_in(known.credentials, &password, door, &source)
                    .await?
            }
            None => None,
        };
        match tokens {
            Some(tokens) => Ok(http::json(StatusCode::OK, &tokens)),
            None => {
                self.note_failure(subject, door, &source).await?;
                let detail = "the address or the password is wrong, or this door is not yours";
                Err(Problem::unauthenticated("login_failed", detail))
            }
        }
    }

    /// Looks an address up, with the same statements whoever's it is.
    async fn find_known(&self, email: &Email) -> Result<Option<Known>, Problem> {
        let mut tx = self.users.store().begin_without_user().await?;
        let known = find_known(&mut tx, email).await;
        end(tx).await;
        Ok(known?)
    }

    async fn let_in(
        &self,
        credentials: Credentials,
        password: &Secret<String>,
        door: Door,
        source: &str,
    ) -> Result<Option<TokensView>, Problem> {
        let user = credentials.user_id;
        let before = &credentials.password_hash;
        let rehashed = match self.passwords.is_outdated(before) {
            true => Some(self.passwords.hash(password)?),
            false => None,
        };
        let mut tx = self.users.store().begin(user).await?;
        let begun = async {
            tx.lock_user(user).await?;
            if let Some(after) = &rehashed {
                identities::rehash_password(&mut tx, user, before, after).await?;
            }
            let tokens = self.begin_family(&mut tx, user, door.is_admins).await?;
            if tokens.is_some() {
                audit::write(&mut tx, Entry::of(user, door.action, source)).await?;
            }
            Ok(tokens)
        };
        let begun = begun.await;
        settle(tx, begun).await
    }

    async fn note_failure(
        &self,
        subject: Option<UserId>,
        door: Door,
        source: &str,
    ) -> Result<(), Problem> {
        let mut tx = self.users.store().begin_without_user().await?;
        let entry = Entry::refused(door.action, subject, source);
        let written = audit::write(&mut tx, entry).await;
        settle(tx, written.map_err(Problem::from)).await
    }
}

async fn find_known(tx: &mut Tx, email: &Email) -> Result<Option<Known>, StoreError> {
    let credentials = identities::find_credentials(tx, email).await?;
    let nobody = UserId(uuid::Uuid::nil());
    let user = credentials.as_ref().map_or(nobody, |found| found.user_id);
    tx.act_for(user).await?;
    let person = identities::find_person(tx, user).await?;
    Ok(credentials.map(|credentials| Known {
        credentials,
        person,
    }))
}

/// Reads an address.
pub(crate) fn read_email(text: &str) -> Result<Email, Problem> {
    Email::parse(text).ok_or_else(|| wrong("/email", "must be an address such as ada@example.org"))
}

/// Names a field that is wrong, and never what is in it.
pub(crate) fn wrong(field: &str, problem: &str) -> Problem {
    Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
}
