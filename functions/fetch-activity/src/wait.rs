//! How long a provider is left alone that has nothing to say yet.

use std::time::Duration;
use store::stages::Postponement;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Seconds until it is asked again, each time it was not ready or did not answer. Samples that are
/// late come within minutes (the first attempts), an outage is over within a day (the last).
const WAITS_S: [u64; 9] = [
    15,
    45,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    45 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
];

/// A claim that ends without an answer and without a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Later {
    /// `code: one line`, for clients and people.
    pub(crate) reason: String,
    /// How long the provider is left alone.
    pub(crate) wait: Duration,
    /// Whether it counts towards giving up.
    pub(crate) is_counted: bool,
}

impl Later {
    /// The next wait after so many that were in vain; `None` when it is time to give up.
    pub(crate) fn after(waited: i16, reason: impl Into<String>) -> Option<Self> {
        let waited = usize::try_from(waited).unwrap_or_default();
        WAITS_S.get(waited).map(|wait_s| Self {
            reason: reason.into(),
            wait: Duration::from_secs(*wait_s),
            is_counted: true,
        })
    }

    pub(crate) fn postponement(&self) -> Postponement<'_> {
        Postponement {
            reason: &self.reason,
            wait: self.wait,
            not_ready: self.is_counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_and_come_to_an_end_within_a_day() {
        let waits: Vec<Duration> = (0..)
            .map_while(|waited| Later::after(waited, "not_ready: later"))
            .map(|later| later.wait)
            .collect();

        assert!(waits.is_sorted());
        let total: Duration = waits.iter().sum();
        assert!(total > Duration::from_secs(20 * HOUR) && total < Duration::from_secs(24 * HOUR));
    }
}
