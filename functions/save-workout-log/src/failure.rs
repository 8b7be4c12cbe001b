//! Why a request failed, as a problem that says what to do next.

use domain::log::error::LogErrorClass;
use platform::problem::Problem;
use std::error::Error;
use store::StoreError;

/// What went wrong, before it is an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database.
    Store(StoreError),
    /// It is refused.
    Refused(Box<Problem>),
    /// Somebody wrote the same log without the user's lock.
    Overtaken,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl Failure {
    pub(crate) fn class(&self) -> LogErrorClass {
        match self {
            Self::Store(error) => match error.sqlstate() {
                Some(sqlstate) => LogErrorClass::of_refusal(&sqlstate, error.constraint()),
                // PostgreSQL was not heard at all.
                None if error.is_transient() => LogErrorClass::Unavailable,
                None => LogErrorClass::Internal,
            },
            Self::Refused(problem) => LogErrorClass::of_status(problem.status().as_u16()),
            Self::Overtaken => LogErrorClass::Busy,
        }
    }

    /// What the log says of it and no client hears: SQLSTATE, constraint and cause.
    pub(crate) fn context(&self) -> (Option<String>, Option<String>, Option<String>) {
        match self {
            Self::Store(error) => (
                error.sqlstate(),
                error.constraint().map(str::to_owned),
                error.source().map(ToString::to_string),
            ),
            Self::Refused(problem) => (None, None, Some(problem.code().to_owned())),
            Self::Overtaken => (None, None, None),
        }
    }

    pub(crate) fn into_problem(self) -> Problem {
        let class = self.class();
        let advice = class.advice();
        let problem = match self {
            Self::Refused(problem) => *problem,
            Self::Store(_) | Self::Overtaken => match class {
                LogErrorClass::InvalidData => {
                    Problem::unprocessable("invalid", "a value cannot be stored")
                }
                LogErrorClass::UnknownReference => {
                    Problem::unprocessable("unknown_reference", "it refers to what is not there")
                }
                LogErrorClass::ConstraintViolated => {
                    let detail =
                        "a constraint refused what should have been possible; it is logged";
                    Problem::conflict("constraint_violated", detail)
                }
                LogErrorClass::PlaceTaken | LogErrorClass::Busy | LogErrorClass::Unavailable => {
                    Problem::unavailable("the database is not available; try again")
                }
                LogErrorClass::NotAuthenticated
                | LogErrorClass::NotFound
                | LogErrorClass::VersionConflict
                | LogErrorClass::Internal => Problem::internal("a statement failed"),
            },
        };
        problem
            .with_member("class", class.as_str())
            .with_member("recoverable", advice.recoverable)
            .with_member("retryable", advice.retryable)
            .with_member("message", advice.message)
    }
}
