//! Why a log was not saved, as a client and its user can act on it.

use serde::Serialize;

/// The constraint that keeps a program's day to one log.
pub const PLACE: &str = "one_log_per_program_day";

/// One kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogErrorClass {
    /// A value that cannot be stored.
    InvalidData,
    /// It refers to what is not there.
    UnknownReference,
    /// Who is asking is not known.
    NotAuthenticated,
    /// There is no such log, or it is somebody else's.
    NotFound,
    /// It was changed elsewhere since it was read.
    VersionConflict,
    /// Another log came to the same place at the same moment.
    PlaceTaken,
    /// A constraint refused what should have been possible.
    ConstraintViolated,
    /// Somebody else was faster, or held on for too long.
    Busy,
    /// The database is away.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// What a class means for who meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// Whether something can be done so that it is saved.
    pub recoverable: bool,
    /// Whether the same request may succeed later, unchanged.
    pub retryable: bool,
    /// What to tell the user.
    pub message: &'static str,
}

impl LogErrorClass {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::InvalidData,
        Self::UnknownReference,
        Self::NotAuthenticated,
        Self::NotFound,
        Self::VersionConflict,
        Self::PlaceTaken,
        Self::ConstraintViolated,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The class of what PostgreSQL refused, by SQLSTATE and the constraint that it names.
    pub fn of_refusal(sqlstate: &str, constraint: Option<&str>) -> Self {
        match sqlstate {
            "23505" if constraint == Some(PLACE) => Self::PlaceTaken,
            "23505" | "23P01" => Self::ConstraintViolated,
            "23503" => Self::UnknownReference,
            // check, not null, and what is no number, text or date of the type
            "23514" | "23502" => Self::InvalidData,
            code if code.starts_with("22") => Self::InvalidData,
            // serialization, deadlock, lock not available, cancelled by a time limit
            "40001" | "40P01" | "55P03" | "57014" => Self::Busy,
            // connection, resources, shutdown, a server that only reads during a failover
            "25006" | "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => Self::Unavailable,
            code if code.starts_with("08") || code.starts_with("53") => Self::Unavailable,
            _ => Self::Internal,
        }
    }

    /// The class of a problem that has this status.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::NotAuthenticated,
            404 => Self::NotFound,
            409 => Self::VersionConflict,
            429 => Self::Busy,
            400..=499 => Self::InvalidData,
            502..=504 => Self::Unavailable,
            _ => Self::Internal,
        }
    }

    /// The word for it in answers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidData => "invalid_data",
            Self::UnknownReference => "unknown_reference",
            Self::NotAuthenticated => "not_authenticated",
            Self::NotFound => "not_found",
            Self::VersionConflict => "version_conflict",
            Self::PlaceTaken => "place_taken",
            Self::ConstraintViolated => "constraint_violated",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// What it means for who meets it.
    pub fn advice(self) -> Advice {
        let (recoverable, retryable, message) = match self {
            Self::InvalidData => (
                true,
                false,
                "Something in this log cannot be saved. Correct it and save again.",
            ),
            Self::UnknownReference => (
                true,
                false,
                "An exercise of this log is not known any more. Choose another one.",
            ),
            Self::NotAuthenticated => (true, false, "Log in again to save this log."),
            Self::NotFound => (false, false, "This log is not there any more."),
            Self::VersionConflict => (
                true,
                false,
                "This log was changed on another device. Look at both and save again.",
            ),
            Self::PlaceTaken => (
                true,
                true,
                "This day is just being saved elsewhere. It is tried again.",
            ),
            Self::ConstraintViolated => (
                false,
                false,
                "This log could not be saved. We have been told.",
            ),
            Self::Busy | Self::Unavailable => (
                true,
                true,
                "The log could not be saved just now. Nothing is lost; it is tried again.",
            ),
            Self::Internal => (false, false, "This is our fault. We have been told."),
        };
        Advice {
            recoverable,
            retryable,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LogErrorClass::{
        Busy, ConstraintViolated, Internal, InvalidData, NotAuthenticated, NotFound, PlaceTaken,
        Unavailable, UnknownReference, VersionConflict,
    };

    /// L-23, L-05
    #[test]
    fn every_refusal_has_its_class_and_only_the_places_own_constraint_is_the_place() {
        for (sqlstate, constraint, class) in [
            ("23505", Some(PLACE), PlaceTaken),
            ("23505", Some("workout_logs_pkey"), ConstraintViolated),
            (
                "23505",
                Some("unique_user_program_week_day"),
                ConstraintViolated,
            ),
            ("23505", None, ConstraintViolated),
            ("23P01", None, ConstraintViolated),
            (
                "23503",
                Some("workout_log_exercises_exercise_id_fkey"),
                UnknownReference,
            ),
            ("23514", Some("log_sets_believable"), InvalidData),
            ("23502", None, InvalidData),
            ("22003", None, InvalidData),
            ("22021", None, InvalidData),
            ("22P02", None, InvalidData),
            ("40001", None, Busy),
            ("40P01", None, Busy),
            ("55P03", None, Busy),
            ("57014", None, Busy),
            ("08000", None, Unavailable),
            ("08006", None, Unavailable),
            ("53300", None, Unavailable),
            ("57P01", None, Unavailable),
            ("25006", None, Unavailable),
            ("42501", None, Internal),
            ("42P10", None, Internal),
            ("42703", None, Internal),
            ("P0001", None, Internal),
            ("XX000", None, Internal),
        ] {
            let found = LogErrorClass::of_refusal(sqlstate, constraint);
            assert_eq!(found, class, "{sqlstate} {constraint:?}");
        }
    }

    /// L-23
    #[test]
    fn every_status_has_its_class() {
        for (status, class) in [
            (400, InvalidData),
            (401, NotAuthenticated),
            (403, NotAuthenticated),
            (404, NotFound),
            (409, VersionConflict),
            (413, InvalidData),
            (422, InvalidData),
            (429, Busy),
            (500, Internal),
            (502, Unavailable),
            (503, Unavailable),
            (504, Unavailable),
        ] {
            assert_eq!(LogErrorClass::of_status(status), class, "{status}");
        }
    }

    /// L-23, L-24, L-25
    #[test]
    fn what_may_be_tried_again_unchanged_is_what_passes_by_itself() {
        let retryable: Vec<_> = LogErrorClass::ALL
            .into_iter()
            .filter(|class| class.advice().retryable)
            .collect();
        assert_eq!(retryable, [PlaceTaken, Busy, Unavailable]);
        for class in LogErrorClass::ALL {
            let advice = class.advice();
            assert!(advice.recoverable || !advice.retryable, "{class:?}");
            assert!(advice.message.ends_with('.'), "{class:?}");
            let word = serde_json::to_value(class).unwrap();
            assert_eq!(word, class.as_str());
        }
    }
}
