//! An athlete's access token: opened, and refreshed by exactly one of all who find it too old.

use crate::budget::SharedBudget;
use domain::id::UserId;
use futures_util::future::BoxFuture;
use platform::app::{end, settle};
use platform::providers::api::{Api, Refusal};
use platform::providers::client::Client;
use platform::providers::source::Source;
use platform::providers::tokens::{self, Kind, RefreshError, Tokens};
use platform::seal::{SealError, SealingKeys};
use platform::secret::Secret;
use std::time::Duration;
use store::connections::{self, Access, SealedTokens};
use store::{Store, StoreError};
use uuid::Uuid;

/// A token that ends sooner than this may end on its way.
const MARGIN: Duration = Duration::from_secs(120);
/// How long a refresh may take before another may try: longer than its request.
const CLAIM: Duration = Duration::from_secs(15);
/// How often, and with which pause between, somebody else's refresh is looked for.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// Why there is no access.
#[derive(Debug)]
pub(crate) enum NoAccess {
    /// The athlete has to do something, or an operator; asking again does not help.
    Lasting(&'static str),
    /// It may be there another time.
    Passing(Refusal),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for NoAccess {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

const REAUTHORISE: NoAccess = NoAccess::Lasting(
    "needs_reauthorisation: the provider refuses our access; the athlete has to connect again",
);

/// Whose access is wanted, to which provider, and what for.
pub(crate) struct Wanted<'a> {
    pub(crate) store: &'a Store,
    pub(crate) keys: &'a SealingKeys,
    pub(crate) http: &'a Client,
    pub(crate) provider: &'a str,
    pub(crate) source: &'a dyn Source,
    pub(crate) user: UserId,
    /// Whether somebody just did this; what is asked of the past leaves room for it.
    pub(crate) is_live: bool,
}

/// What a provider is asked.
pub(crate) trait Question: Sync {
    /// What it answers.
    type Answer: Send;

    /// Asks it, of an account.
    fn put<'a>(
        &'a self,
        api: &'a Api<'a>,
        account: &'a str,
    ) -> BoxFuture<'a, Result<Self::Answer, Refusal>>;
}

/// A token that can be used.
struct Granted {
    token: Secret<String>,
    access: Access,
}

impl Wanted<'_> {
    /// Asks the provider with the athlete's token and within the budget, and once more with a new
    /// token if that is not believed.
    pub(crate) async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, NoAccess> {
        let granted = self.token(None).await?;
        match self.ask_with(&granted, question).await {
            Err(Refusal::Unauthorized) => {}
            answer => return answer.map_err(NoAccess::Passing),
        }
        let granted = self.token(Some(granted.access.token_version)).await?;
        match self.ask_with(&granted, question).await {
            Err(Refusal::Unauthorized) => Err(self.give_up(&granted.access).await),
            answer => answer.map_err(NoAccess::Passing),
        }
    }

    async fn ask_with<Q: Question>(
        &self,
        granted: &Granted,
        question: &Q,
    ) -> Result<Q::Answer, Refusal> {
        let budget = SharedBudget {
            store: self.store,
            provider: self.provider,
            source: self.source,
            is_live: self.is_live,
        };
        let authorization = self.source.authorization(&granted.token);
        let api = Api::new(self.http, self.source.base_url(), authorization, &budget)?;
        question.put(&api, &granted.access.provider_user_id).await
    }

    /// The athlete's token, refreshed if need be; `refused` are tokens that the provider does not
    /// believe although they are not too old.
    async fn token(&self, refused: Option<i64>) -> Result<Granted, NoAccess> {
        for _ in 0..LOOKS {
            let access = self.find().await?;
            if !self.source.needs_token() {
                let token = Secret::new(String::new());
                return Ok(Granted { token, access });
            }
            if access.status != "connected" {
                return Err(REAUTHORISE);
            }
            if access.is_fresh && refused != Some(access.token_version) {
                let sealed = access.access_token.as_deref();
                let sealed = sealed.ok_or(NoAccess::Lasting(
                    "not_connected: there is no token for this athlete",
                ))?;
                let token = self.open(&access, Kind::Access, sealed)?;
                return Ok(Granted { token, access });
            }
            let claim = Uuid::new_v4();
            if self.claim(&access, claim).await? {
                self.refresh(&access, claim).await?;
            } else {
                // Somebody else refreshes it right now.
                tokio::time::sleep(PAUSE).await;
            }
        }
        let busy = "another refresh of its token takes too long";
        Err(NoAccess::Passing(Refusal::Unavailable(busy.to_owned())))
    }

    /// Notes that even a refreshed token is not believed.
    async fn give_up(&self, access: &Access) -> NoAccess {
        match self.require_reauthorisation(access).await {
            Ok(()) => REAUTHORISE,
            Err(error) => error.into(),
        }
    }

    async fn find(&self) -> Result<Access, NoAccess> {
        let mut tx = self.store.begin(self.user).await?;
        let found = connections::find_access(&mut tx, self.user, self.provider, MARGIN).await;
        end(tx).await;
        found?.ok_or(NoAccess::Lasting(
            "not_connected: the athlete has not connected this provider",
        ))
    }

    async fn claim(&self, access: &Access, claim: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.store.begin(self.user).await?;
        let claimed = connections::claim_refresh(&mut tx, access, claim, CLAIM).await;
        settle(tx, claimed).await
    }

    /// Refreshes under the claim. The new tokens are stored before anybody uses them: most
    /// providers forget the old refresh token as soon as they hand out another.
    async fn refresh(&self, access: &Access, claim: Uuid) -> Result<(), NoAccess> {
        let outcome = self.ask_for_tokens(access).await;
        let mut tx = self.store.begin(self.user).await?;
        let stored = match &outcome {
            Ok(tokens) => connections::store_tokens(&mut tx, access, claim, tokens)
                .await
                .map(|_| ()),
            Err(NoAccess::Lasting(_)) => {
                connections::require_reauthorisation(&mut tx, access).await
            }
            // What failed is not revoked.
            Err(_) => connections::release_refresh(&mut tx, access, claim).await,
        };
        settle(tx, stored).await?;
        tracing::info!(
            provider = self.provider,
            refreshed = outcome.is_ok(),
            "asked for tokens"
        );
        outcome.map(|_| ())
    }

    async fn ask_for_tokens(&self, access: &Access) -> Result<SealedTokens, NoAccess> {
        let Some(sealed) = access.refresh_token.as_deref() else {
            return Err(REAUTHORISE);
        };
        let refresh_token = self.open(access, Kind::Refresh, sealed)?;
        let refreshed = tokens::refresh(self.http, self.source, &refresh_token);
        match refreshed.await {
            Ok(tokens) => self.seal(access, &tokens),
            Err(RefreshError::Refused) => Err(REAUTHORISE),
            Err(RefreshError::Passing(refusal)) => Err(NoAccess::Passing(refusal)),
        }
    }

    async fn require_reauthorisation(&self, access: &Access) -> Result<(), StoreError> {
        let mut tx = self.store.begin(self.user).await?;
        let required = connections::require_reauthorisation(&mut tx, access).await;
        settle(tx, required).await
    }

    fn open(&self, access: &Access, kind: Kind, sealed: &[u8]) -> Result<Secret<String>, NoAccess> {
        let account = &access.provider_user_id;
        tokens::open(self.keys, self.provider, account, kind, sealed).map_err(|error| match error {
            SealError::NoKey => NoAccess::Lasting("token_key_missing: TOKEN_KEYS lacks the key"),
            SealError::NotOurs => {
                NoAccess::Lasting("token_unreadable: the stored token is damaged")
            }
        })
    }

    fn seal(&self, access: &Access, tokens: &Tokens) -> Result<SealedTokens, NoAccess> {
        tokens::seal(self.keys, self.provider, &access.provider_user_id, tokens)
            .map_err(|_| NoAccess::Lasting("token_key_missing: TOKEN_KEYS holds no key"))
    }
}
