//! `POST /connections/{provider}` sends the athlete to the provider, and
//! `GET /connections/{provider}/callback` is where their browser comes back to.
//!
//! The callback has no token of ours: its state says who began. So a state cannot be guessed, counts
//! once and for minutes, and only its hash is kept.

use crate::{Connecting, ConnectionView};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use lambda_http::http::StatusCode;
use platform::app::settle;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::providers::oauth::{self, Code, Connectable, Granted, LIFE};
use platform::providers::tokens;
use platform::seal::SealError;
use platform::secret::Secret;
use serde::Serialize;
use store::authorisations::{self, Begun, Taken};
use store::connections::SealedTokens;
use store::{Tx, connections, reconciliations, users};

/// Where the athlete goes on.
#[derive(Serialize)]
struct StartedView {
    authorise_url: String,
    expires_at: DateTime<Utc>,
}

impl Connecting {
    pub(crate) async fn start(
        &self,
        request: &Request,
        provider: &str,
    ) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let started = self.begin_authorising(&mut tx, user, provider).await;
        let started = settle(tx, started).await?;
        Ok(http::json(StatusCode::CREATED, &started))
    }

    async fn begin_authorising(
        &self,
        tx: &mut Tx,
        user: UserId,
        provider: &str,
    ) -> Result<StartedView, Problem> {
        let connectable = Connectable::find(&self.sources, provider)?;

        let state = oauth::unguessable()?;
        let verifier = match connectable.has_challenge() {
            true => Some(oauth::unguessable()?),
            false => None,
        };
        let sealed = verifier.as_ref().map(|verifier| {
            let owner = owner(connectable.name, user);
            self.keys.seal(&owner, verifier).map_err(keyless)
        });
        let sealed = sealed.transpose()?;
        let authorise_url = connectable.authorise_url(&state, verifier.as_ref())?;

        let begun = Begun {
            provider: connectable.name,
            state_sha256: &oauth::hash(state.expose()),
            verifier: sealed.as_deref(),
            life: LIFE,
        };
        let expires_at = authorisations::begin_authorisation(tx, user, begun).await?;
        Ok(StartedView {
            authorise_url,
            expires_at,
        })
    }

    pub(crate) async fn finish(
        &self,
        request: &Request,
        provider: &str,
    ) -> Result<Response, Problem> {
        let connectable = Connectable::find(&self.sources, provider)?;
        let state = request
            .query("state")
            .ok_or_else(|| Problem::malformed("state_missing", "the provider sent no state"))?;
        let code = match (request.query("error"), request.query("code")) {
            (Some(error), _) => Err(error),
            (None, Some(code)) => Ok(Secret::new(code)),
            (None, None) => {
                let detail = "the provider sent neither a code nor an error";
                return Err(Problem::malformed("code_missing", detail));
            }
        };
        let (user, verifier) = self.take(connectable.name, &state).await?;
        let code = code.map_err(|error| declined(&error))?;

        let scope = request.query("scope");
        let code = Code {
            code: &code,
            verifier: verifier.as_ref(),
            scope: scope.as_deref(),
            member: &user.to_string(),
        };
        let granted = connectable.exchange(&self.http, code).await?;
        let (name, account) = (connectable.name, &granted.account);
        let sealed = tokens::seal(&self.keys, name, account, &granted.tokens).map_err(keyless)?;

        let mut tx = self.users.open(user).await?;
        let connected = self.connect(&mut tx, user, name, &granted, &sealed).await;
        let connected = settle(tx, connected).await?;
        tracing::info!(provider = name, "connected");
        Ok(http::json(StatusCode::OK, &connected))
    }

    /// Takes the authorisation of a state, so that it counts once, whatever comes of it.
    async fn take(
        &self,
        provider: &str,
        state: &str,
    ) -> Result<(UserId, Option<Secret<String>>), Problem> {
        let mut tx = self.users.store().begin_without_user().await?;
        let taken = take(&mut tx, provider, &oauth::hash(state)).await;
        let (user, taken) = settle(tx, taken).await?;
        if !taken.is_alive {
            let detail = "this took longer than ten minutes; start again";
            return Err(Problem::unprocessable("state_expired", detail));
        }
        let opened = taken.verifier.map(|sealed| {
            let opened = self.keys.open(&owner(provider, user), &sealed);
            opened.map_err(keyless)
        });
        Ok((user, opened.transpose()?))
    }

    async fn connect(
        &self,
        tx: &mut Tx,
        user: UserId,
        provider: &'static str,
        granted: &Granted,
        sealed: &SealedTokens,
    ) -> Result<ConnectionView, Problem> {
        tx.lock_user(user).await?;
        let account = &granted.account;
        if connections::has_other_account(tx, user, provider, account).await? {
            let detail = "another account of this provider is connected; disconnect that one first";
            return Err(Problem::conflict("other_account_connected", detail));
        }
        users::ensure_connection(tx, user, provider, account).await?;
        let scopes = Some(granted.scopes.as_slice());
        if !connections::store_first_tokens(tx, user, provider, account, sealed, scopes).await? {
            let detail = "another user has connected this account";
            return Err(Problem::conflict("account_taken", detail));
        }
        reconciliations::make_due(tx, user, provider).await?;
        let connection = self.find(tx, user, provider).await?;
        connection.ok_or_else(|| Problem::internal("a connection was not written"))
    }
}

async fn take(tx: &mut Tx, provider: &str, state: &[u8]) -> Result<(UserId, Taken), Problem> {
    let unknown = || {
        let detail = "nobody here began this, or it was finished already; start again";
        Problem::unprocessable("state_unknown", detail)
    };
    let user = authorisations::find_by_state(tx, provider, state).await?;
    let user = user.ok_or_else(unknown)?;
    tx.act_for(user).await?;
    let taken = authorisations::take_authorisation(tx, user, provider, state).await?;
    Ok((user, taken.ok_or_else(unknown)?))
}

/// What the provider said instead of a code (RFC 6749, section 4.1.2.1).
fn declined(error: &str) -> Problem {
    if error == "access_denied" {
        let detail = "access was declined at the provider; nothing is connected";
        return Problem::unprocessable("access_denied", detail);
    }
    let detail = "the provider could not authorise this; start again";
    Problem::unprocessable("authorisation_failed", detail)
}

/// What a sealed verifier is bound to.
fn owner(provider: &str, user: UserId) -> String {
    format!("{provider}/verifier/{user}")
}

fn keyless(_: SealError) -> Problem {
    Problem::internal("TOKEN_KEYS lacks the key")
}
