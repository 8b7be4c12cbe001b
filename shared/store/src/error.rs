//! What can go wrong with the database, as far as a caller can act on it.

use thiserror::Error;

/// A statement's failure, sorted by what the caller should do next.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is away, overloaded or restarting; the same call may work later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Somebody else was faster (deadlock, serialization, lock or time limit); try again.
    #[error("the database was busy with a conflicting change")]
    Contended(#[source] sqlx::Error),
    /// A named constraint refused the change.
    #[error("the constraint {name} refused the change")]
    Constraint {
        /// The constraint's name.
        name: String,
        /// The refusal.
        #[source]
        source: sqlx::Error,
    },
    /// What is stored cannot be read back; a bug or a damaged row.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// Anything else is a bug.
    #[error("the database refused a statement")]
    Unexpected(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same call may succeed later without anything being changed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended(_))
    }

    /// Whether the named constraint refused the change.
    pub fn is_constraint(&self, wanted: &str) -> bool {
        matches!(self, Self::Constraint { name, .. } if name == wanted)
    }

    /// What PostgreSQL calls its refusal; `None` when it was never heard.
    pub fn sqlstate(&self) -> Option<String> {
        match self {
            Self::Unavailable(source)
            | Self::Contended(source)
            | Self::Unexpected(source)
            | Self::Constraint { source, .. } => {
                let refusal = source.as_database_error()?;
                refusal.code().map(|code| code.into_owned())
            }
            Self::Corrupt(_) => None,
        }
    }

    /// The constraint that refused the change.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => Some(name),
            Self::Unavailable(_) | Self::Contended(_) | Self::Corrupt(_) | Self::Unexpected(_) => {
                None
            }
        }
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(refusal) = &error {
            if let Some(name) = refusal.constraint() {
                let name = name.to_owned();
                return Self::Constraint {
                    name,
                    source: error,
                };
            }
            let code = refusal.code().unwrap_or_default().into_owned();
            return match code.as_str() {
                // deadlock, serialization, lock not available, statement cancelled by a time limit
                "40P01" | "40001" | "55P03" | "57014" => Self::Contended(error),
                // shutdowns, too many connections, read-only during a failover, out of resources
                "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03" => {
                    Self::Unavailable(error)
                }
                code if code.starts_with("08") || code.starts_with("53") => {
                    Self::Unavailable(error)
                }
                _ => Self::Unexpected(error),
            };
        }
        if matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_)
        ) {
            return Self::Unavailable(error);
        }
        Self::Unexpected(error)
    }
}
