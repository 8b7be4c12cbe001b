//! Why a simulation cannot go on, and what to do about it.

use std::io;
use std::path::PathBuf;

use store::StoreError;

use super::Provider;
use crate::client::ClientError;
use crate::identity::IdentityError;
use crate::net::BindError;

/// A simulation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Nobody runs on the folder.
    #[error(
        "no instance runs on {0}: start `cargo run` in another terminal first, or name its folder with --data-dir"
    )]
    NotRunning(PathBuf),
    /// What it wrote cannot be read.
    #[error("{file} cannot be understood: start the instance again")]
    Endpoint {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It does not answer.
    #[error(
        "the instance at {url} does not answer: see whether `cargo run` still runs, or start it again"
    )]
    Away {
        /// Where it should be.
        url: String,
        /// What happened.
        source: ClientError,
    },
    /// It was told of no simulator.
    #[error(
        "the instance does not know where providers are simulated: start it again with `cargo run`"
    )]
    NoSimulator,
    /// The folder's keys.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The simulator's port.
    #[error(
        "the simulator cannot listen where the instance asks it: end another simulation, or start the instance again with another --simulator-port"
    )]
    Port(#[source] BindError),
    /// The database.
    #[error(
        "cannot make the athletes in the instance's database: see whether `cargo run` still runs"
    )]
    Database(#[from] StoreError),
    /// Nobody looks back.
    #[error("the instance did not look back: see its functions.log, or start it again")]
    LookBack(#[source] reqwest::Error),
    /// An athlete belongs to somebody else.
    #[error(
        "the account {account} of {provider} belongs to somebody else here: choose another --seed"
    )]
    Taken {
        /// Whose account.
        provider: Provider,
        /// Which.
        account: String,
    },
    /// Tokens.
    #[error("cannot issue tokens for the athletes")]
    Token(#[source] platform::Error),
    /// Sealing.
    #[error("cannot seal the athletes' tokens: the folder's identity.json is damaged")]
    Seal,
    /// HTTP.
    #[error("cannot prepare requests")]
    Http(#[source] reqwest::Error),
    /// The instance refused a read.
    #[error(
        "the instance does not show an athlete's workouts: look into functions.log of its folder"
    )]
    Read(#[source] ClientError),
    /// What it shows is no list of workouts.
    #[error("what the instance shows cannot be understood: build it and this from the same source")]
    Unreadable(#[source] serde_json::Error),
    /// Standard output is gone.
    #[error("cannot print")]
    Print(#[from] io::Error),
}
