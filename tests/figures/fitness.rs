//! Load over days and planned load, beside what they are defined by.

#![expect(clippy::unwrap_used, reason = "what cannot be prepared fails the test")]

use calculate_metrics::compute;
use chrono::{DateTime, Days, NaiveDate};
use domain::athlete::{Athlete, Sex, Thresholds};
use domain::fitness::{Course, Start};
use domain::load::LoadMethod;
use domain::plan::Plan;
use domain::planned_load::planned_load;
use domain::recording::{Channel, Format, Recording};
use domain::signal::number::from_count;
use domain::sport::Sport;
use domain::stage::StageInput;
use domain::units::{Bpm, MetresPerSecond, Watts};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn day(number: u64) -> NaiveDate {
    NaiveDate::default() + Days::new(number)
}

/// What is left of a value after so many days of rest, `days` being the time that it is weighed over.
fn left(days: f64, after: u64) -> f64 {
    (1.0 - 1.0 / days).powi(i32::try_from(after).unwrap())
}

fn athlete() -> Athlete {
    Athlete {
        sex: Some(Sex::Female),
        thresholds: Thresholds {
            ftp_w: Watts::parse(240.0).ok(),
            hr_max_bpm: Bpm::parse(190.0).ok(),
            hr_rest_bpm: Bpm::parse(50.0).ok(),
            hr_threshold_bpm: Bpm::parse(170.0).ok(),
            threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
            css_mps: MetresPerSecond::parse(1.2).ok(),
            ..Thresholds::default()
        },
    }
}

/// One second after the other, with what was measured in each.
fn recording(sport: Sport, seconds: usize) -> Recording {
    let mut recording = Recording::empty(Format::Fit, sport, DateTime::UNIX_EPOCH);
    recording.time_s = (0..seconds).map(from_count).collect();
    recording
}

/// The load of a recording and how it was found.
fn done(recording: Recording) -> (LoadMethod, f64) {
    let input = StageInput {
        provenance: domain::merging::Provenance::new(),
        local_date: NaiveDate::default(),
        recording,
        plan: None,
        athlete: athlete(),
    };
    let metrics = compute(&input).unwrap().metrics;
    metrics.load_method.zip(metrics.load).unwrap()
}

fn plan(sport: Sport, steps: &[(usize, serde_json::Value)]) -> Plan {
    let steps: Vec<_> = steps
        .iter()
        .map(|(seconds, target)| {
            json!({"kind": "work", "duration": {"type": "time", "value": seconds}, "target": target})
        })
        .collect();
    let plan = json!({"date": "2026-11-21", "sport": sport, "name": "x", "steps": steps});
    serde_json::from_value(plan).unwrap()
}

/// A target whose middle is this.
fn target(kind: &str, middle: f64, unit: &str) -> serde_json::Value {
    json!({"type": kind, "low": middle * 0.98, "high": middle * 1.02, "unit": unit})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every figure by its definition: sums over all loads, each weighed by its age.
    #[test]
    fn fitness_is_the_sum_of_what_is_left_of_every_load(
        loads in btree_map(0..400_u64, prop_oneof![Just(0.0), 0.0..600.0], 0..120),
        start in proptest::option::of((0..300_u64, 0.0..200.0, 0.0..300.0)),
        asked in vec(0..450_u64, 20),
    ) {
        let given = start.map(|(number, ctl, atl)| Start { date: day(number), ctl, atl });
        let dated: BTreeMap<_, _> = loads.iter().map(|(n, load)| (day(*n), *load)).collect();
        let Some(course) = Course::of(given, &dated, day(449)) else {
            prop_assert!(loads.is_empty() && given.is_none());
            return Ok(());
        };
        let begin = course.start();
        let first = (begin.date - day(0)).num_days();
        let on = |number: u64, days: f64, from: f64| -> Option<f64> {
            let since = u64::try_from(i64::try_from(number).unwrap() - first).ok()?;
            let counted = loads.iter().filter(|(n, _)| i64::try_from(**n).unwrap() > first && **n <= number);
            let sum: f64 = counted.map(|(n, load)| load / days * left(days, number - n)).sum();
            Some(sum + from * left(days, since))
        };
        for number in asked {
            let form = course.on(day(number));
            let near = |got: Result<f64, _>, expected: Option<f64>| {
                got.ok().zip(expected).map_or(got.is_err() && expected.is_none(), |(got, expected)| {
                    (got - expected).abs() <= 1e-9 * expected.abs().max(1.0)
                })
            };
            let ctl = |n: Option<u64>| on(n?, 42.0, begin.ctl);
            let atl = |n: Option<u64>| on(n?, 7.0, begin.atl);
            let (now, before, week) =
                (Some(number), number.checked_sub(1), number.checked_sub(7));
            prop_assert!(near(form.ctl, ctl(now)), "{number} {form:?}");
            prop_assert!(near(form.atl, atl(now)), "{number} {form:?}");
            // A course that begins the day before the first there is may begin before the first of these.
            if i64::try_from(number).unwrap() > first && number > 0 {
                prop_assert!(near(form.tsb, ctl(before).zip(atl(before)).map(|(c, a)| c - a)), "{form:?}");
            }
            if number >= 7 {
                prop_assert!(near(form.ramp, ctl(now).zip(ctl(week)).map(|(c, b)| c - b)), "{form:?}");
            }
        }
    }

    /// Heart rate is weighed second by second, so any plan of it that is done exactly has its load.
    #[test]
    fn a_plan_of_heart_rates_done_exactly_has_the_load_that_was_planned(
        steps in vec((30..900_usize, 60.0..185.0_f64), 1..6),
    ) {
        let asked: Vec<_> = steps
            .iter()
            .map(|(seconds, bpm)| (*seconds, target("hr", *bpm, "bpm")))
            .collect();
        let mut exact = recording(Sport::Walk, steps.iter().map(|(seconds, _)| seconds).sum());
        exact.hr_bpm = steps
            .iter()
            .flat_map(|(seconds, bpm)| std::iter::repeat_n(Some(*bpm), *seconds))
            .collect();
        let (method, planned) = planned_load(&plan(Sport::Walk, &asked), &athlete()).unwrap();
        let (by, load) = done(exact);
        prop_assert_eq!((method, by), (LoadMethod::HeartRate, LoadMethod::HeartRate));
        prop_assert!((planned - load).abs() < 1e-6 * load.max(1.0), "{planned} {load}");
    }

    /// A mean over 30 s flattens where steps meet, and nowhere else.
    #[test]
    fn a_plan_of_power_done_exactly_has_nearly_the_load_that_was_planned(
        steps in vec((600..1800_usize, 100.0..300.0_f64), 1..5),
    ) {
        let asked: Vec<_> = steps
            .iter()
            .map(|(seconds, watts)| (*seconds, target("power", *watts, "w")))
            .collect();
        let mut exact = recording(Sport::Ride, steps.iter().map(|(seconds, _)| seconds).sum());
        exact.power_w = steps
            .iter()
            .flat_map(|(seconds, watts)| std::iter::repeat_n(Some(*watts), *seconds))
            .collect();
        let (method, planned) = planned_load(&plan(Sport::Ride, &asked), &athlete()).unwrap();
        let (by, load) = done(exact);
        prop_assert_eq!((method, by), (LoadMethod::Power, LoadMethod::Power));
        prop_assert!((planned - load).abs() < 0.03 * load, "{planned} {load}");
    }
}

#[test]
fn an_even_run_and_an_even_swim_have_the_load_that_was_planned() {
    for (sport, mps) in [(Sport::Run, 3.5), (Sport::Swim, 1.1)] {
        let asked = [(
            3600,
            json!({"type": "pace", "low": mps * 0.9, "high": mps * 1.1, "unit": "mps"}),
        )];
        let mut exact = recording(sport, 3600);
        exact.distance_m = (0..3600).map(|s| Some(from_count(s) * mps)).collect();
        exact.altitude_m = Channel::from_iter((0..3600).map(|_| Some(20.0)));
        let (method, planned) = planned_load(&plan(sport, &asked), &athlete()).unwrap();
        let (by, load) = done(exact);
        assert_eq!(
            (method, by),
            (LoadMethod::Pace, LoadMethod::Pace),
            "{sport:?}"
        );
        // The last sample is a second short of the hour.
        assert!(
            (planned - load).abs() < 1e-3 * load,
            "{sport:?}: {planned} {load}"
        );
    }
}
