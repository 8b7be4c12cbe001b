//! What is logged of a save, in one line: what was decided and why, and what it cost.

use crate::failure::Failure;
use domain::id::LogId;
use domain::log::error::LogErrorClass;
use serde::Serialize;
use std::time::Duration;
use store::logs::Written;

/// What came of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// There is a log where none was.
    Created,
    /// The log says something else than before.
    Updated,
    /// The log said the same before; nothing was written.
    Unchanged,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why a log was made, or which one was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// Nothing was logged at the place.
    PlaceAbsent,
    /// The lookup found what was logged at the place.
    PlacePresent,
    /// The place was remembered, and so it was.
    CachedId,
    /// The client knew the log of the place.
    ClientId,
    /// No log had this id.
    IdAbsent,
    /// A log has this id.
    IdPresent,
    /// Another log came to the place, or had the id, while this one was made.
    ConstraintRecovered,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::PlaceAbsent => "place_absent",
            Self::PlacePresent => "place_present",
            Self::CachedId => "cached_id",
            Self::ClientId => "client_id",
            Self::IdAbsent => "id_absent",
            Self::IdPresent => "id_present",
            Self::ConstraintRecovered => "constraint_recovered",
        }
    }
}

/// What an id that was remembered of a place was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CacheUse {
    /// There was none to be asked: the log was named by its id.
    #[default]
    None,
    /// It was right, so nothing was looked up.
    Hit,
    /// None was remembered.
    Miss,
    /// It was wrong, and is forgotten.
    Dropped,
}

impl CacheUse {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Dropped => "dropped",
        }
    }
}

/// Rows that a save wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Writes {
    /// Rows of logs: 1, or 0 when nothing changed.
    pub(crate) logs: u64,
    /// Rows of their exercises.
    pub(crate) exercises: Written,
}

/// What happened to one request.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) tries: u32,
    pub(crate) statements: u32,
    /// What it is, if it is a save.
    pub(crate) action: Option<&'static str>,
    pub(crate) log: Option<LogId>,
    pub(crate) outcome: Option<(Outcome, Why)>,
    pub(crate) cache: CacheUse,
    pub(crate) writes: Writes,
    pub(crate) corrections: usize,
    /// Whether records of a finished log's sets could not be made yet.
    pub(crate) records_pending: bool,
    /// Which constraint stood in the way, and was recovered from.
    pub(crate) recovered: Option<&'static str>,
}

impl Story {
    /// Logs it, unless it is no save.
    pub(crate) fn tell(&self, failure: Option<&Failure>, elapsed: Duration) {
        let Some(action) = self.action else { return };
        let log = self.log.map(|log| log.to_string());
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        if let Some(constraint) = self.recovered {
            tracing::warn!(
                code = "log_constraint_met",
                log.id = log,
                constraint,
                recovered = true,
                "another log was at the place, and was updated"
            );
        }
        let Some(failure) = failure else {
            let (outcome, why) = self.outcome.unzip();
            let asked = matches!(
                self.cache,
                CacheUse::Hit | CacheUse::Miss | CacheUse::Dropped
            );
            tracing::info!(
                code = "log_saved",
                action,
                log.id = log,
                outcome = outcome.map(Outcome::as_str),
                why = why.map(Why::as_str),
                cache = self.cache.as_str(),
                // A number, so that its mean is the ratio of hits.
                cache_hit = asked.then(|| u8::from(self.cache == CacheUse::Hit)),
                rows = self.writes.logs + self.writes.exercises.rows(),
                statements = self.statements,
                corrections = self.corrections,
                records_pending = self.records_pending,
                tries = self.tries,
                duration_ms,
                "a log was saved"
            );
            return;
        };
        let class = failure.class();
        let (sqlstate, constraint, cause) = failure.context();
        if class == LogErrorClass::ConstraintViolated {
            tracing::error!(
                code = "log_constraint_met",
                constraint,
                recovered = false,
                "a constraint refused what should have been possible"
            );
        }
        tracing::warn!(
            code = "log_not_saved",
            action,
            class = class.as_str(),
            log.id = log,
            cache = self.cache.as_str(),
            statements = self.statements,
            tries = self.tries,
            duration_ms,
            sqlstate,
            constraint,
            cause,
            "a log was not saved"
        );
    }
}
