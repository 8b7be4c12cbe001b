//! On a schedule: asks what there is, and announces what no webhook told of.
//!
//! A webhook can be lost for good: Strava tries three times. So each connection is asked now and
//! then what the athlete did since it was asked last, with an overlap, because an activity may be
//! uploaded long after it was done. What is not known is announced, as its webhook would have been;
//! what is known is left alone.
//!
//! The same pass decides what a webhook said of our access: nothing is believed of it but that the
//! provider is to be asked. When that refuses us, what it brought is erased.

use crate::FetchActivity;
use crate::access::{NoAccess, Question, Wanted};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, ready};
use platform::app::end;
use platform::clock;
use platform::providers::api::{Api, Refusal};
use platform::providers::oauth;
use platform::providers::source::{Listed, Lists, Source};
use platform::stage;
use serde::Serialize;
use std::time::{Duration, Instant};
use store::backfills::{self, Page};
use store::erasures::{self, Erasure, Why};
use store::ingest;
use store::reconciliations::{self, Due, Reconciled};
use store::stages::RunKey;
use store::workouts::{self, ProviderKey};
use store::{StoreError, Tx, connections};

/// How far back a connection is asked that was never asked before.
const FIRST_LOOK: TimeDelta = TimeDelta::days(30);
/// How far back behind the last time it is asked again: an activity may come late.
const OVERLAP: TimeDelta = TimeDelta::days(2);
/// How long after that it is due again.
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// How long after it did not answer.
const SOONER: Duration = Duration::from_secs(15 * 60);
/// Longer than a pass lives.
const CLAIM: Duration = Duration::from_secs(60);
/// When a pass takes no further connection: the function has to end before its time is up.
const LONG_ENOUGH: Duration = Duration::from_secs(12);
/// The most pages of a list: 5000 activities in a month are not an athlete's.
const MOST_PAGES: u32 = 25;

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pass {
    /// Connections that were asked.
    pub(crate) asked: u64,
    /// Of those, the ones that did not answer.
    pub(crate) unanswered: u64,
    /// Activities that no webhook had told of.
    pub(crate) repaired: i64,
}

/// A page of what there is since a time.
struct WhatThereIs<'q> {
    lists: &'q dyn Lists,
    since: DateTime<Utc>,
    page: u32,
}

impl Question for WhatThereIs<'_> {
    type Answer = Option<Vec<Listed>>;

    fn put<'a>(
        &'a self,
        api: &'a Api<'a>,
        _account: &'a str,
    ) -> BoxFuture<'a, Result<Self::Answer, Refusal>> {
        self.lists.list(api, self.since, self.page)
    }
}

/// Whose access it is, and so whether there is any.
struct Whose<'q> {
    source: &'q dyn Source,
}

impl Question for Whose<'_> {
    type Answer = ();

    fn put<'a>(
        &'a self,
        api: &'a Api<'a>,
        _account: &'a str,
    ) -> BoxFuture<'a, Result<Self::Answer, Refusal>> {
        // Only who tells is asked.
        oauth::ask_whose(self.source, api).unwrap_or_else(|| Box::pin(ready(Ok(()))))
    }
}

impl FetchActivity {
    /// Asks about what is due, one connection after another, until nothing is or it is time.
    pub(crate) async fn reconcile(&self, correlation_id: &str) -> Result<Pass, StoreError> {
        let started = Instant::now();
        let mut pass = Pass::default();
        while started.elapsed() < LONG_ENOUGH {
            let Some(due) = self.claim_due().await? else {
                break;
            };
            let reconciled = self.look_back(&due, started, correlation_id).await?;
            pass.asked += 1;
            pass.unanswered += u64::from(reconciled.error.is_some());
            pass.repaired += reconciled.repaired;
            if reconciled.repaired > 0 {
                let (provider, repaired) = (&due.provider, reconciled.repaired);
                tracing::warn!(provider, repaired, "webhooks were lost");
            }
            let mut tx = self.store.begin(due.user).await?;
            let ended = reconciliations::finish_reconciliation(&mut tx, &due, &reconciled).await;
            stage::settle(tx, ended).await?;
        }
        Ok(pass)
    }

    async fn claim_due(&self) -> Result<Option<Due>, StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let (listing, telling) = (self.sources.that_list(), self.sources.that_tell_whose());
        let due = reconciliations::claim_due(&mut tx, CLAIM, &listing, &telling).await;
        stage::settle(tx, due).await
    }

    /// Asks one connection, and announces what is new.
    async fn look_back(
        &self,
        due: &Due,
        started: Instant,
        correlation_id: &str,
    ) -> Result<Reconciled, StoreError> {
        let asked_at = clock::now();
        let mut reconciled = Reconciled {
            until: Some(asked_at),
            repaired: 0,
            error: None,
            again: EVERY,
        };
        let Some((_, source)) = self.sources.find(&due.provider) else {
            return Ok(reconciled);
        };
        let first_look = source.settings().first_look_days;
        let first_look = first_look.map_or(FIRST_LOOK, |days| TimeDelta::days(days.into()));
        let since = due
            .reconciled_at
            .map_or(asked_at - first_look, |last| last - OVERLAP);
        let wanted = Wanted {
            store: &self.store,
            keys: &self.keys,
            http: &self.http,
            provider: &due.provider,
            source,
            user: due.user,
            is_live: false,
        };
        let asked = match source.lists() {
            Some(lists) => {
                let repaired = &mut reconciled.repaired;
                self.ask_what(due, &wanted, lists, since, correlation_id, repaired)
                    .await
            }
            None => wanted.ask(&Whose { source }).await,
        };
        match asked {
            Ok(()) => {
                if let Some(lists) = source.lists() {
                    let listed = self.backfill(due, &wanted, lists, started, correlation_id);
                    match listed.await {
                        Ok(true) => {}
                        Ok(false) => reconciled.again = Duration::ZERO,
                        Err(NoAccess::Store(error)) => return Err(error),
                        Err(NoAccess::Lasting(error)) => reconciled.error = Some(error.to_owned()),
                        Err(NoAccess::Passing(refusal)) => {
                            reconciled.again = patience(&refusal, asked_at);
                            reconciled.error = Some(refusal.to_string());
                        }
                    }
                }
            }
            Err(NoAccess::Store(error)) => return Err(error),
            Err(NoAccess::Lasting(error)) => {
                // Nothing changes by asking; who connects again makes it due.
                reconciled.until = None;
                reconciled.error = Some(error.to_owned());
                self.erase_if_deauthorised(due).await?;
            }
            Err(NoAccess::Passing(refusal)) => {
                reconciled.until = None;
                reconciled.again = patience(&refusal, asked_at);
                reconciled.error = Some(refusal.to_string());
            }
        }
        Ok(reconciled)
    }

    /// Asks what there is, page by page, and announces what is new.
    async fn ask_what(
        &self,
        due: &Due,
        wanted: &Wanted<'_>,
        lists: &dyn Lists,
        since: DateTime<Utc>,
        correlation_id: &str,
        repaired: &mut i64,
    ) -> Result<(), NoAccess> {
        for page in 1..=MOST_PAGES {
            let question = WhatThereIs { lists, since, page };
            let Some(listed) = wanted.ask(&question).await? else {
                break;
            };
            platform::faults::point("before_announcing");
            *repaired += self.announce(due, &listed, correlation_id).await?;
        }
        Ok(())
    }

    /// Announces a backfill page by page, as long as there is time; `true` at its end, or when there
    /// is none. Each page is counted as it is announced, so the next pass goes on behind it.
    async fn backfill(
        &self,
        due: &Due,
        wanted: &Wanted<'_>,
        lists: &dyn Lists,
        started: Instant,
        correlation_id: &str,
    ) -> Result<bool, NoAccess> {
        while started.elapsed() < LONG_ENOUGH {
            let mut tx = self.store.begin(due.user).await?;
            let unlisted = backfills::find_unlisted(&mut tx, due.user, due.connection_id).await;
            end(tx).await;
            let Some(unlisted) = unlisted? else {
                return Ok(true);
            };
            let question = WhatThereIs {
                lists,
                since: unlisted.since,
                page: unlisted.next_page.unsigned_abs(),
            };
            let listed = wanted.ask(&question).await?;
            let page = Page {
                found: listed.as_ref().map_or(0, |listed| count(listed)),
                is_last: listed.is_none(),
            };
            let listed = listed.unwrap_or_default();
            platform::faults::point("before_backfilling");
            let mut tx = self.store.begin(due.user).await?;
            let announced = match announce(&mut tx, due, &listed).await {
                Ok(announced) => announced,
                Err(error) => {
                    end(tx).await;
                    return Err(error.into());
                }
            };
            let (user, connection) = (due.user, due.connection_id);
            match backfills::advance_backfill(&mut tx, user, connection, unlisted, page).await {
                Ok(true) => tx.commit().await?,
                // Somebody else counted it, or it was begun anew: then it is listed again.
                Ok(false) => {
                    end(tx).await;
                    continue;
                }
                Err(error) => {
                    end(tx).await;
                    return Err(error.into());
                }
            }
            self.doorbell.ring(&announced, correlation_id).await;
        }
        Ok(false)
    }

    /// Erases what a connection brought when a webhook said that our access ended and the provider
    /// has refused it.
    async fn erase_if_deauthorised(&self, due: &Due) -> Result<(), StoreError> {
        let mut tx = self.store.begin(due.user).await?;
        let erased = erase_if_deauthorised(&mut tx, due).await;
        if stage::settle(tx, erased).await? {
            let provider = &due.provider;
            tracing::info!(provider, "the athlete took our access away: erased");
        }
        Ok(())
    }

    /// Announces what is not known of a page, and says how much that was.
    async fn announce(
        &self,
        due: &Due,
        listed: &[Listed],
        correlation_id: &str,
    ) -> Result<i64, StoreError> {
        let mut tx = self.store.begin(due.user).await?;
        let announced = match announce(&mut tx, due, listed).await {
            Ok(announced) => announced,
            Err(error) => {
                end(tx).await;
                return Err(error);
            }
        };
        tx.commit().await?;
        self.doorbell.ring(&announced, correlation_id).await;
        Ok(count(&announced))
    }
}

fn count<T>(things: &[T]) -> i64 {
    i64::try_from(things.len()).unwrap_or(i64::MAX)
}

async fn announce(tx: &mut Tx, due: &Due, listed: &[Listed]) -> Result<Vec<RunKey>, StoreError> {
    tx.lock_user(due.user).await?;
    let mut announced = Vec::new();
    // Whoever disconnected while the provider was asked must not get anything back.
    if !connections::is_there(tx, due.user, due.connection_id).await? {
        return Ok(announced);
    }
    for activity in listed {
        let key = ProviderKey::activity(&due.provider, &activity.activity_id);
        // A tombstone is known too: a list may be older than a deletion.
        if workouts::find_by_provider(tx, due.user, key)
            .await?
            .is_none()
        {
            let ingested = ingest::announce(tx, due.user, key, activity.started_at).await?;
            announced.extend(ingested.runs(due.user));
        }
    }
    Ok(announced)
}

async fn erase_if_deauthorised(tx: &mut Tx, due: &Due) -> Result<bool, StoreError> {
    tx.lock_user(due.user).await?;
    if !erasures::is_deauthorised(tx, due.user, due.connection_id).await? {
        return Ok(false);
    }
    let erasure = Erasure {
        provider: &due.provider,
        why: Why::Deauthorised,
        keeps_workouts: false,
        // It is over, and nobody was asked to end it.
        revoked: None,
    };
    let receipt = erasures::erase_provider(tx, due.user, erasure).await?;
    Ok(receipt.is_some())
}

/// When a provider that did not answer is asked again.
fn patience(refusal: &Refusal, now: DateTime<Utc>) -> Duration {
    let Refusal::RateLimited(until) = refusal else {
        return SOONER;
    };
    (*until - now).to_std().unwrap_or(SOONER).max(SOONER)
}
