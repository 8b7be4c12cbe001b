//! Communities and who is in them, who is an administrator, and the audit log.
//!
//! What somebody may do is read from the database in the transaction in which they do it, and every write leaves an entry
//! in the audit log with it.

#![forbid(unsafe_code)]

mod admins;
mod audit_log;
mod authority;
mod communities;
mod members;
mod signup;

use lambda_http::http::Method;
use platform::app::{UserApp, settle};
use platform::config;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;

/// What managing borrows.
pub struct Managing {
    users: UserApp,
    /// Where people open a link.
    public_url: String,
}

impl Handler for Managing {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let segments = request.segments();
        let (user, mut tx) = self.users.begin(request).await?;
        let done = match (request.method(), segments.as_slice()) {
            (&Method::GET, ["communities"]) => communities::list(&mut tx, user, request).await,
            (&Method::POST, ["communities"]) => communities::create(&mut tx, user, request).await,
            (&Method::POST, ["communities", "join"]) => signup::join(&mut tx, user, request).await,
            (&Method::GET, ["communities", id]) => {
                communities::one(&mut tx, user, request, id).await
            }
            (&Method::PUT, ["communities", id]) => {
                communities::rename(&mut tx, user, request, id).await
            }
            (&Method::DELETE, ["communities", id]) => {
                communities::delete(&mut tx, user, request, id).await
            }
            (&Method::POST, ["communities", id, "signup-token"]) => {
                signup::rotate(&mut tx, user, request, id, &self.public_url).await
            }
            (&Method::GET, ["communities", id, "members"]) => {
                members::list(&mut tx, user, request, id).await
            }
            (&Method::PUT, ["communities", id, "members", member]) => {
                members::change(&mut tx, user, request, id, member).await
            }
            (&Method::DELETE, ["communities", id, "members", member]) => {
                members::remove(&mut tx, user, request, id, member).await
            }
            (&Method::GET, ["admins"]) => admins::list(&mut tx, user).await,
            (&Method::PUT, ["admins", subject]) => {
                admins::grant(&mut tx, user, request, subject).await
            }
            (&Method::DELETE, ["admins", subject]) => {
                admins::revoke(&mut tx, user, request, subject).await
            }
            (&Method::POST, ["users", subject, "deactivate"]) => {
                admins::deactivate(&mut tx, user, request, subject).await
            }
            (&Method::POST, ["users", subject, "reactivate"]) => {
                admins::reactivate(&mut tx, user, request, subject).await
            }
            (&Method::GET, ["audit"]) => audit_log::list(&mut tx, user, request).await,
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        };
        settle(tx, done).await
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Managing {
        users: UserApp::from_environment()?,
        public_url: config::public_url()?,
    })
    .await
}
