//! The athlete's calendar date of a workout, fixed once when it is ingested.

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// The date on the athlete's wall at `start`.
///
/// The source's own UTC offset wins, because it is where the athlete was; else the athlete's time
/// zone; else UTC. An offset beyond ±15 h is not believed.
pub fn local_date(start: DateTime<Utc>, utc_offset_s: Option<i32>, zone: Option<Tz>) -> NaiveDate {
    let believed = utc_offset_s
        .filter(|offset| offset.abs() <= 15 * 3600)
        .and_then(FixedOffset::east_opt);
    match (believed, zone) {
        (Some(offset), _) => start.with_timezone(&offset).date_naive(),
        (None, Some(zone)) => start.with_timezone(&zone).date_naive(),
        (None, None) => start.date_naive(),
    }
}

/// Local time minus UTC in seconds at a moment, in a zone of the IANA's name; `None` when there is
/// no such zone.
pub fn utc_offset_s(moment: DateTime<Utc>, zone: &str) -> Option<i32> {
    let zone: Tz = zone.parse().ok()?;
    let offset = zone.offset_from_utc_datetime(&moment.naive_utc());
    Some(offset.fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// P-16
    #[test]
    fn the_sources_offset_moves_the_date_across_midnight() {
        let start = at("2026-03-28T23:30:00Z");

        assert_eq!(
            local_date(start, Some(3600), None).to_string(),
            "2026-03-29"
        );
        assert_eq!(
            local_date(start, Some(14 * 3600), None).to_string(),
            "2026-03-29"
        );
        assert_eq!(
            local_date(at("2026-03-28T11:30:00Z"), Some(-12 * 3600), None).to_string(),
            "2026-03-27"
        );
    }

    /// P-16
    #[test]
    fn without_an_offset_the_athletes_zone_decides_with_its_summer_time() {
        let berlin = Some(chrono_tz::Europe::Berlin);

        assert_eq!(
            local_date(at("2026-07-01T22:30:00Z"), None, berlin).to_string(),
            "2026-07-02"
        );
        assert_eq!(
            local_date(at("2026-01-01T22:30:00Z"), None, berlin).to_string(),
            "2026-01-01"
        );
    }

    /// P-16
    #[test]
    fn a_zones_offset_is_that_of_the_moment() {
        let berlin = |text| utc_offset_s(at(text), "Europe/Berlin");
        assert_eq!(berlin("2026-10-25T00:59:59Z"), Some(7200));
        assert_eq!(berlin("2026-10-25T01:00:00Z"), Some(3600));
        assert_eq!(
            utc_offset_s(at("2026-10-25T01:00:00Z"), "Mars/Olympus"),
            None
        );
    }
}
