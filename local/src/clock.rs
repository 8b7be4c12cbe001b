//! Wall-clock time that stands still when tokio's time is paused.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Reads the wall clock once and counts on with tokio's clock, so that a test that advances time moves both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    epoch: Duration,
}

impl Clock {
    /// Starts a clock at the present moment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the emulated services stamp messages and deadlines; no function reads this clock"
    )]
    pub(crate) fn start() -> Self {
        let epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            started: Instant::now(),
            epoch,
        }
    }

    /// Returns milliseconds since the Unix epoch at `instant`.
    pub(crate) fn epoch_ms(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.started);
        u64::try_from((self.epoch + since).as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the present as a UTC date and time.
    pub(crate) fn now_utc(&self) -> chrono::DateTime<chrono::Utc> {
        let now = i64::try_from(self.epoch_ms(Instant::now())).unwrap_or(i64::MAX);
        chrono::DateTime::from_timestamp_millis(now).unwrap_or_default()
    }
}
