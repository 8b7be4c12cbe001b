//! Logs as JSON lines, one object each, with what the surrounding span says about the work.
//!
//! Identifiers are fields (`workout.id`, `stage.name`, `stage.attempt`, `correlation_id`);
//! payloads, tokens and secrets are never logged.

use crate::config;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard output, which is where Lambda takes it from.
///
/// Calling it again changes nothing.
pub fn start() {
    let filter =
        EnvFilter::try_new(config::log_filter()).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_ansi(false)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
