//! What the commands of an operator share: they work on the ledger alone, over the runs of everybody.
//!
//! A run that is pending and was never rung is rung by the next sweep, so that nothing here needs
//! AWS, and a command that dies half-way has lost nothing.

use std::io;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::stage::StageName;
use platform::config::LIMITS;
use store::{DatabaseSettings, Pooler, Store, StoreError, Tx, stages};

/// Where the ledger is.
#[derive(Debug, Args)]
pub(crate) struct Ledger {
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        help = "URL of the database, as paceline_sweep or another role that sees every run"
    )]
    database_url: String,
}

/// A command cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The database does not answer, or refuses.
    #[error("cannot ask the ledger: check --database-url, and that the schema is up to date")]
    Ledger(#[from] StoreError),
    /// Row-level security would hide rows without a word.
    #[error("this role does not see every user's runs: use the URL of paceline_sweep")]
    Blind,
    /// The same, of connections.
    #[error("this role does not see every user's connections: use the URL of paceline_fetch")]
    BlindToConnections,
    /// Standard output is gone.
    #[error("cannot print")]
    Print(#[from] io::Error),
}

impl Ledger {
    /// Connects, and makes sure that nobody's runs are hidden.
    pub(crate) async fn open(&self) -> Result<Store, OperatorError> {
        let store = Store::new(&DatabaseSettings {
            url: self.database_url.clone(),
            // Right with a pooler in between and without one; nobody counts round trips here.
            pooler: Pooler::Transaction,
            acquire: LIMITS.stage_wait,
            statement: LIMITS.stage_statement,
            lock: LIMITS.stage_wait,
        })?;
        let mut tx = store.begin_without_user().await?;
        let sees = stages::sees_every_run(&mut tx).await;
        end(tx).await;
        if sees? {
            Ok(store)
        } else {
            Err(OperatorError::Blind)
        }
    }
}

/// Ends a transaction that only looked, or failed.
pub(crate) async fn end(tx: Tx) {
    // Nothing was changed, and the server ends it when this process hangs up.
    drop(tx.rollback().await);
}

/// Parses the name of one of these stages.
pub(crate) fn stage_of(stages: &[StageName]) -> impl TypedValueParser<Value = StageName> {
    PossibleValuesParser::new(stages.iter().map(|stage| stage.as_str()))
        .try_map(|name| StageName::from_name(&name).ok_or("there is no such stage"))
}
