//! Connections: athletes connect providers by themselves, see them, and take them away again with
//! what they brought.
//!
//! No transaction is open while a provider is asked, and what its answer changes is one transaction.

#![forbid(unsafe_code)]

mod authorise;
mod backfill;
mod disconnect;

use domain::id::UserId;
use lambda_http::http::{Method, StatusCode};
use platform::app::{UserApp, end};
use platform::config::{self, Pace};
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use platform::providers::client::Client;
use platform::providers::oauth;
use platform::providers::source::Sources;
use platform::seal::SealingKeys;
use serde::Serialize;
use store::connections::{self, Connection};
use store::{Tx, erasures};

/// What connecting borrows.
pub struct Connecting {
    users: UserApp,
    sources: Sources,
    keys: SealingKeys,
    http: Client,
}

impl Handler for Connecting {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        match (request.method(), request.segments().as_slice()) {
            (&Method::GET, ["connections"]) => self.list(request).await,
            (&Method::GET, ["connections", "erasures"]) => self.list_erasures(request).await,
            (&Method::POST, ["connections", provider]) => self.start(request, provider).await,
            (&Method::DELETE, ["connections", provider]) => {
                self.disconnect(request, provider).await
            }
            (&Method::POST, ["connections", provider, "backfill"]) => {
                self.begin_backfill(request, provider).await
            }
            (&Method::GET, ["connections", provider, "callback"]) => {
                self.finish(request, provider).await
            }
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        }
    }
}

/// A connection as its athlete sees it.
#[derive(Serialize)]
struct ConnectionView {
    #[serde(flatten)]
    connection: Connection,
    /// What should have been granted, too.
    missing_scopes: Vec<&'static str>,
}

#[derive(Serialize)]
struct ConnectionsView {
    connections: Vec<ConnectionView>,
}

#[derive(Serialize)]
struct ErasuresView {
    erasures: Vec<erasures::Receipt>,
}

impl Connecting {
    fn from_environment() -> Result<Self, platform::Error> {
        Ok(Self {
            // An erasure may be of years.
            users: UserApp::at(Pace::Background)?,
            sources: Sources::from_environment()?,
            keys: config::token_keys()?,
            http: Client::new(),
        })
    }

    async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let listed = connections::list_connections(&mut tx, user).await;
        end(tx).await;
        let connections = listed?.into_iter().map(|c| self.show(c)).collect();
        Ok(http::json(StatusCode::OK, &ConnectionsView { connections }))
    }

    async fn list_erasures(&self, request: &Request) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let listed = erasures::list_receipts(&mut tx, user).await;
        end(tx).await;
        Ok(http::json(
            StatusCode::OK,
            &ErasuresView { erasures: listed? },
        ))
    }

    /// The athlete's one connection to a provider.
    async fn find(
        &self,
        tx: &mut Tx,
        user: UserId,
        provider: &str,
    ) -> Result<Option<ConnectionView>, Problem> {
        let listed = connections::list_connections(tx, user).await?;
        let found = listed.into_iter().find(|c| c.provider == provider);
        Ok(found.map(|c| self.show(c)))
    }

    fn show(&self, connection: Connection) -> ConnectionView {
        let granted = &connection.scopes;
        let missing = oauth::missing_scopes(&self.sources, &connection.provider, granted);
        ConnectionView {
            missing_scopes: missing,
            connection,
        }
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Connecting::from_environment()?).await
}
