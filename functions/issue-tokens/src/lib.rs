//! Identity: who registers, logs in, refreshes and logs out, and the keys that tokens are believed by.
//!
//! No transaction is open while a password is hashed, and what comes of it is one transaction, with its entry in the
//! audit log.

#![forbid(unsafe_code)]

mod account;
mod login;
mod refresh;
mod tokens;

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use platform::app::UserApp;
use platform::auth::{Passwords, TokenIssuer};
use platform::config;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use platform::rates::Rates;

/// What identity borrows.
pub struct Identity {
    users: UserApp,
    passwords: Passwords,
    rates: Rates,
    /// `None` where another issuer's tokens are believed.
    issuer: Option<TokenIssuer>,
}

impl Handler for Identity {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        match (request.method(), request.segments().as_slice()) {
            (&Method::POST, ["auth", "register"]) => self.register(request).await,
            (&Method::POST, ["auth", "login"]) => self.login(request, login::USER).await,
            (&Method::POST, ["auth", "admin", "login"]) => self.login(request, login::ADMIN).await,
            (&Method::POST, ["auth", "refresh"]) => self.refresh(request).await,
            (&Method::POST, ["auth", "logout"]) => self.logout(request).await,
            (&Method::GET, [".well-known", "jwks.json"]) => self.keys(),
            (&Method::POST, ["users"]) => self.join(request).await,
            (&Method::GET, ["users", "me"]) => self.me(request).await,
            (&Method::DELETE, ["users", "me"]) => self.leave(request).await,
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        }
    }
}

impl Identity {
    fn from_environment() -> Result<Self, platform::Error> {
        let users = UserApp::from_environment()?;
        let auth = config::auth()?;
        let issuer = match config::signing_keys(auth.subjects)?.split_first() {
            None => None,
            Some((newest, older)) => {
                let issuer = TokenIssuer::new(newest, &auth.issuer, &auth.audience)?;
                Some(issuer.with_older(older)?)
            }
        };
        Ok(Self {
            users,
            passwords: Passwords::new(config::hashing_cost()?)?,
            rates: config::rates()?,
            issuer,
        })
    }

    /// What issues tokens here.
    fn issuer(&self) -> Result<&TokenIssuer, Problem> {
        self.issuer.as_ref().ok_or_else(|| {
            let detail = "tokens are issued elsewhere; register with one of those at POST /users";
            Problem::not_found("issued_elsewhere", detail)
        })
    }

    /// The public keys, which whoever believes our tokens asks for.
    fn keys(&self) -> Result<Response, Problem> {
        let mut response = http::json(StatusCode::OK, &self.issuer()?.jwks());
        // As long as a verifier leaves us alone, so that a new key is known before it signs.
        let caching = HeaderValue::from_static("public, max-age=60");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, caching);
        Ok(response)
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Identity::from_environment()?).await
}
