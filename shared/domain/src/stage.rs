//! The stages, the statuses of a stage run, and how a status may move.

use crate::athlete::Athlete;
use crate::merging::Provenance;
use crate::plan::PlannedWorkout;
use crate::recording::Recording;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// What is done for a workout after it was reported, each by a function of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// `overall` and `intervals`.
    Summary,
    /// `analysis`: series, splits, zones, best efforts, curves.
    Analysis,
    /// `metrics`: load and intensity.
    Metrics,
    /// Asks the provider for what it only announced; the others follow once it has come.
    Fetch,
}

impl StageName {
    /// Those that compute, in the order clients see them.
    pub const COMPUTING: [Self; 3] = [Self::Summary, Self::Analysis, Self::Metrics];
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Summary, Self::Analysis, Self::Metrics, Self::Fetch];

    /// The name used in messages and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Analysis => "analysis",
            Self::Metrics => "metrics",
            Self::Fetch => "fetch",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a stage run has come; the last two are terminal for their generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// Requested; nobody works on it.
    Pending,
    /// Claimed.
    Processing,
    /// The result is that of the wanted generation.
    Complete,
    /// Given up for the wanted generation, with an error code.
    Failed,
}

impl StageStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Processing,
        Self::Complete,
        Self::Failed,
    ];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing more happens until the input changes.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Failed)
    }
}

/// What moves a stage run from one status to the next; each is one guarded statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// The input changed: a newer generation is wanted.
    Request,
    /// A worker takes the run.
    Claim,
    /// The holder of the claim stores the result of the wanted generation.
    Finish,
    /// The holder stores a result, and a newer generation is wanted already.
    FinishSuperseded,
    /// The holder failed in a way that may pass, or for a generation no longer wanted.
    Retry,
    /// The holder failed for good, or for the last time.
    GiveUp,
    /// The sweep takes back an expired claim.
    Rescue,
    /// The sweep takes back an expired claim, and no attempt is left.
    RescueSpent,
    /// A dead letter says that nobody answered the run's doorbells.
    SettleDeadLetter,
    /// An operator wants a failed or stuck run again, at the same generation.
    Redrive,
    /// An operator wants the result of an older algorithm again, at the same generation.
    Recompute,
}

impl Move {
    /// The status that this move leads to, or `None` where it cannot happen.
    ///
    /// `None` as the status before is no row yet.
    pub fn after(self, status: Option<StageStatus>) -> Option<StageStatus> {
        let mut arrows = TRANSITIONS.into_iter();
        arrows
            .find(|(from, what, _)| *from == status && *what == self)
            .map(|(.., to)| to)
    }
}

/// The state machine: from which status which move leads where. `None` is no row yet.
///
/// `docs/stage-lifecycle.md` draws it, and a test holds the two and the database to each other.
pub const TRANSITIONS: [(Option<StageStatus>, Move, StageStatus); 18] = {
    use Move::{
        Claim, Finish, FinishSuperseded, GiveUp, Recompute, Redrive, Request, Rescue, RescueSpent,
        Retry, SettleDeadLetter,
    };
    use StageStatus::{Complete, Failed, Pending, Processing};
    [
        (None, Request, Pending),
        (Some(Pending), Request, Pending),
        (Some(Processing), Request, Processing),
        (Some(Complete), Request, Pending),
        (Some(Failed), Request, Pending),
        (Some(Pending), Claim, Processing),
        // An expired claim may be taken over without waiting for the sweep.
        (Some(Processing), Claim, Processing),
        (Some(Processing), Finish, Complete),
        (Some(Processing), FinishSuperseded, Pending),
        (Some(Processing), Retry, Pending),
        (Some(Processing), GiveUp, Failed),
        (Some(Processing), Rescue, Pending),
        (Some(Processing), RescueSpent, Failed),
        (Some(Pending), SettleDeadLetter, Failed),
        (Some(Failed), Redrive, Pending),
        (Some(Pending), Redrive, Pending),
        // Only an expired claim, as the sweep would have taken back.
        (Some(Processing), Redrive, Pending),
        (Some(Complete), Recompute, Pending),
    ]
};

/// All that a stage may look at; it never reads another stage's output.
#[derive(Debug, Clone, PartialEq)]
pub struct StageInput {
    /// The samples, with the workout's sport.
    pub recording: Recording,
    /// Whose each part of the recording is, where several sources tell of the session; else empty.
    pub provenance: Provenance,
    /// The athlete's local date of the workout.
    pub local_date: chrono::NaiveDate,
    /// The athlete on that date.
    pub athlete: Athlete,
    /// The attached planned workout.
    pub plan: Option<PlannedWorkout>,
}

/// Why a stage cannot compute a workout, for good: the input itself is not believable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {detail}")]
pub struct StageError {
    /// Stable code for clients.
    pub code: &'static str,
    /// One line for people.
    pub detail: String,
}
