//! `DELETE /connections/{provider}`: our access is given back, and what it brought is erased.

use crate::Connecting;
use domain::id::UserId;
use lambda_http::http::StatusCode;
use platform::app::{end, settle};
use platform::http::{self, Request, Response, only_parameters};
use platform::problem::Problem;
use platform::providers;
use platform::providers::oauth::Connectable;
use platform::providers::tokens::{self, Kind};
use std::time::Duration;
use store::connections::{self, Access};
use store::erasures::{self, Erasure, Receipt, Why};
use store::{StoreError, Tx};

/// What an athlete wants to be rid of.
struct Asked {
    provider: &'static str,
    keeps_workouts: bool,
    /// Our access, if there is one.
    access: Option<Access>,
}

async fn find(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    provider: &str,
) -> Result<Asked, Problem> {
    let provider = providers::names().find(|known| *known == provider);
    let provider = provider
        .ok_or_else(|| Problem::not_found("unknown_provider", "there is no such provider"))?;
    only_parameters(request, &["keep_workouts"])?;
    let keeps_workouts = match request.query("keep_workouts").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let problem = Problem::unprocessable("invalid", "keep_workouts is true or false");
            return Err(problem.with_field("keep_workouts", "is true or false"));
        }
    };
    Ok(Asked {
        provider,
        keeps_workouts,
        access: connections::find_access(tx, user, provider, Duration::ZERO).await?,
    })
}

impl Connecting {
    pub(crate) async fn disconnect(
        &self,
        request: &Request,
        provider: &str,
    ) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let asked = find(&mut tx, user, request, provider).await;
        end(tx).await;
        let Asked {
            provider,
            keeps_workouts,
            access,
        } = asked?;
        let revoked = match access {
            Some(access) => self.revoke(provider, &access).await,
            None => None,
        };
        let erasure = Erasure {
            provider,
            why: Why::AthleteAsked,
            keeps_workouts,
            revoked,
        };
        let mut tx = self.users.open(user).await?;
        let erased = erase(&mut tx, user, erasure).await.map_err(Problem::from);
        let receipt = settle(tx, erased).await?.ok_or_else(|| {
            let detail = "this provider is not connected, and nothing of it is here";
            Problem::not_found("not_connected", detail)
        })?;
        tracing::info!(provider, "disconnected");
        Ok(http::json(StatusCode::OK, &receipt))
    }

    /// Gives our access back where that is documented, and says whether the provider said so; its
    /// failure keeps nothing here.
    async fn revoke(&self, provider: &str, access: &Access) -> Option<bool> {
        let connectable = Connectable::find(&self.sources, provider).ok()?;
        let account = &access.provider_user_id;
        let open = |kind, sealed: &Option<Vec<u8>>| {
            let sealed = sealed.as_deref()?;
            tokens::open(&self.keys, provider, account, kind, sealed).ok()
        };
        let token = open(Kind::Access, &access.access_token)?;
        let refresh = open(Kind::Refresh, &access.refresh_token);
        let revoked = connectable.revoke(&self.http, account, &token, refresh.as_ref());
        match revoked.await {
            Ok(()) => Some(true),
            Err(refusal) => {
                tracing::warn!(provider, %refusal, "an access was not given back");
                Some(false)
            }
        }
    }
}

async fn erase(
    tx: &mut Tx,
    user: UserId,
    erasure: Erasure<'_>,
) -> Result<Option<Receipt>, StoreError> {
    tx.lock_user(user).await?;
    platform::faults::point("before_erasure");
    erasures::erase_provider(tx, user, erasure).await
}
