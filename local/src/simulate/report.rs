//! What a simulation did and found.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::key::Key;
use super::{Play, Provider};

/// The most differences that are told one by one.
const MOST_LISTED: usize = 20;

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose.
    pub provider: Provider,
    /// The athlete's account there.
    pub account: String,
    /// The provider's id of the activity, as the instance shows it.
    pub activity: String,
    /// `missing`, `unexpected`, `sport`, …
    pub kind: &'static str,
    /// What is shown, and what must be.
    pub detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            provider,
            account,
            activity,
            kind,
            detail,
        } = self;
        write!(f, "{provider} {account} {activity} {kind}: {detail}")
    }
}

/// Differences as they are found: all are counted, the first are kept.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<(u64, Vec<Difference>)>);

impl Findings {
    pub(super) fn add(&self, key: Key, seed: u32, kind: &'static str, detail: String) {
        self.add_of(key.provider, key.account(seed), key.id(seed), kind, detail);
    }

    pub(super) fn add_of(
        &self,
        provider: Provider,
        account: String,
        activity: String,
        kind: &'static str,
        detail: String,
    ) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.0 += 1;
        if found.1.len() < MOST_LISTED {
            found.1.push(Difference {
                provider,
                account,
                activity,
                kind,
                detail,
            });
        }
    }
}

/// One number that many count on.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A time that is measured once.
#[derive(Debug, Default)]
pub(super) struct Span(Mutex<Duration>);

impl Span {
    pub(super) fn since(&self, begun: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = begun.elapsed();
    }

    fn seconds(&self) -> f64 {
        let length = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (length.as_secs_f64() * 1000.0).round() / 1000.0
    }
}

/// What is counted on the way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) activities: Counter,
    pub(super) updated: Counter,
    pub(super) deleted: Counter,
    pub(super) dropped: Counter,
    pub(super) sent: Counter,
    pub(super) duplicates: Counter,
    pub(super) forged: Counter,
    pub(super) again: Counter,
    pub(super) asked: Counter,
    pub(super) refreshed: Counter,
    pub(super) refused: Counter,
    pub(super) expected: Counter,
    pub(super) found: Counter,
    pub(super) sending: Span,
    pub(super) settling: Span,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Activities that athletes did.
    pub activities: u64,
    /// Of these, those that were changed.
    pub updated: u64,
    /// Of these, those that were deleted.
    pub deleted: u64,
    /// Of these, those of which nothing was sent.
    pub dropped: u64,
    /// Webhooks, each counted once however often it was tried.
    pub webhooks: u64,
    /// Of these, repetitions.
    pub duplicates: u64,
    /// Of these, forged ones.
    pub forged: u64,
    /// How often a webhook was tried again, after 5xx or no answer.
    pub retries: u64,
    /// Questions to the providers' APIs.
    pub api_requests: u64,
    /// Access tokens that were refreshed.
    pub tokens_refreshed: u64,
    /// Questions with a token or secret that is not believed.
    pub api_refusals: u64,
    /// Workouts that must be there.
    pub expected: u64,
    /// Of these, those that are.
    pub found: u64,
    /// Things that are not as they must be.
    pub differences: u64,
}

/// What a simulation did and found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// From the first webhook to the answer of the last.
    pub sending_s: f64,
    /// From there until nothing was pending and everything was compared.
    pub settling_s: f64,
    /// The first differences.
    pub listed: Vec<Difference>,
    /// What repeats it.
    pub seed: u32,
}

impl Report {
    pub(super) fn of(play: &Play) -> Self {
        let tally = &play.tally;
        let found = play.findings.0.lock();
        let (differences, listed) = found.unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            counts: Counts {
                activities: tally.activities.get(),
                updated: tally.updated.get(),
                deleted: tally.deleted.get(),
                dropped: tally.dropped.get(),
                webhooks: tally.sent.get(),
                duplicates: tally.duplicates.get(),
                forged: tally.forged.get(),
                retries: tally.again.get(),
                api_requests: tally.asked.get(),
                tokens_refreshed: tally.refreshed.get(),
                api_refusals: tally.refused.get(),
                expected: tally.expected.get(),
                found: tally.found.get(),
                differences,
            },
            sending_s: tally.sending.seconds(),
            settling_s: tally.settling.seconds(),
            listed,
            seed: play.options.seed,
        }
    }

    /// Whether everything is as it must be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.differences == 0
    }

    /// How often each kind of difference is listed.
    #[must_use]
    pub fn kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for difference in &self.listed {
            *kinds.entry(difference.kind).or_default() += 1;
        }
        kinds
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        writeln!(
            f,
            "sent        {} webhooks in {:.1} s: {} duplicates, {} forged, {} tried again",
            counts.webhooks, self.sending_s, counts.duplicates, counts.forged, counts.retries
        )?;
        writeln!(
            f,
            "activities  {}: {} updated, {} deleted, {} never sent",
            counts.activities, counts.updated, counts.deleted, counts.dropped
        )?;
        writeln!(
            f,
            "asked       {} times, {} tokens refreshed, {} refused",
            counts.api_requests, counts.tokens_refreshed, counts.api_refusals
        )?;
        writeln!(
            f,
            "found       {} of {} workouts, compared {:.1} s after the last webhook",
            counts.found, counts.expected, self.settling_s
        )?;
        write!(f, "differences {}", counts.differences)?;
        for difference in &self.listed {
            write!(f, "\n  {difference}")?;
        }
        let more = usize::try_from(counts.differences).unwrap_or(usize::MAX);
        match more.saturating_sub(self.listed.len()) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
