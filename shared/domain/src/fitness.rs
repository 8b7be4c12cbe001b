//! Fitness, fatigue and form from the loads of days (the performance manager of Coggan).
//!
//! One recursion, a calendar day at a time: `X = X' + (load - X') / T`, with `T` of 42 days for
//! fitness (CTL) and of 7 days for fatigue (ATL). A day without training is a day with a load of 0.
//! `docs/decisions/0010-load-over-days-is-derived.md` says why this recursion.

use crate::local_date::is_of_our_time;
use crate::reason::Reason;
use crate::signal::number::{from_count, mean};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// Days over which fitness is weighed.
const CTL_DAYS: f64 = 42.0;
/// Days over which fatigue is weighed.
const ATL_DAYS: f64 = 7.0;
/// Days of the ramp, of monotony and of strain.
const WEEK: usize = 7;
/// The deviation, as a share of the mean, that is nothing but the rounding of sums.
const ROUNDING: f64 = 1e-9;
/// The most that is believed of a start value: twenty hours at threshold a day, for ever.
const HIGHEST_START: f64 = 2000.0;

/// Where fitness and fatigue begin: their values at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The day.
    pub date: NaiveDate,
    /// Fitness at its end, as a load a day.
    pub ctl: f64,
    /// Fatigue at its end, as a load a day.
    pub atl: f64,
}

/// A start that is not believed: which field, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct InvalidStart {
    /// JSON pointer of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Start {
    /// Believes what an athlete may have.
    ///
    /// # Errors
    /// [`InvalidStart`] names the field that nobody can have.
    pub fn validate(&self) -> Result<(), InvalidStart> {
        if !is_of_our_time(self.date) {
            return Err(InvalidStart {
                field: "/date",
                problem: "must be a date from 1900 on",
            });
        }
        for (field, value) in [("/ctl", self.ctl), ("/atl", self.atl)] {
            // A NaN lies in no range, so it is refused too.
            if !(0.0..=HIGHEST_START).contains(&value) {
                let problem = "must be from 0 to 2000";
                return Err(InvalidStart { field, problem });
            }
        }
        Ok(())
    }
}

/// What is known at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form {
    /// Fitness, as a load a day.
    pub ctl: Result<f64, Reason>,
    /// Fatigue, as a load a day.
    pub atl: Result<f64, Reason>,
    /// Form: fitness less fatigue of the day before.
    pub tsb: Result<f64, Reason>,
    /// Fitness less that of seven days before.
    pub ramp: Result<f64, Reason>,
    /// Mean load of seven days over its deviation (Foster 1998, MSSE 30:1164), with `n - 1`.
    pub monotony: Result<f64, Reason>,
    /// Load of seven days times monotony (Foster 1998).
    pub strain: Result<f64, Reason>,
}

impl Form {
    /// Of a day before anything is known.
    pub const UNKNOWN: Self = Self {
        ctl: Err(Reason::BeforeStart),
        atl: Err(Reason::BeforeStart),
        tsb: Err(Reason::BeforeStart),
        ramp: Err(Reason::BeforeStart),
        monotony: Err(Reason::BeforeStart),
        strain: Err(Reason::BeforeStart),
    };
}

/// Fitness and fatigue from a start on, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    start: Start,
    /// Of each day after the start.
    loads: Vec<f64>,
    /// Of the start and each day after it.
    states: Vec<(f64, f64)>,
}

impl Course {
    /// Goes from the start to the end of the day `until`, by the loads of days.
    ///
    /// Without a start it is the day before the first that is in `loads`, with nothing before it.
    /// `None` without either. Loads up to the start count in it already.
    pub fn of(
        start: Option<Start>,
        loads: &BTreeMap<NaiveDate, f64>,
        until: NaiveDate,
    ) -> Option<Self> {
        let from_nothing = || {
            let (first, _) = loads.first_key_value()?;
            Some(Start {
                date: first.pred_opt()?,
                ctl: 0.0,
                atl: 0.0,
            })
        };
        let start = start.or_else(from_nothing)?;
        let mut course = Self {
            start,
            loads: Vec::new(),
            states: vec![(start.ctl, start.atl)],
        };
        let (mut ctl, mut atl) = (start.ctl, start.atl);
        let mut date = start.date;
        while let Some(next) = date
            .checked_add_days(Days::new(1))
            .filter(|day| *day <= until)
        {
            date = next;
            let load = loads.get(&date).copied().unwrap_or(0.0);
            ctl += (load - ctl) / CTL_DAYS;
            atl += (load - atl) / ATL_DAYS;
            course.loads.push(load);
            course.states.push((ctl, atl));
        }
        Some(course)
    }

    /// Where it begins.
    pub fn start(&self) -> Start {
        self.start
    }

    /// What is known at the end of a day; of a day outside the course nothing but `before_start`.
    pub fn on(&self, date: NaiveDate) -> Form {
        let day = usize::try_from((date - self.start.date).num_days()).ok();
        let back = |days: usize| {
            let state = day.and_then(|day| self.states.get(day.checked_sub(days)?));
            state.copied().ok_or(Reason::BeforeStart)
        };
        let today = back(0);
        let monotony = self.week(day).and_then(monotony);
        Form {
            ctl: today.map(|(ctl, _)| ctl),
            atl: today.map(|(_, atl)| atl),
            tsb: today.and(back(1)).map(|(ctl, atl)| ctl - atl),
            ramp: today.and_then(|(ctl, _)| Ok(ctl - back(WEEK)?.0)),
            monotony,
            strain: monotony.and_then(|m| Ok(self.week(day)?.iter().sum::<f64>() * m)),
        }
    }

    /// The loads of the seven days that end with one; the day is counted from the start.
    fn week(&self, day: Option<usize>) -> Result<&[f64], Reason> {
        let week = day.and_then(|day| self.loads.get(day.checked_sub(WEEK)?..day));
        week.ok_or(Reason::BeforeStart)
    }
}

/// The mean over the deviation of `n - 1`.
fn monotony(loads: &[f64]) -> Result<f64, Reason> {
    let mean = mean(loads.iter().copied()).ok_or(Reason::BeforeStart)?;
    let squares: f64 = loads.iter().map(|load| (load - mean).powi(2)).sum();
    let deviation = (squares / from_count(loads.len().saturating_sub(1))).sqrt();
    if deviation <= mean * ROUNDING {
        return Err(Reason::NoVariation);
    }
    Ok(mean / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::default() + Days::new(number)
    }

    /// Days with these loads, one after the other.
    fn loads(values: &[f64]) -> BTreeMap<NaiveDate, f64> {
        (0..).map(day).zip(values.iter().copied()).collect()
    }

    fn near(got: Result<f64, Reason>, expected: f64) {
        assert!((got.unwrap() - expected).abs() < 0.005, "{got:?}");
    }

    #[test]
    fn six_weeks_of_100_a_day_and_a_week_of_rest_are_the_published_example() {
        let course = Course::of(None, &loads(&[100.0; 42]), day(48)).unwrap();
        let trained = course.on(day(41));
        near(trained.ctl, 63.65);
        near(trained.atl, 99.85);
        // Form is of the morning: yesterday's fitness less yesterday's fatigue.
        let (before, after) = (course.on(day(40)), course.on(day(41)));
        assert_eq!(after.tsb, Ok(before.ctl.unwrap() - before.atl.unwrap()));
        assert_eq!(
            after.ramp,
            Ok(after.ctl.unwrap() - course.on(day(34)).ctl.unwrap())
        );
        // The days of rest are in no table, and count.
        let rested = course.on(day(48));
        near(rested.ctl, 53.77);
        near(rested.atl, 33.94);
    }

    #[test]
    fn monotony_and_strain_are_those_of_the_published_week() {
        let week = loads(&[300.0, 0.0, 450.0, 200.0, 0.0, 600.0, 150.0]);
        let course = Course::of(None, &week, day(6)).unwrap();
        let form = course.on(day(6));
        assert!((form.monotony.unwrap() - 1.082).abs() < 0.0005, "{form:?}");
        assert!((form.strain.unwrap() - 1839.8).abs() < 0.05, "{form:?}");
        assert_eq!(course.on(day(5)).monotony, Err(Reason::BeforeStart));
    }

    #[test]
    fn equal_days_have_no_monotony_and_a_day_more_or_less_has() {
        for load in [0.0, 100.1] {
            let course = Course::of(None, &loads(&[load; 8]), day(7)).unwrap();
            let form = course.on(day(7));
            assert_eq!(form.monotony, Err(Reason::NoVariation));
            assert_eq!(form.strain, Err(Reason::NoVariation));
        }
        let course = Course::of(None, &loads(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1]), day(6));
        assert!(course.unwrap().on(day(6)).monotony.unwrap() > 20.0);
    }

    #[test]
    fn a_start_holds_at_the_end_of_its_day_and_takes_the_place_of_what_was_before() {
        let start = Start {
            date: day(3),
            ctl: 70.0,
            atl: 40.0,
        };
        let course = Course::of(Some(start), &loads(&[500.0; 4]), day(12)).unwrap();
        assert_eq!(course.on(day(2)).ctl, Err(Reason::BeforeStart));
        let first = course.on(day(3));
        assert_eq!((first.ctl, first.atl), (Ok(70.0), Ok(40.0)));
        assert_eq!(first.tsb, Err(Reason::BeforeStart));
        let next = course.on(day(4));
        assert_eq!(next.tsb, Ok(30.0));
        near(next.ctl, 70.0 - 70.0 / 42.0);
        near(next.atl, 40.0 - 40.0 / 7.0);
        assert_eq!(course.on(day(9)).ramp, Err(Reason::BeforeStart));
        near(
            course.on(day(10)).ramp,
            70.0 * (41_f64 / 42.0).powi(7) - 70.0,
        );
        assert_eq!(course.on(day(13)).ctl, Err(Reason::BeforeStart));
    }

    #[test]
    fn without_a_load_or_a_start_there_is_no_course() {
        assert_eq!(Course::of(None, &BTreeMap::new(), day(9)), None);
        let future = Start {
            date: day(20),
            ctl: 1.0,
            atl: 1.0,
        };
        let course = Course::of(Some(future), &BTreeMap::new(), day(9)).unwrap();
        assert_eq!(course.on(day(9)).ctl, Err(Reason::BeforeStart));
    }

    #[test]
    fn a_start_that_nobody_can_have_is_refused_by_its_field() {
        let start = |date: &str, ctl, atl| Start {
            date: date.parse().unwrap(),
            ctl,
            atl,
        };
        assert_eq!(start("2026-01-01", 0.0, 2000.0).validate(), Ok(()));
        for (start, field) in [
            (start("1899-12-31", 1.0, 1.0), "/date"),
            (start("2026-01-01", -0.1, 1.0), "/ctl"),
            (start("2026-01-01", f64::NAN, 1.0), "/ctl"),
            (start("2026-01-01", 1.0, 2000.1), "/atl"),
        ] {
            assert_eq!(start.validate().unwrap_err().field, field);
        }
    }
}
