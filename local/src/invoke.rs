//! Invoking a function, whoever asks for it.

use std::future::Future;
use std::pin::Pin;

use axum::body::Bytes;

/// Largest payload of a synchronous invocation, in either direction.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// What becomes of an invocation.
pub type Invocation = Pin<Box<dyn Future<Output = Result<Bytes, InvokeError>> + Send>>;

/// Something that runs functions by name.
///
/// The Runtime API does; tests of what asks for invocations put a closure here.
pub trait Invoke: Send + Sync + 'static {
    /// Invokes a function and waits for its answer.
    fn invoke(&self, function: &str, payload: Bytes) -> Invocation;
}

impl<F> Invoke for F
where
    F: Fn(&str, Bytes) -> Invocation + Send + Sync + 'static,
{
    fn invoke(&self, function: &str, payload: Bytes) -> Invocation {
        self(function, payload)
    }
}

/// An invocation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name.
    #[error("no function is named {0}: name one of the template's binaries")]
    UnknownFunction(String),
    /// The function answered with an error.
    #[error("{function} failed with {kind}: {message}")]
    Function {
        /// Name of the function.
        function: String,
        /// The error's type, as the function gave it.
        kind: String,
        /// The error's message.
        message: String,
    },
    /// The process ended before it answered.
    #[error("{function} ended before it answered (Runtime.ExitError, {status}): read its log")]
    Exited {
        /// Name of the function.
        function: String,
        /// How the process ended.
        status: String,
    },
    /// The process ended, or reported an error, before it asked for its first invocation.
    #[error("{function} could not initialise ({reason}): read its log and check its environment")]
    Init {
        /// Name of the function.
        function: String,
        /// What it reported, or how it ended.
        reason: String,
    },
    /// The function overran its timeout and was killed.
    #[error("{function} overran {timeout_ms} ms and was killed (Sandbox.Timedout)")]
    TimedOut {
        /// Name of the function.
        function: String,
        /// The limit that it overran.
        timeout_ms: u128,
    },
    /// The payload is larger than [`PAYLOAD_LIMIT`].
    #[error("a payload of {0} bytes exceeds {PAYLOAD_LIMIT}: send less")]
    PayloadTooLarge(usize),
    /// The answer is larger than [`PAYLOAD_LIMIT`].
    #[error("{0} answered with more than {PAYLOAD_LIMIT} bytes (Function.ResponseSizeTooLarge)")]
    ResponseTooLarge(String),
    /// The process could not be started at all.
    #[error("{function} cannot be started: {reason}")]
    Spawn {
        /// Name of the function.
        function: String,
        /// What the system says.
        reason: String,
    },
    /// The cloud is shutting down.
    #[error("the cloud is shutting down: start it again")]
    ShuttingDown,
}
