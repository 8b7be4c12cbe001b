//! Times as providers write them; seconds cannot be taken for milliseconds, nor the reverse.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;

/// From 2000 to 2100, in seconds since 1970: as milliseconds these are days of January 1970, and
/// what is meant as milliseconds lies 31 000 years beyond.
const BELIEVED_S: std::ops::Range<i64> = 946_684_800..4_102_444_800;

/// A time in seconds since 1970; `None` when it is not of this century.
pub(super) fn from_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    let believed = BELIEVED_S.contains(&seconds);
    believed
        .then(|| DateTime::from_timestamp(seconds, 0))
        .flatten()
}

/// A time in milliseconds since 1970; `None` when it is not of this century.
pub(super) fn from_milliseconds(milliseconds: i64) -> Option<DateTime<Utc>> {
    let believed = BELIEVED_S.contains(&(milliseconds.div_euclid(1000)));
    believed
        .then(|| DateTime::from_timestamp_millis(milliseconds))
        .flatten()
}

/// A time of this century; `None` of any other.
pub(super) fn believed(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    BELIEVED_S.contains(&at.timestamp()).then_some(at)
}

/// Seconds from one time to another.
#[expect(
    clippy::cast_precision_loss,
    reason = "differences of believed times lie far below 2^53 ms"
)]
pub(super) fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_milliseconds() as f64 / 1000.0
}

/// A local time without an offset, or with a `Z` that is not meant.
pub(super) fn local(text: &str) -> Option<NaiveDateTime> {
    let bare = text.trim().trim_end_matches('Z');
    NaiveDateTime::parse_from_str(bare, "%Y-%m-%dT%H:%M:%S%.f").ok()
}

/// The UTC time of a local one, by its offset in seconds.
pub(super) fn from_local(local: NaiveDateTime, utc_offset_s: i32) -> Option<DateTime<Utc>> {
    let offset = TimeDelta::seconds(utc_offset_s.into());
    Some(local.checked_sub_signed(offset)?.and_utc())
}

/// Local time minus UTC in seconds, from the same moment told in both.
pub(super) fn offset_between(local: NaiveDateTime, utc: DateTime<Utc>) -> Option<i32> {
    i32::try_from((local - utc.naive_utc()).num_seconds()).ok()
}

/// Where something begins and how far its clock is from UTC, as Strava tells it and those who
/// follow Strava.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    start_date: DateTime<Utc>,
    /// Ends in `Z` at Strava though it is local.
    start_date_local: Option<String>,
    /// Seconds; Strava writes a fraction.
    utc_offset: Option<f64>,
}

impl Start {
    /// When, in UTC.
    pub(super) fn utc(&self) -> DateTime<Utc> {
        self.start_date
    }

    /// Local time minus UTC in seconds: as told, else from both times.
    pub(super) fn utc_offset_s(&self) -> Option<i32> {
        self.utc_offset.and_then(whole).or_else(|| {
            let local = local(self.start_date_local.as_deref()?)?;
            offset_between(local, self.start_date)
        })
    }
}

/// A number of seconds as a whole one.
#[expect(clippy::cast_possible_truncation, reason = "its range is checked")]
pub(super) fn whole(seconds: f64) -> Option<i32> {
    let within = (-1e9..=1e9).contains(&seconds);
    within.then(|| seconds.round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::local_date::local_date;

    /// P-17
    #[test]
    fn seconds_and_milliseconds_are_not_mistaken_for_each_other() {
        let at = "2026-10-20T21:00:00Z".parse().ok();
        assert_eq!(from_seconds(1_792_530_000), at);
        assert_eq!(from_milliseconds(1_792_530_000_000), at);

        assert_eq!(from_seconds(1_792_530_000_000), None);
        assert_eq!(from_milliseconds(1_792_530_000), None);
        for wild in [0, -1, i64::MAX, i64::MIN] {
            assert_eq!((from_seconds(wild), from_milliseconds(wild)), (None, None));
        }
    }

    /// P-16
    #[test]
    fn a_start_told_twice_gives_the_athletes_own_date() {
        let date = |utc: &str, local: &str, offset: &str| {
            let text = format!(r#"{{"start_date":"{utc}","start_date_local":"{local}"{offset}}}"#);
            let start: Start = serde_json::from_str(&text).unwrap();
            local_date(start.utc(), start.utc_offset_s(), None).to_string()
        };

        // Told with an offset, and without.
        for offset in [r#","utc_offset":7200.0"#, ""] {
            let late = date("2026-10-20T22:30:00Z", "2026-10-21T00:30:00Z", offset);
            assert_eq!(late, "2026-10-21");
        }
        // The offset at the start counts on the night when summer time ends.
        let before = date("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z", "");
        let after = date("2026-10-24T22:15:00Z", "2026-10-25T00:15:00Z", "");
        assert_eq!(
            (before.as_str(), after.as_str()),
            ("2026-10-25", "2026-10-25")
        );
        // The widest offsets.
        let kiritimati = date("2026-10-20T10:30:00Z", "2026-10-21T00:30:00Z", "");
        let baker = date("2026-10-21T11:30:00Z", "2026-10-20T23:30:00Z", "");
        assert_eq!(
            (kiritimati.as_str(), baker.as_str()),
            ("2026-10-21", "2026-10-20")
        );
    }
}
