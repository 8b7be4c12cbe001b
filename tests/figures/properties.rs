//! Laws that hold for every recording, however odd.

use chrono::DateTime;
use domain::athlete::{Athlete, Sex, Thresholds};
use domain::id::PlannedId;
use domain::plan::{Plan, PlannedWorkout};
use domain::recording::{
    Channel, Format, Lap, Length, Recording, Session, StrengthSet, TimerEvent, Totals,
};
use domain::sport::Sport;
use domain::stage::{StageError, StageInput};
use domain::units::{Bpm, Joules, Kilograms, MetresPerSecond, Watts};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A column in which some samples have no value.
fn channel(samples: usize, value: impl Strategy<Value = f64> + 'static) -> BoxedStrategy<Channel> {
    let dense = vec(proptest::option::weighted(0.9, value), samples);
    prop_oneof![
        1 => Just(Channel::absent(samples)),
        4 => dense.prop_map(|values| values.into_iter().collect()),
    ]
    .boxed()
}

/// Times that mostly step by whole seconds, sometimes by fractions, sometimes over a hole.
fn times(samples: usize) -> impl Strategy<Value = Vec<f64>> {
    let step = prop_oneof![
        12 => Just(1.0),
        3 => (1..=8_u32).prop_map(f64::from),
        2 => (1..=5000_u32).prop_map(|ms| f64::from(ms) / 1000.0),
        1 => (20..=400_u32).prop_map(f64::from),
    ];
    vec(step, samples.saturating_sub(1)).prop_map(move |steps| {
        let mut time = 0.0;
        let mut times = Vec::with_capacity(samples);
        if samples > 0 {
            times.push(time);
        }
        times.extend(steps.into_iter().map(|step| {
            time += step;
            time
        }));
        times
    })
}

fn around(most: f64) -> impl Strategy<Value = f64> {
    -200.0..most
}

fn sessions() -> impl Strategy<Value = Vec<Session>> {
    let session = around(600.0).prop_map(|start_s| Session {
        sport: Sport::Run,
        sub_sport: None,
        start_s,
        end_s: start_s,
        totals: Totals::default(),
    });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(session, 0..4)]
}

fn laps() -> impl Strategy<Value = Vec<Lap>> {
    let lap = (around(900.0), around(900.0));
    vec(
        lap.prop_map(|(start_s, end_s)| Lap {
            start_s,
            end_s,
            ..Lap::default()
        }),
        0..5,
    )
}

fn lengths() -> impl Strategy<Value = Vec<Length>> {
    let length = (
        around(900.0),
        0.0..200.0,
        any::<bool>(),
        any::<Option<u16>>(),
    );
    let length = length.prop_map(|(start_s, timer_s, active, strokes)| Length {
        start_s,
        timer_s,
        active,
        strokes,
        stroke: None,
    });
    vec(length, 0..5)
}

fn sets() -> impl Strategy<Value = Vec<StrengthSet>> {
    let set = (
        around(900.0),
        any::<bool>(),
        any::<Option<u16>>(),
        proptest::option::of(0.0..500.0),
    );
    let set = set.prop_map(|(start_s, active, reps, weight_kg)| StrengthSet {
        start_s,
        duration_s: None,
        active,
        reps,
        weight_kg,
        category: None,
        ..StrengthSet::default()
    });
    vec(set, 0..5)
}

fn events() -> impl Strategy<Value = Vec<TimerEvent>> {
    let event = (around(900.0), any::<bool>());
    vec(
        event.prop_map(|(time_s, running)| TimerEvent { time_s, running }),
        0..8,
    )
}

/// Any recording that keeps the promises of its own documentation.
pub(crate) fn recordings() -> impl Strategy<Value = Recording> {
    prop_oneof![2 => 0..4_usize, 5 => 4..300_usize].prop_flat_map(|samples| {
        let columns = (
            times(samples),
            channel(samples, prop_oneof![Just(0.0), 0.0..60_000.0_f64]),
            channel(samples, 0.0..30.0_f64),
            channel(samples, 30.0..250.0_f64),
            channel(samples, prop_oneof![1 => Just(0.0), 3 => 0.0..2000.0_f64]),
            channel(samples, 0.0..200.0_f64),
            channel(samples, -400.0..9000.0_f64),
            channel(samples, -90.0..90.0_f64),
            channel(samples, -180.0..180.0_f64),
        );
        let parts = (events(), laps(), lengths(), sessions(), sets());
        let rest = (
            proptest::sample::select(&Sport::ALL[..]),
            any::<bool>(),
            any::<bool>(),
        );
        (columns, parts, rest).prop_map(|(columns, parts, (sport, is_counted, is_partial))| {
            let mut recording = Recording::empty(Format::Fit, sport, DateTime::UNIX_EPOCH);
            recording.partial = is_partial;
            recording.time_s = columns.0;
            recording.distance_m = if is_counted {
                rising(&columns.1)
            } else {
                columns.1
            };
            recording.speed_mps = columns.2;
            recording.hr_bpm = columns.3;
            recording.power_w = columns.4;
            recording.cadence = columns.5;
            recording.altitude_m = columns.6;
            recording.latitude = columns.7;
            recording.longitude = columns.8;
            recording.temperature_c = Channel::absent(recording.time_s.len());
            (recording.timer_events, recording.laps) = (parts.0, parts.1);
            (recording.lengths, recording.sessions) = (parts.2, parts.3);
            recording.sets = parts.4;
            recording.pool_length_m = is_counted.then_some(25.0);
            recording
        })
    })
}

/// Reads a column of steps as a counter.
fn rising(steps: &Channel) -> Channel {
    let mut metres = 0.0;
    let counted = steps.iter().map(|step| {
        metres += step? / 3000.0;
        Some(metres)
    });
    counted.collect()
}

fn athletes() -> impl Strategy<Value = Athlete> {
    any::<[bool; 5]>().prop_map(|[power, hr, critical, man, pace]| Athlete {
        sex: man.then_some(Sex::Male),
        thresholds: Thresholds {
            ftp_w: Watts::parse(if power { 250.0 } else { 0.0 }).ok(),
            hr_max_bpm: Bpm::parse(if hr { 190.0 } else { 0.0 }).ok(),
            hr_rest_bpm: Bpm::parse(50.0).ok(),
            cp_w: Watts::parse(if critical { 250.0 } else { 0.0 }).ok(),
            wprime_j: Joules::parse(20_000.0).ok(),
            hr_threshold_bpm: Bpm::parse(if hr { 170.0 } else { 0.0 }).ok(),
            threshold_speed_mps: MetresPerSecond::parse(if pace { 4.0 } else { 0.0 }).ok(),
            css_mps: MetresPerSecond::parse(if pace { 1.0 } else { 0.0 }).ok(),
            weight_kg: Kilograms::parse(if pace { 70.0 } else { 0.0 }).ok(),
        },
    })
}

/// Any plan that the API accepts.
pub(crate) fn plans() -> impl Strategy<Value = Option<PlannedWorkout>> {
    let duration = prop_oneof![
        3 => (0.0..600.0_f64).prop_map(|value| json!({"type": "time", "value": value})),
        2 => (0.0..2000.0_f64).prop_map(|value| json!({"type": "distance", "value": value})),
        1 => Just(json!({"type": "lap_button"})),
    ];
    let target = (
        proptest::sample::select(&["pace", "power", "hr", "rpe", "cadence", "open"][..]),
        0.0..400.0_f64,
        0.0..100.0_f64,
        any::<[bool; 2]>(),
    );
    let target = target.prop_map(|(kind, low, width, [has_low, has_high])| {
        let low_end = has_low.then_some(low);
        json!({"type": kind, "low": low_end, "high": has_high.then_some(low + width)})
    });
    let kind = proptest::sample::select(&["work", "recovery", "rest", "warmup", "drill"][..]);
    let step = (kind, duration, target).prop_map(
        |(kind, duration, target)| json!({"kind": kind, "duration": duration, "target": target}),
    );
    let steps = (vec(step.clone(), 0..4), vec(step, 1..3), 1..5_u16);
    let plan = (steps, proptest::sample::select(&Sport::ALL[..])).prop_filter_map(
        "the API refuses it",
        |((mut steps, repeated, repeat), sport)| {
            steps.push(json!({"repeat": repeat, "steps": repeated}));
            let plan = json!({"date": "1970-01-01", "sport": sport, "name": "x", "steps": steps});
            let mut plan: Plan = serde_json::from_value(plan).ok()?;
            plan.validate().ok()?;
            Some(PlannedWorkout {
                planned_id: PlannedId(uuid::Uuid::nil()),
                plan,
            })
        },
    );
    proptest::option::weighted(0.8, plan)
}

fn input(recording: Recording, athlete: Athlete) -> StageInput {
    StageInput {
        provenance: domain::merging::Provenance::new(),
        local_date: recording.start_utc.date_naive(),
        recording,
        athlete,
        plan: None,
    }
}

/// JSON writes what is not finite as `null`, so every `null` must be one that says why.
fn unexplained(figures: &Value, prefix: &str, reasons: &Value, found: &mut Vec<String>) {
    for (key, value) in figures.as_object().into_iter().flatten() {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match (value.is_null(), reasons.get(&path).is_some()) {
            (true, false) => found.push(format!("{path} is null without a reason")),
            (false, true) => found.push(format!("{path} has both a value and a reason")),
            (true, true) | (false, false) => {}
        }
        if key != "series" {
            unexplained(value, &path, reasons, found);
        }
    }
}

fn sum_of(
    parts: &[compute_analysis::Split],
    part: impl Fn(&compute_analysis::Split) -> f64,
) -> f64 {
    parts.iter().map(part).sum()
}

fn analysed(input: &StageInput) -> Result<compute_analysis::Analysis, TestCaseError> {
    let output = compute_analysis::compute(input);
    output.map(|output| output.analysis).map_err(refused)
}

fn measured(input: &StageInput) -> Result<calculate_metrics::Metrics, TestCaseError> {
    let output = calculate_metrics::compute(input);
    output.map(|output| output.metrics).map_err(refused)
}

/// A short recording is never refused.
fn refused(error: StageError) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// P-49, P-68
    #[test]
    fn every_null_says_why_and_nothing_panics(
        recording in recordings(), athlete in athletes(), plan in plans(), is_for_it in any::<bool>(),
    ) {
        let mut input = input(recording, athlete);
        input.plan = plan;
        if let Some(plan) = input.plan.as_mut().filter(|_| is_for_it) {
            plan.plan.sport = input.recording.sport;
        }
        let summary = serde_json::to_value(compute_summary::compute(&input).unwrap()).unwrap();
        let analysis = serde_json::to_value(compute_analysis::compute(&input).unwrap()).unwrap();
        let metrics = serde_json::to_value(calculate_metrics::compute(&input).unwrap()).unwrap();
        let mut found = Vec::new();
        for figures in [&summary["overall"], &analysis["analysis"], &metrics["metrics"]] {
            unexplained(figures, "", &figures["reasons"], &mut found);
        }
        prop_assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_session_can_be_cut_out_and_computed(recording in recordings()) {
        let children = domain::signal::session::cut(&recording);
        let samples: usize = children.iter().map(Recording::samples).sum();
        prop_assert!(children.is_empty() || samples == recording.samples());
        for child in children {
            let input = input(child, Athlete::default());
            prop_assert!(compute_summary::compute(&input).is_ok());
            prop_assert!(compute_analysis::compute(&input).is_ok());
        }
    }

    /// P-48
    #[test]
    fn moving_time_never_exceeds_elapsed_time(recording in recordings()) {
        let overall = compute_summary::compute(&input(recording, Athlete::default())).unwrap().overall;
        if let (Some(moving), Some(elapsed)) = (overall.moving_s, overall.elapsed_s) {
            prop_assert!((0.0..=elapsed + 1e-6).contains(&moving), "{} of {}", moving, elapsed);
        }
    }

    /// P-48, P-60
    #[test]
    fn splits_add_up_to_the_whole(mut recording in recordings()) {
        recording.sessions.clear();
        recording.lengths.clear();
        let input = input(recording, Athlete::default());
        let overall = compute_summary::compute(&input).unwrap().overall;
        let compute_analysis::Skippable::Applies(Some(splits)) = analysed(&input)?.splits else {
            return Ok(());
        };
        let (distance, elapsed) = (overall.distance_m.unwrap(), overall.elapsed_s.unwrap());
        for parts in [&splits.km, &splits.mile] {
            let metres = sum_of(parts, |part| part.stretch.distance_m.unwrap());
            prop_assert!((distance - metres).abs() <= 1.0 + 1e-6, "{} of {}", metres, distance);
            let seconds = sum_of(parts, |part| part.stretch.elapsed_s);
            prop_assert!(seconds <= elapsed + 1e-6, "{} of {}", seconds, elapsed);
            if parts.last().is_some_and(|part| part.partial) {
                prop_assert!((seconds - elapsed).abs() < 1e-6, "{} of {}", seconds, elapsed);
            }
        }
    }

    /// P-48
    #[test]
    fn zones_hold_no_more_seconds_than_were_recorded(recording in recordings(), athlete in athletes()) {
        let input = input(recording, athlete);
        let grid = domain::signal::Grid::of(&input.recording).unwrap();
        let recorded = domain::signal::number::from_count(grid.recorded_s());
        let zones = analysed(&input)?.zones;
        let unknown = zones.unknown_s;
        for (zones, unknown) in [
            (zones.hr, unknown.hr), (zones.power, unknown.power), (zones.pace, unknown.pace),
        ] {
            prop_assert_eq!(zones.is_some(), unknown.is_some());
            let seconds: f64 = zones.iter().flatten().map(|zone| zone.seconds).sum();
            prop_assert!(seconds <= recorded, "{} of {}", seconds, recorded);
            let (left, none) = (recorded - seconds, zones.is_none());
            prop_assert!(none || (left - unknown.unwrap()).abs() < 1e-9, "{:?} of {}", unknown, left);
        }
    }

    /// P-52, P-55
    #[test]
    fn planned_steps_follow_each_other_and_every_score_is_a_score(
        recording in recordings(), plan in plans(),
    ) {
        let mut input = input(recording, Athlete::default());
        input.plan = plan;
        if let Some(plan) = &mut input.plan {
            plan.plan.sport = input.recording.sport;
        }
        let intervals = compute_summary::compute(&input).unwrap().intervals;
        let steps: Vec<_> = intervals.iter().filter(|part| part.step.is_some()).collect();
        if input.recording.laps.is_empty() {
            for pair in steps.windows(2) {
                prop_assert_eq!(pair[0].stretch.end_s.to_bits(), pair[1].stretch.start_s.to_bits());
            }
        }
        for adherence in steps.iter().filter_map(|part| part.step.as_ref()?.adherence) {
            let shares = adherence.inside_pct + adherence.under_pct + adherence.over_pct;
            prop_assert!((shares - 100.0).abs() < 1e-9, "{:?}", adherence);
            prop_assert!((0.0..=100.0).contains(&adherence.score), "{:?}", adherence);
        }
        if let Some(execution) = analysed(&input)?.execution {
            let scores = [execution.score, execution.length_score, execution.intensity_score];
            for score in scores.into_iter().flatten() {
                prop_assert!((0.0..=100.0).contains(&score), "{:?}", execution);
            }
            prop_assert!(execution.done.steps <= execution.planned.steps, "{:?}", execution);
        }
    }

    /// P-67
    #[test]
    fn the_load_is_that_of_its_method(recording in recordings(), athlete in athletes()) {
        let metrics = measured(&input(recording, athlete))?;
        let of_method = match metrics.load_method {
            Some(domain::load::LoadMethod::Power) => metrics.tss,
            Some(domain::load::LoadMethod::Pace) => metrics.run_tss.or(metrics.swim_tss),
            Some(domain::load::LoadMethod::HeartRate) => metrics.hr_tss,
            Some(domain::load::LoadMethod::Rpe) => metrics.load,
            None => None,
        };
        prop_assert_eq!(metrics.load, of_method);
        prop_assert!(metrics.load.is_none_or(|load| load >= 0.0), "{:?}", metrics);
    }

    #[test]
    fn twice_the_power_is_twice_the_normalized_power(mut recording in recordings()) {
        let once = measured(&input(recording.clone(), Athlete::default()))?;
        recording.power_w = recording.power_w.iter().map(|watts| Some(watts? * 2.0)).collect();
        let twice = measured(&input(recording, Athlete::default()))?;
        for (once, twice) in [
            (once.normalized_power_w, twice.normalized_power_w),
            (once.xpower_w, twice.xpower_w),
        ] {
            prop_assert_eq!(once.is_some(), twice.is_some());
            if let (Some(once), Some(twice)) = (once, twice) {
                prop_assert!((twice - 2.0 * once).abs() <= 1e-6 * (1.0 + once), "{} {}", once, twice);
            }
        }
    }

    #[test]
    fn a_longer_window_never_holds_less_work(recording in recordings()) {
        let curve = analysed(&input(recording, Athlete::default()))?.mean_max_power;
        for pair in curve.unwrap_or_default().windows(2) {
            let work = |point: &compute_analysis::MeanMaxPower| point.watts * f64::from(point.duration_s);
            prop_assert!(work(&pair[1]) >= work(&pair[0]) - 1e-6);
        }
    }

    /// P-65
    #[test]
    fn every_series_has_as_many_points_as_times(recording in recordings()) {
        let series = analysed(&input(recording, Athlete::default()))?.series;
        if let Some(series) = series {
            let channels = [
                series.distance_m, series.speed_mps, series.hr_bpm, series.power_w,
                series.cadence, series.altitude_m, series.grade_pct,
            ];
            for channel in channels.into_iter().flatten() {
                prop_assert_eq!(channel.len(), series.time_s.len());
            }
        }
    }
}

/// The best mean of a window, by trying all of them.
fn best_mean(seconds: &[f64], window: usize) -> Option<f64> {
    let means = seconds.windows(window);
    means
        .map(|part| part.iter().sum::<f64>() / domain::signal::number::from_count(window))
        .reduce(f64::max)
}

/// The least time over a distance, by trying every sample at either end of it.
fn least_time(line: &[(f64, f64)], distance_m: f64) -> Option<f64> {
    let time_at = |metre: f64| {
        line.windows(2).find_map(|pair| {
            let ([(m0, t0), (m1, t1)], true) = (pair, pair.len() == 2) else {
                return None;
            };
            (*m0 <= metre && metre <= *m1 && m1 > m0)
                .then(|| t0 + (t1 - t0) * (metre - m0) / (m1 - m0))
        })
    };
    let ends = line.iter().flat_map(|(metre, time)| {
        let after = time_at(metre + distance_m).map(|end| end - time);
        let before = time_at(metre - distance_m).map(|start| time - start);
        [after, before]
    });
    ends.flatten().reduce(f64::min)
}

/// A recording at 1 Hz whose channels are straight lines between every few seconds, and the same
/// as a device records it that only keeps the corners.
fn smart_recordings() -> impl Strategy<Value = (Recording, Recording)> {
    let corner = (
        1..10_usize,
        100.0..190.0_f64,
        0.0..500.0_f64,
        1.0..5.0_f64,
        -0.05..0.05_f64,
    );
    vec(corner, 30..60).prop_map(|corners| {
        let mut dense = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        let mut smart = dense.clone();
        let (mut time, mut metre, mut last) = (0_usize, 0.0, (120.0, 100.0, 50.0));
        let put = |recording: &mut Recording, time: usize, metre: f64, now: (f64, f64, f64)| {
            recording
                .time_s
                .push(domain::signal::number::from_count(time));
            recording.distance_m.push(Some(metre));
            recording.hr_bpm.push(Some(now.0));
            recording.power_w.push(Some(now.1));
            recording.altitude_m.push(Some(now.2));
        };
        put(&mut dense, 0, 0.0, last);
        put(&mut smart, 0, 0.0, last);
        for (seconds, hr, power, speed, grade) in corners {
            let length = domain::signal::number::from_count(seconds);
            let to = (hr, power, last.2 + grade * speed * length);
            for step in 1..=seconds {
                let share = domain::signal::number::from_count(step) / length;
                let on = |from: f64, to: f64| from + (to - from) * share;
                let now = (on(last.0, to.0), on(last.1, to.1), on(last.2, to.2));
                put(&mut dense, time + step, metre + speed * length * share, now);
            }
            (time, metre, last) = (time + seconds, metre + speed * length, to);
            put(&mut smart, time, metre, last);
        }
        (dense, smart)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// P-58
    #[test]
    fn curves_and_efforts_are_those_of_trying_everything(
        speeds in vec(0.0..8.0_f64, 200..500), watts in vec(0.0..900.0_f64, 500),
    ) {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        let mut metre = 0.0;
        let mut line = Vec::new();
        for (second, speed) in speeds.iter().enumerate() {
            line.push((metre, domain::signal::number::from_count(second)));
            recording.time_s.push(domain::signal::number::from_count(second));
            recording.distance_m.push(Some(metre));
            recording.power_w.push(watts.get(second).copied());
            metre += speed;
        }
        let analysis = analysed(&input(recording, Athlete::default()))?;
        let seconds: Vec<f64> = watts.into_iter().take(speeds.len()).collect();
        for point in analysis.mean_max_power.unwrap() {
            let best = best_mean(&seconds, usize::try_from(point.duration_s).unwrap()).unwrap();
            prop_assert!((point.watts - best).abs() < 1e-6, "{:?} and {}", point, best);
        }
        let compute_analysis::Skippable::Applies(Some(efforts)) = analysis.best_efforts else {
            return Ok(());
        };
        for effort in efforts {
            let least = least_time(&line, effort.distance_m).unwrap();
            prop_assert!((effort.elapsed_s - least).abs() < 1e-6, "{:?} and {}", effort, least);
        }
    }

    /// P-50
    #[test]
    fn a_device_that_keeps_only_the_corners_gives_the_same_figures((dense, smart) in smart_recordings()) {
        let athlete = Athlete {
            sex: Some(Sex::Male),
            thresholds: Thresholds {
                hr_max_bpm: Bpm::parse(190.0).ok(),
                hr_rest_bpm: Bpm::parse(50.0).ok(),
                hr_threshold_bpm: Bpm::parse(170.0).ok(),
                threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
                ..Thresholds::default()
            },
        };
        let (dense, smart) = (input(dense, athlete), input(smart, athlete));
        let overall = |input: &StageInput| compute_summary::compute(input).unwrap().overall;
        let (d, s) = (overall(&dense), overall(&smart));
        let (dm, sm) = (measured(&dense)?, measured(&smart)?);
        for (name, dense, smart, tolerance) in [
            ("distance", d.distance_m, s.distance_m, 1e-9),
            ("moving", d.moving_s, s.moving_s, 1e-9),
            ("heart rate", d.avg_hr_bpm, s.avg_hr_bpm, 1e-9),
            ("power", d.avg_power_w, s.avg_power_w, 1e-9),
            ("climb", d.elevation_gain_m, s.elevation_gain_m, 1e-9),
            ("normalized", dm.normalized_power_w, sm.normalized_power_w, 1e-9),
            ("impulse", dm.hr_tss, sm.hr_tss, 1e-9),
            // The grade is taken once per pair of samples.
            ("grade-adjusted", d.gap_speed_mps, s.gap_speed_mps, 0.03),
            ("run", dm.run_tss, sm.run_tss, 0.06),
        ] {
            let (dense, smart) = (dense.unwrap(), smart.unwrap());
            let allowed = tolerance * dense.abs().max(1.0);
            prop_assert!((dense - smart).abs() <= allowed, "{}: {} and {}", name, dense, smart);
        }
    }

    /// P-64
    #[test]
    fn slow_walks_and_swims_keep_their_real_pace(speed in 0.3..1.0_f64, is_swim in any::<bool>()) {
        let sport = if is_swim { Sport::Swim } else { Sport::Walk };
        let mut recording = Recording::empty(Format::Fit, sport, DateTime::UNIX_EPOCH);
        recording.time_s = (0..1800).map(f64::from).collect();
        recording.distance_m = recording.time_s.iter().map(|time| Some(time * speed)).collect();
        let overall = compute_summary::compute(&input(recording, Athlete::default())).unwrap().overall;
        let pace = overall.avg_pace_s_per_km.unwrap();
        prop_assert!((pace - 1000.0 / speed).abs() < 1e-6, "{} at {} m/s", pace, speed);
    }
}

#[test]
fn a_recording_of_a_month_is_refused_by_every_stage() {
    let mut recording = Recording::empty(Format::Gpx, Sport::Hike, DateTime::UNIX_EPOCH);
    recording.time_s = vec![0.0, 30.0 * 86_400.0];
    let input = input(recording, Athlete::default());
    let codes = [
        compute_summary::compute(&input).unwrap_err().code,
        compute_analysis::compute(&input).unwrap_err().code,
        calculate_metrics::compute(&input).unwrap_err().code,
    ];
    assert_eq!(codes, ["recording_too_long"; 3]);
}
