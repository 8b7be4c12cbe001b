//! `POST /auth/refresh` and `POST /auth/logout`: a refresh token becomes the next one, or none any more.
//!
//! There is no grace for a token whose answer was lost: used again it ends its family, and its user logs in again. A
//! thief who is a moment behind would have the same grace.

use crate::Identity;
use crate::tokens::{TokensView, hash};
use domain::id::UserId;
use lambda_http::http::StatusCode;
use platform::app::settle;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use platform::rates::Tried;
use platform::secret::Secret;
use serde::Deserialize;
use store::audit::{self, Entry};
use store::{Tx, families};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: Secret<String>,
}

impl Identity {
    pub(crate) async fn refresh(&self, request: &Request) -> Result<Response, Problem> {
        self.issuer()?;
        let Refresh { refresh_token } = request.json()?;
        let source = request.source();
        let address = [(Tried::RefreshAddress, source.as_str())];
        self.rates.take(self.users.store(), &address).await?;

        let mut tx = self.users.store().begin_without_user().await?;
        let rotated = self.rotate(&mut tx, &hash(&refresh_token), &source).await;
        // That a family has ended is committed, though the answer is no.
        let tokens = settle(tx, rotated).await?.ok_or_else(|| {
            let detail = "the token is not known, has ended or was used before; log in again";
            Problem::unauthenticated("refresh_refused", detail)
        })?;
        Ok(http::json(StatusCode::OK, &tokens))
    }

    async fn rotate(
        &self,
        tx: &mut Tx,
        token: &[u8],
        source: &str,
    ) -> Result<Option<TokensView>, Problem> {
        let Some(user) = families::find_owner(tx, token).await? else {
            return Ok(None);
        };
        act_alone_for(tx, user).await?;
        match families::rotate_token(tx, token).await? {
            Some(family) => {
                // Whoever has a token that is good for nothing takes no try from those who have a good one. A refusal
                // takes the rotation back.
                let account = user.to_string();
                let account = [(Tried::RefreshAccount, account.as_str())];
                self.rates.take_within(tx, &account).await?;
                self.next_tokens(tx, user, family).await
            }
            None => {
                if families::revoke_reused(tx, token).await? {
                    tracing::warn!("a refresh token was used again; its family has ended");
                    audit::write(tx, Entry::of(user, "refresh_reused", source)).await?;
                }
                Ok(None)
            }
        }
    }

    /// Ends what came of one login. Whatever the token was, afterwards it is good for nothing, so the answer is the same.
    pub(crate) async fn logout(&self, request: &Request) -> Result<Response, Problem> {
        self.issuer()?;
        let Refresh { refresh_token } = request.json()?;
        let source = request.source();
        let address = [(Tried::RefreshAddress, source.as_str())];
        self.rates.take(self.users.store(), &address).await?;

        let mut tx = self.users.store().begin_without_user().await?;
        let ended = end_family(&mut tx, &hash(&refresh_token), &source).await;
        settle(tx, ended).await?;
        Ok(http::empty(StatusCode::NO_CONTENT))
    }
}

async fn end_family(tx: &mut Tx, token: &[u8], source: &str) -> Result<(), Problem> {
    let Some(user) = families::find_owner(tx, token).await? else {
        return Ok(());
    };
    act_alone_for(tx, user).await?;
    if families::revoke_family(tx, token).await? {
        audit::write(tx, Entry::of(user, "logout", source)).await?;
    }
    Ok(())
}

/// Goes on as whoever's token it is, one after another.
async fn act_alone_for(tx: &mut Tx, user: UserId) -> Result<(), Problem> {
    tx.act_for(user).await?;
    Ok(tx.lock_user(user).await?)
}
