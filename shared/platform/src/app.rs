//! The few clients that a handler borrows, built once per execution environment.

use crate::auth::{Bearer, Caller, Subject, TokenVerifier};
use crate::config::{self, ConfigError, Pace};
use crate::doorbell::Doorbell;
use crate::http::Request;
use crate::problem::Problem;
use domain::id::UserId;
use domain::purpose::Purpose;
use domain::stage::StageName;
use store::stages::RunKey;
use store::{Store, StoreError, Tx, identities, users};
use thiserror::Error;

/// Why a function cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Its environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its database URL.
    #[error("DATABASE_URL cannot be understood")]
    Store(#[from] StoreError),
}

/// What a function needs that answers users.
pub struct UserApp {
    store: Store,
    verifier: TokenVerifier,
}

impl UserApp {
    /// Builds it from the environment.
    ///
    /// # Errors
    /// [`StartError`] names the variable.
    pub fn from_environment() -> Result<Self, StartError> {
        Self::at(Pace::Http)
    }

    /// Builds it from the environment, with the database's limits of this pace.
    ///
    /// # Errors
    /// [`StartError`] names the variable.
    pub fn at(pace: Pace) -> Result<Self, StartError> {
        let store = Store::new(&config::database(pace)?)?;
        let verifier = TokenVerifier::new(&config::auth()?)?;
        Ok(Self { store, verifier })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Believes the request's token and opens a transaction for that user.
    ///
    /// # Errors
    /// 401 when the token is not believed or its user may not come in (any more).
    pub async fn begin(&self, request: &Request) -> Result<(UserId, Tx), Problem> {
        let bearer = self.bearer(request).await?;
        self.enter(&bearer.subject).await
    }

    /// As [`begin`](Self::begin), for who is shown data: what for is what the token says and what
    /// the request's `purpose` says, and if either is an AI, it is for an AI.
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin), and 400 `bad_purpose`.
    pub async fn begin_reading(&self, request: &Request) -> Result<(Caller, Tx), Problem> {
        let mut bearer = self.bearer(request).await?;
        for name in request.queries("purpose") {
            let asked = Purpose::from_name(name).ok_or_else(|| {
                Problem::malformed("bad_purpose", "purpose must be display or ai")
            })?;
            bearer.purpose = bearer.purpose.and(asked);
        }
        let (user, tx) = self.enter(&bearer.subject).await?;
        let purpose = bearer.purpose;
        Ok((Caller { user, purpose }, tx))
    }

    /// Believes the request's token; the database is only asked whose another issuer's is.
    ///
    /// # Errors
    /// 401 when the token is not believed.
    pub async fn authenticate(&self, request: &Request) -> Result<UserId, Problem> {
        match self.bearer(request).await?.subject {
            Subject::User(user) => Ok(user),
            subject @ Subject::External(_) => {
                let (user, tx) = self.enter(&subject).await?;
                end(tx).await;
                Ok(user)
            }
        }
    }

    /// Believes the request's token, whether or not we know whom it is of.
    ///
    /// # Errors
    /// 401 when the token is not believed.
    pub async fn bearer(&self, request: &Request) -> Result<Bearer, Problem> {
        self.verifier.authenticate(request).await
    }

    /// Whose tokens are believed.
    pub fn issuer(&self) -> &str {
        self.verifier.issuer()
    }

    /// Opens a transaction for whom a token is of, if they may come in.
    ///
    /// # Errors
    /// 401 when they may not (any more), or never registered.
    pub async fn enter(&self, subject: &Subject) -> Result<(UserId, Tx), Problem> {
        match subject {
            Subject::User(user) => Ok((*user, self.open(*user).await?)),
            Subject::External(name) => {
                let mut tx = self.store.begin_without_user().await?;
                let found = find_external(&mut tx, self.issuer(), name).await;
                let_in(tx, found).await
            }
        }
    }

    /// Opens a transaction for a user who may come in.
    ///
    /// # Errors
    /// 401 when the user may not come in (any more).
    pub async fn open(&self, user: UserId) -> Result<Tx, Problem> {
        let mut tx = self.store.begin(user).await?;
        let active = users::is_active(&mut tx, user).await;
        let found = active.map(|is_active| is_active.then_some(user));
        Ok(let_in(tx, found).await?.1)
    }
}

/// Whose subject of another issuer this is, if they may come in.
async fn find_external(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>, StoreError> {
    let Some(user) = identities::act_for_subject(tx, issuer, subject).await? else {
        return Ok(None);
    };
    let is_active = users::is_active(tx, user).await?;
    Ok(is_active.then_some(user))
}

/// Goes on with whoever was found, and ends a transaction that is nobody's.
async fn let_in(
    tx: Tx,
    found: Result<Option<UserId>, StoreError>,
) -> Result<(UserId, Tx), Problem> {
    match found {
        Ok(Some(user)) => Ok((user, tx)),
        Ok(None) => {
            tx.rollback().await?;
            Err(Problem::unauthenticated(
                "user_unknown",
                "the token's user is not known",
            ))
        }
        Err(error) => {
            end(tx).await;
            Err(error.into())
        }
    }
}

/// What a function needs that changes what stages work on: users, and the doorbells.
pub struct WriterApp {
    /// Whom it answers.
    pub users: UserApp,
    /// What it rings.
    pub doorbell: Doorbell,
}

impl WriterApp {
    /// Builds it from the environment, with the doorbells of `stages`.
    ///
    /// # Errors
    /// [`StartError`] names the variable.
    pub fn from_environment(stages: &[StageName]) -> Result<Self, StartError> {
        let users = UserApp::from_environment()?;
        let doorbell = Doorbell::from_environment(stages)?;
        Ok(Self { users, doorbell })
    }

    /// Commits what went well, and only then rings for the `runs` that it requested; rolls back what
    /// did not.
    ///
    /// # Errors
    /// What was handed in, or [`StoreError`] when the commit did not go through.
    pub async fn settle_and_ring<T, E: From<StoreError>>(
        &self,
        tx: Tx,
        outcome: Result<T, E>,
        runs: impl FnOnce(&T) -> Vec<RunKey>,
        correlation_id: &str,
    ) -> Result<T, E> {
        if outcome.is_ok() {
            crate::faults::point("before_commit");
        }
        let done = settle(tx, outcome).await?;
        crate::faults::point("after_commit");
        self.doorbell.ring(&runs(&done), correlation_id).await;
        crate::faults::point("after_ring");
        Ok(done)
    }
}

/// Commits what went well and rolls back what did not, before anything else happens.
///
/// # Errors
/// What was handed in, or [`StoreError`] when the commit did not go through.
pub async fn settle<T, E: From<StoreError>>(tx: Tx, outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(error) => {
            end(tx).await;
            Err(error)
        }
    }
}

/// Rolls back, and only notes when that fails: the server does it when we hang up.
pub async fn end(tx: Tx) {
    if let Err(error) = tx.rollback().await {
        tracing::warn!(%error, "could not roll back");
    }
}
