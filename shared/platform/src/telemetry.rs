//! Logs as JSON lines, one object each, with what the surrounding span says about the work.
//!
//! Identifiers are fields (`workout.id`, `stage.name`, `stage.attempt`, `correlation_id`);
//! payloads, tokens and secrets are never logged.

use crate::config;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to standard output, which is where Lambda takes it from.
///
/// `LOG_LEVEL` is a level, or levels of targets (`info,sqlx=warn`). Calling it again changes nothing.
pub fn start() {
    let filter = config::log_filter();
    // Not `EnvFilter`: for filters by the values of fields, which nobody set, it brings an engine
    // of regular expressions along.
    let filter: Targets = filter
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false);
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
