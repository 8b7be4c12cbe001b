//! The only place that reads the wall clock.

use chrono::{DateTime, Utc};
use std::time::SystemTime;

/// The time now, by this machine.
#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
pub fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(SystemTime::now()) + crate::faults::clock_error()
}

/// Seconds since 1970, by this machine.
pub(crate) fn unix_seconds() -> i64 {
    now().timestamp()
}
