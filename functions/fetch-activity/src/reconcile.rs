//! On a schedule: asks what there is, and announces what no webhook told of.
//!
//! A webhook can be lost for good: Strava tries three times. So each connection is asked now and
//! then what the athlete did since it was asked last, with an overlap, because an activity may be
//! uploaded long after it was done. What is not known is announced, as its webhook would have been;
//! so is what has changed or was deleted since its provider was asked about it. All else is left
//! alone.
//!
//! Connections of providers that do not list are looked after too: when they last delivered is noted,
//! so that a provider that has stopped sending webhooks altogether is told to the operator.
//!
//! What a provider's terms let be kept for a while only is asked for again in time, of providers that
//! list: those are asked by an activity's id.
//!
//! The same pass decides what a webhook said of our access: nothing is believed of it but that the
//! provider is to be asked. When that refuses us, what it brought is erased.

use crate::FetchActivity;
use crate::access::{NoAccess, Question, Wanted};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, ready};
use platform::app::{end, settle};
use platform::clock;
use platform::faults;
use platform::providers::api::{Api, Refusal};
use platform::providers::oauth;
use platform::providers::source::{Listed, Lists, LookedFor, Page, Source};
use serde::Serialize;
use std::time::{Duration, Instant};
use store::backfills::{self, Counted};
use store::erasures::{self, Erasure, Why};
use store::ingest;
use store::reconciliations::{self, Due, Reconciled, Silent};
use store::stages::{self, RunKey};
use store::workouts::{self, Known, ProviderKey};
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
/// The most pages of a list: 250 activities in a month, ten to a page, are not an athlete's.
const MOST_PAGES: u32 = 25;
/// How far a provider's clock may be behind ours: what changed this little before it was asked about
/// may have changed after.
const CLOCKS: TimeDelta = TimeDelta::minutes(5);

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pass {
    /// Connections that were asked.
    pub(crate) asked: u64,
    /// Of those, the ones that did not answer.
    pub(crate) unanswered: u64,
    /// Activities that no webhook had told of.
    pub(crate) repaired: i64,
    /// Activities that were known and have changed since, or were deleted.
    pub(crate) changed: i64,
    /// Activities that are asked for again because they may not be kept for much longer.
    pub(crate) renewed: u64,
    /// Providers of which nothing was heard for too long.
    pub(crate) silent: u64,
}

/// A page of what there is since a time.
struct WhatThereIs<'q> {
    lists: &'q dyn Lists,
    since: DateTime<Utc>,
    next: Option<&'q str>,
}

impl Question for WhatThereIs<'_> {
    type Answer = Page;

    fn put<'a>(
        &'a self,
        api: &'a Api<'a>,
        account: &'a str,
    ) -> BoxFuture<'a, Result<Self::Answer, Refusal>> {
        let looked = LookedFor {
            account,
            since: self.since,
            next: self.next,
        };
        self.lists.list(api, looked)
    }
}

/// What asking one connection came to.
struct Looked {
    is_asked: bool,
    reconciled: Reconciled,
    changed: i64,
    renewed: u64,
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
    /// Asks about what is due, one connection after another, until nothing is or it is time; and
    /// tells which providers are silent.
    pub(crate) async fn reconcile(&self, correlation_id: &str) -> Result<Pass, StoreError> {
        let started = Instant::now();
        let mut pass = Pass::default();
        while started.elapsed() < LONG_ENOUGH {
            let Some(due) = self.claim_due().await? else {
                break;
            };
            let Looked {
                is_asked,
                reconciled,
                changed,
                renewed,
            } = self.look_back(&due, started, correlation_id).await?;
            pass.asked += u64::from(is_asked);
            pass.unanswered += u64::from(reconciled.error.is_some());
            pass.repaired += reconciled.repaired;
            pass.changed += changed;
            pass.renewed += renewed;
            tell(&due, reconciled.repaired);
            faults::point("before_reconciliation_ends");
            let mut tx = self.store.begin(due.user).await?;
            let ended = reconciliations::finish_reconciliation(&mut tx, &due, &reconciled).await;
            settle(tx, ended).await?;
        }
        pass.silent = self.tell_silent().await?;
        Ok(pass)
    }

    /// Tells of every provider from which nothing has come for too long, and how many those are.
    async fn tell_silent(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let providers = self.sources.names();
        let silent = reconciliations::list_silent(&mut tx, &providers, self.silent_after).await;
        end(tx).await;
        let silent = silent?;
        for Silent {
            provider,
            connections,
            delivered_at,
        } in &silent
        {
            let last = delivered_at.map(|at| at.to_rfc3339());
            tracing::warn!(
                code = "provider_silent",
                provider,
                connections,
                last,
                "no webhook of this provider has come for too long"
            );
        }
        Ok(u64::try_from(silent.len()).unwrap_or(u64::MAX))
    }

    async fn claim_due(&self) -> Result<Option<Due>, StoreError> {
        let mut tx = self.store.begin_without_user().await?;
        let providers = self.sources.names();
        let due = reconciliations::claim_due(&mut tx, CLAIM, &providers).await;
        settle(tx, due).await
    }

    /// Asks one connection, and announces what is new.
    async fn look_back(
        &self,
        due: &Due,
        started: Instant,
        correlation_id: &str,
    ) -> Result<Looked, StoreError> {
        let asked_at = clock::now();
        let mut looked = Looked {
            is_asked: false,
            reconciled: Reconciled {
                until: Some(asked_at),
                repaired: 0,
                error: None,
                again: EVERY,
            },
            changed: 0,
            renewed: 0,
        };
        let Some((_, source)) = self.sources.find(&due.provider) else {
            return Ok(looked);
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
                looked.is_asked = true;
                self.ask_what(due, &wanted, lists, since, correlation_id, &mut looked)
                    .await
            }
            // What lists nothing is asked only whether our access, which is in doubt, is over.
            None if due.doubted_at.is_some() => {
                looked.is_asked = true;
                wanted.ask(&Whose { source }).await
            }
            None => return Ok(looked),
        };
        let reconciled = &mut looked.reconciled;
        match asked {
            Ok(()) => {
                if let Some(lists) = source.lists() {
                    looked.renewed = self.renew(due, correlation_id).await?;
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
        Ok(looked)
    }

    /// Asks what there is, page by page, and announces what is new.
    async fn ask_what(
        &self,
        due: &Due,
        wanted: &Wanted<'_>,
        lists: &dyn Lists,
        since: DateTime<Utc>,
        correlation_id: &str,
        looked: &mut Looked,
    ) -> Result<(), NoAccess> {
        let mut next = None;
        for number in 1..=MOST_PAGES {
            let question = WhatThereIs {
                lists,
                since,
                next: next.as_deref(),
            };
            let page = wanted.ask(&question).await?;
            faults::point("before_announcing");
            let announced = self.announce(due, &page.listed, correlation_id).await?;
            looked.reconciled.repaired += announced.new;
            looked.changed += announced.changed;
            // A page that leads to itself leads nowhere.
            if page.next.is_none() || page.next == next {
                break;
            }
            if number == MOST_PAGES {
                let provider = &due.provider;
                tracing::warn!(provider, "a list has more pages than are looked at");
            }
            next = page.next;
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
                next: unlisted.next_page.as_deref(),
            };
            let page = wanted.ask(&question).await?;
            let counted = Counted {
                found: i64::try_from(page.listed.len()).unwrap_or(i64::MAX),
                // A page that leads to itself leads nowhere.
                next: page
                    .next
                    .filter(|next| Some(next) != unlisted.next_page.as_ref()),
            };
            faults::point("before_backfilling");
            let mut tx = self.store.begin(due.user).await?;
            let announced = match announce(&mut tx, due, &page.listed).await {
                Ok(announced) => announced,
                Err(error) => {
                    end(tx).await;
                    return Err(error.into());
                }
            };
            let (user, connection) = (due.user, due.connection_id);
            match backfills::advance_backfill(&mut tx, user, connection, &unlisted, &counted).await
            {
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
            self.doorbell.ring(&announced.runs, correlation_id).await;
        }
        Ok(false)
    }

    /// Has what may not be kept for much longer asked for again, and answers how much that is.
    async fn renew(&self, due: &Due, correlation_id: &str) -> Result<u64, StoreError> {
        let mut tx = self.store.begin(due.user).await?;
        let renewed = renew(&mut tx, due).await;
        let renewed = settle(tx, renewed).await?;
        self.doorbell.ring(&renewed, correlation_id).await;
        Ok(u64::try_from(renewed.len()).unwrap_or(u64::MAX))
    }

    /// Erases what a connection brought when a webhook said that our access ended and the provider
    /// has refused it.
    async fn erase_if_deauthorised(&self, due: &Due) -> Result<(), StoreError> {
        let mut tx = self.store.begin(due.user).await?;
        let erased = erase_if_deauthorised(&mut tx, due).await;
        if settle(tx, erased).await? {
            let provider = &due.provider;
            tracing::info!(provider, "the athlete took our access away: erased");
        }
        Ok(())
    }

    /// Announces what is not known of a page, or is not known as it is now.
    async fn announce(
        &self,
        due: &Due,
        listed: &[Listed],
        correlation_id: &str,
    ) -> Result<Announced, StoreError> {
        let mut tx = self.store.begin(due.user).await?;
        let announced = match announce(&mut tx, due, listed).await {
            Ok(announced) => announced,
            Err(error) => {
                end(tx).await;
                return Err(error);
            }
        };
        tx.commit().await?;
        self.doorbell.ring(&announced.runs, correlation_id).await;
        Ok(announced)
    }
}

/// Tells of a connection whose webhooks are lost: what it did was known at its provider, and nobody
/// told us. What it did before it was connected nobody had to tell.
fn tell(due: &Due, repaired: i64) {
    let provider = &due.provider;
    if repaired == 0 {
        return;
    }
    if due.reconciled_at.is_none() {
        tracing::info!(provider, repaired, "what was there before is brought in");
        return;
    }
    tracing::warn!(
        code = "webhooks_lost",
        provider,
        connection.id = %due.connection_id,
        repaired,
        "webhooks were lost"
    );
}

/// What was announced of a page.
#[derive(Default)]
struct Announced {
    runs: Vec<RunKey>,
    new: i64,
    changed: i64,
}

async fn announce(tx: &mut Tx, due: &Due, listed: &[Listed]) -> Result<Announced, StoreError> {
    tx.lock_user(due.user).await?;
    let mut announced = Announced::default();
    // Whoever disconnected while the provider was asked must not get anything back.
    if !connections::is_there(tx, due.user, due.connection_id).await? {
        return Ok(announced);
    }
    for activity in listed {
        let (Listed::There { activity_id, .. } | Listed::Deleted { activity_id }) = activity;
        let key = ProviderKey::activity(&due.provider, activity_id);
        let known = workouts::find_by_provider(tx, due.user, key).await?;
        let began = match (activity, &known) {
            (Listed::There { started_at, .. }, None) => {
                announced.new += 1;
                *started_at
            }
            (_, Some(known)) if is_newer(activity, known) => {
                announced.changed += 1;
                clock::now()
            }
            _ => continue,
        };
        let ingested = ingest::announce(tx, due.user, key, began).await?;
        announced.runs.extend(ingested.runs(due.user));
    }
    Ok(announced)
}

async fn renew(tx: &mut Tx, due: &Due) -> Result<Vec<RunKey>, StoreError> {
    tx.lock_user(due.user).await?;
    // Whoever disconnected while the provider was asked has nobody left to ask.
    if !connections::is_there(tx, due.user, due.connection_id).await? {
        return Ok(Vec::new());
    }
    stages::renew_fetches(tx, due.user, &due.provider).await
}

/// Whether a list tells of something that happened after the provider was asked last.
fn is_newer(listed: &Listed, known: &Known) -> bool {
    // A list may be older than a deletion; and of what was never brought in, an answer is due.
    let Some(asked_at) = known.provider_time.filter(|_| !known.deleted) else {
        return false;
    };
    match listed {
        Listed::There { changed_at, .. } => changed_at.is_some_and(|at| at > asked_at - CLOCKS),
        // Only its own 404 counts, so it is asked.
        Listed::Deleted { .. } => true,
    }
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
