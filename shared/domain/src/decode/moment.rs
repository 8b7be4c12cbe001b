//! Moments as the files write them, in milliseconds since 1970.

use chrono::{DateTime, NaiveDateTime, Utc};

/// FIT counts seconds from the last day of 1989.
const FIT_EPOCH_MS: i64 = 631_065_600_000;

/// Below this a FIT time counts seconds since the device was switched on.
const FIT_FIRST_ABSOLUTE: u32 = 0x1000_0000;

/// A FIT time, unless it is relative to the device's start.
pub(super) fn from_fit(seconds: u32) -> Option<i64> {
    (seconds >= FIT_FIRST_ABSOLUTE)
        .then(|| FIT_EPOCH_MS.saturating_add(i64::from(seconds).saturating_mul(1000)))
}

/// An XML time: with `Z`, with an offset, or with nothing, which means UTC.
pub(super) fn from_xml(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.timestamp_millis());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .map(|moment| moment.and_utc().timestamp_millis())
}

/// The moment as a date and time.
pub(super) fn utc(ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms)
}

/// Milliseconds as seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "differences of believable times lie far below 2^53 ms"
)]
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Seconds since a start as milliseconds, unless they are negative or beyond 30 days.
#[expect(
    clippy::cast_possible_truncation,
    reason = "30 days of milliseconds are far below 2^53"
)]
pub(super) fn milliseconds(seconds: f64) -> Option<i64> {
    (0.0..=2_592_000.0)
        .contains(&seconds)
        .then(|| (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_times_come_with_z_with_an_offset_or_bare() {
        let expected = Some(1_714_557_600_500);
        assert_eq!(from_xml(" 2024-05-01T10:00:00.500Z\n"), expected);
        assert_eq!(from_xml("2024-05-01T12:00:00.5+02:00"), expected);
        assert_eq!(from_xml("2024-05-01T10:00:00.5"), expected);
        assert_eq!(from_xml("yesterday"), None);
    }

    #[test]
    fn fit_times_since_power_up_are_no_moments() {
        assert_eq!(from_fit(4711), None);
        assert_eq!(from_fit(1_000_000_000), Some(1_631_065_600_000));
    }
}
