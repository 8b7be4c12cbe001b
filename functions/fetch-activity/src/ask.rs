//! One question to a provider: with the athlete's token, within the budget.

use crate::access::{NoAccess, Question, Wanted};
use crate::wait::Later;
use domain::recording::Recording;
use futures_util::future::BoxFuture;
use platform::app::end;
use platform::clock;
use platform::intake::unpack;
use platform::providers::Delivery;
use platform::providers::api::{Api, Refusal};
use platform::providers::client::Client;
use platform::providers::source::{Asked, Fetched, Source, Sources};
use platform::seal::SealingKeys;
use platform::stage::Defeat;
use std::time::Duration;
use store::deliveries::{self, Kept};
use store::stages::RunKey;
use store::workouts::Fetchable;
use store::{Store, StoreError};

/// How often "there is no such activity" is not believed of one that was just announced: some
/// providers announce before they can show.
const DOUBTS: i16 = 3;

/// A question that is to be asked.
pub(crate) struct Asking<'a> {
    pub(crate) store: &'a Store,
    pub(crate) keys: &'a SealingKeys,
    pub(crate) http: &'a Client,
    pub(crate) sources: &'a Sources,
    pub(crate) run: RunKey,
    pub(crate) known: &'a Fetchable,
}

/// What came of it.
pub(crate) enum Answered {
    /// The activity is there.
    Brought {
        name: Option<String>,
        recording: Box<Recording>,
        /// Of all that the provider answered.
        source_sha256: [u8; 32],
        /// When to ask for the rest of it.
        again: Option<Later>,
    },
    /// It is gone.
    Gone,
    /// The provider is to be asked another time.
    Later(Later),
}

/// What an activity is now, and the hash of all that was read to know it.
struct WhatItIs<'q> {
    source: &'q dyn Source,
    activity_id: &'q str,
    delivery: Option<Delivery<'q>>,
}

impl Question for WhatItIs<'_> {
    type Answer = (Fetched, [u8; 32]);

    fn put<'a>(
        &'a self,
        api: &'a Api<'a>,
        account: &'a str,
    ) -> BoxFuture<'a, Result<Self::Answer, Refusal>> {
        Box::pin(async move {
            let asked = Asked {
                account,
                activity_id: self.activity_id,
                delivery: self.delivery,
            };
            let fetched = self.source.fetch(api, asked).await?;
            Ok((fetched, api.source_sha256()))
        })
    }
}

impl Asking<'_> {
    /// Asks.
    ///
    /// # Errors
    /// [`Defeat`] when there will be no answer.
    pub(crate) async fn ask(&self) -> Result<Answered, Defeat> {
        let (_, source) = self.sources.find(&self.known.provider).ok_or_else(|| {
            lasting("not_configured: this provider is not configured, so it cannot be asked")
        })?;
        let kept = self.kept().await?;
        match self.fetch(source, kept.as_ref()).await {
            Ok((fetched, read)) => self.understand(fetched, read, kept.as_ref()),
            Err(NoAccess::Lasting(error)) => Err(lasting(error)),
            Err(NoAccess::Passing(refusal)) => self.wait_out(&refusal),
            Err(NoAccess::Store(error)) => Err(error.into()),
        }
    }

    async fn kept(&self) -> Result<Option<Kept>, StoreError> {
        let RunKey {
            user_id,
            workout_id,
            ..
        } = self.run;
        let mut tx = self.store.begin(user_id).await?;
        let kept = deliveries::find_latest(&mut tx, user_id, workout_id).await;
        end(tx).await;
        kept
    }

    async fn fetch(
        &self,
        source: &dyn Source,
        kept: Option<&Kept>,
    ) -> Result<(Fetched, [u8; 32]), NoAccess> {
        let body = kept.map(|kept| unpack(&kept.body)).transpose();
        let body =
            body.map_err(|_| NoAccess::Lasting("provider_answer: what it said is damaged"))?;
        let delivery = kept.zip(body.as_deref()).map(|(kept, body)| Delivery {
            headers: &kept.headers,
            body,
        });
        let wanted = Wanted {
            store: self.store,
            keys: self.keys,
            http: self.http,
            provider: &self.known.provider,
            source,
            user: self.run.user_id,
            is_live: self.known.is_live,
        };
        let question = WhatItIs {
            source,
            activity_id: &self.known.provider_activity_id,
            delivery,
        };
        wanted.ask(&question).await
    }

    fn understand(
        &self,
        fetched: Fetched,
        source_sha256: [u8; 32],
        kept: Option<&Kept>,
    ) -> Result<Answered, Defeat> {
        let waited = self.known.postponed;
        match fetched {
            Fetched::Brought {
                name,
                recording,
                more_later,
            } => Ok(Answered::Brought {
                name,
                recording,
                source_sha256,
                again: more_later
                    .then(|| Later::after(waited, "not_ready: the provider has no samples yet"))
                    .flatten(),
            }),
            Fetched::Gone => {
                let said_so = kept.is_some_and(|kept| kept.event == "delete");
                let is_new = self.known.generation == 0 && !said_so && waited < DOUBTS;
                let later = Later::after(waited, "not_ready: the provider does not know it yet");
                Ok(match later {
                    Some(later) if is_new => Answered::Later(later),
                    _ => Answered::Gone,
                })
            }
            Fetched::NotReady => Later::after(waited, "not_ready: the provider works on it")
                .map(Answered::Later)
                .ok_or_else(|| lasting("not_ready: the provider never had anything to show")),
        }
    }

    /// What to do about a refusal that may pass.
    fn wait_out(&self, refusal: &Refusal) -> Result<Answered, Defeat> {
        let reason = refusal.to_string();
        match refusal {
            Refusal::RateLimited(until) => {
                let wait = (*until - clock::now()).to_std().unwrap_or(Duration::ZERO);
                Ok(Answered::Later(Later {
                    reason,
                    wait,
                    is_counted: false,
                }))
            }
            Refusal::Unavailable(_) => Later::after(self.known.postponed, reason.clone())
                .map(Answered::Later)
                .ok_or_else(|| lasting(reason)),
            Refusal::Unauthorized | Refusal::Unusable(_) => Err(lasting(reason)),
        }
    }
}

/// A defeat that asking again does not turn.
fn lasting(error: impl Into<String>) -> Defeat {
    Defeat {
        error: error.into(),
        permanent: true,
    }
}
