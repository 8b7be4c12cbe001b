//! The load that a plan asks for, by the formulas that weigh what was done.

use crate::athlete::{Athlete, Thresholds};
use crate::execution::{Goal, Quantity, written_out};
use crate::load::{HeartRateReserve, LoadMethod, heart_rate_stress, stress, swim_stress};
use crate::plan::{Plan, Step, StepDuration, StepKind};
use crate::reason::Reason;
use crate::sport::Sport;

/// Seconds in a minute: an impulse counts minutes.
const MINUTE_S: f64 = 60.0;

/// How long a part of a plan is, and how hard; a speed makes seconds of metres and metres of seconds.
#[derive(Debug, Clone, Copy)]
struct Piece {
    seconds: f64,
    /// The middle of the target, in the unit of what is looked at.
    value: f64,
}

/// The load of a plan that is done exactly, each step at the middle of its target, with how it was
/// found: 100 for an hour at threshold.
///
/// Power on a ride, speed on a run or a swim, else heart rate, if every step says how long and how
/// hard it is; to stand still is to do nothing. Steps are joined as they are, without the moving
/// means of a recording (rule P2). A run or a swim without steps is weighed by its mean speed.
///
/// # Errors
/// What the plan leaves open (`no_target`, `not_planned`) or what is not known of the athlete.
/// `implausible` where the load is no finite number.
pub fn planned_load(plan: &Plan, athlete: &Athlete) -> Result<(LoadMethod, f64), Reason> {
    let limits = &athlete.thresholds;
    let own = match plan.sport {
        Sport::Ride => by_power(plan, limits).map(|load| (LoadMethod::Power, load)),
        Sport::Run => by_pace(plan, limits).map(|load| (LoadMethod::Pace, load)),
        Sport::Swim => by_swimming(plan, limits).map(|load| (LoadMethod::Pace, load)),
        Sport::Walk
        | Sport::Hike
        | Sport::Row
        | Sport::Ski
        | Sport::Strength
        | Sport::Mobility
        | Sport::Multisport
        | Sport::Other => Err(Reason::NoTarget),
    };
    let heart_rate = || by_heart_rate(plan, athlete).map(|load| (LoadMethod::HeartRate, load));
    let load = own.or_else(|reason| {
        heart_rate().map_err(|other| {
            // Where steps ask for no power or pace, what their heart rate lacks tells more.
            if reason == Reason::NoTarget {
                other
            } else {
                reason
            }
        })
    });
    load.and_then(|(method, load)| {
        if load.is_finite() {
            Ok((method, load))
        } else {
            Err(Reason::Implausible)
        }
    })
}

fn by_power(plan: &Plan, limits: &Thresholds) -> Result<f64, Reason> {
    let pieces = pieces(plan, limits, Quantity::PowerW, Some(0.0))?;
    let ftp = limits.ftp_w.map(|watts| watts.get());
    let ftp = ftp.filter(|watts| *watts > 0.0).ok_or(Reason::NoFtp)?;
    let (seconds, watts) = weighed(&pieces)?;
    Ok(stress(seconds, watts / ftp))
}

fn by_pace(plan: &Plan, limits: &Thresholds) -> Result<f64, Reason> {
    let pieces = moving(plan, limits)?;
    let threshold = limits.threshold_speed_mps.map(|speed| speed.get());
    let threshold = threshold.filter(|speed| *speed > 0.0);
    let (seconds, speed) = weighed(&pieces)?;
    Ok(stress(
        seconds,
        speed / threshold.ok_or(Reason::NoThresholdSpeed)?,
    ))
}

/// Over the seconds in which there is something to swim, as when it is done.
fn by_swimming(plan: &Plan, limits: &Thresholds) -> Result<f64, Reason> {
    let pieces = moving(plan, limits)?;
    let css = limits.css_mps.map(|speed| speed.get());
    let css = css.filter(|speed| *speed > 0.0).ok_or(Reason::NoCss)?;
    let swum = pieces.iter().filter(|piece| piece.value > 0.0);
    let (seconds, metres) = swum.fold((0.0, 0.0), |(seconds, metres), piece| {
        (
            seconds + piece.seconds,
            metres + piece.seconds * piece.value,
        )
    });
    if seconds <= 0.0 {
        return Err(Reason::NotPlanned);
    }
    Ok(swim_stress(seconds, metres / seconds / css))
}

fn by_heart_rate(plan: &Plan, athlete: &Athlete) -> Result<f64, Reason> {
    // A heart does not stand still while its athlete does.
    let pieces = pieces(plan, &athlete.thresholds, Quantity::HrBpm, None)?;
    let reserve = HeartRateReserve::of(athlete)?;
    let impulses = pieces
        .iter()
        .map(|piece| piece.seconds / MINUTE_S * reserve.of_minute(piece.value));
    heart_rate_stress(impulses.sum(), athlete)
}

/// The pieces of a plan by speed: its steps, or its totals where it has none.
fn moving(plan: &Plan, limits: &Thresholds) -> Result<Vec<Piece>, Reason> {
    if !plan.steps.is_empty() {
        return pieces(plan, limits, Quantity::SpeedMps, Some(0.0));
    }
    let totals = plan.totals();
    let seconds = totals.duration_s.filter(|seconds| *seconds > 0.0);
    let seconds = seconds.ok_or(Reason::NotPlanned)?;
    let metres = totals.distance_m.ok_or(Reason::NotPlanned)?;
    Ok(vec![Piece {
        seconds,
        value: metres / seconds,
    }])
}

/// The steps by one quantity; `at_rest` is its value where the athlete stands still.
fn pieces(
    plan: &Plan,
    limits: &Thresholds,
    quantity: Quantity,
    at_rest: Option<f64>,
) -> Result<Vec<Piece>, Reason> {
    if plan.steps.is_empty() {
        return Err(Reason::NoTarget);
    }
    let steps = written_out(&plan.steps).into_iter();
    steps
        .map(|(step, _)| {
            let value = middle(step, limits, quantity, at_rest)?;
            let seconds = match step.duration {
                StepDuration::Time(seconds) => seconds.get(),
                StepDuration::Distance(metres) if quantity == Quantity::SpeedMps && value > 0.0 => {
                    metres.get() / value
                }
                StepDuration::Distance(_) | StepDuration::LapButton => {
                    return Err(Reason::NotPlanned);
                }
            };
            Ok(Piece { seconds, value })
        })
        .collect()
}

/// The middle of a step's target. A band that is open at one end has none.
fn middle(
    step: &Step,
    limits: &Thresholds,
    quantity: Quantity,
    at_rest: Option<f64>,
) -> Result<f64, Reason> {
    let goal = Goal::of(&step.target, limits)?;
    if goal.is_none() && step.kind == StepKind::Rest {
        return at_rest.ok_or(Reason::NoTarget);
    }
    let goal = goal.filter(|goal| goal.quantity == quantity);
    let band = goal.and_then(|goal| goal.low.zip(goal.high));
    let (low, high) = band.ok_or(Reason::NoTarget)?;
    Ok(f64::midpoint(low, high))
}

/// All seconds, and the fourth root of the mean fourth power over them.
fn weighed(pieces: &[Piece]) -> Result<(f64, f64), Reason> {
    let seconds: f64 = pieces.iter().map(|piece| piece.seconds).sum();
    if seconds <= 0.0 {
        return Err(Reason::NotPlanned);
    }
    let powers = pieces
        .iter()
        .map(|piece| piece.seconds * piece.value.powi(4));
    Ok((seconds, (powers.sum::<f64>() / seconds).powf(0.25)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::athlete::Sex;
    use crate::units::{Bpm, MetresPerSecond, Watts};

    fn athlete() -> Athlete {
        Athlete {
            sex: Some(Sex::Male),
            thresholds: Thresholds {
                ftp_w: Watts::parse(250.0).ok(),
                hr_max_bpm: Bpm::parse(190.0).ok(),
                hr_rest_bpm: Bpm::parse(50.0).ok(),
                hr_threshold_bpm: Bpm::parse(170.0).ok(),
                threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
                css_mps: MetresPerSecond::parse(1.25).ok(),
                ..Thresholds::default()
            },
        }
    }

    fn plan(sport: &str, rest: &str) -> Plan {
        let json = format!(r#"{{"date":"2026-11-21","sport":"{sport}","name":"x",{rest}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn step(duration: &str, target: &str) -> String {
        format!(r#"{{"kind":"work","duration":{duration},"target":{target}}}"#)
    }

    fn time(seconds: u32) -> String {
        format!(r#"{{"type":"time","value":{seconds}}}"#)
    }

    fn load(plan: &Plan) -> Result<(LoadMethod, f64), Reason> {
        planned_load(plan, &athlete())
    }

    #[track_caller]
    fn near(plan: &Plan, method: LoadMethod, expected: f64) {
        let (by, load) = load(plan).unwrap();
        assert_eq!(by, method);
        assert!((load - expected).abs() < 1e-9, "{load}");
    }

    const AT_FTP: &str = r#"{"type":"power","low":95,"high":105,"unit":"pct_ftp"}"#;

    #[test]
    fn an_hour_planned_at_threshold_is_100_in_every_sport() {
        let ride = plan(
            "ride",
            &format!(r#""steps":[{}]"#, step(&time(3600), AT_FTP)),
        );
        near(&ride, LoadMethod::Power, 100.0);
        let pace = r#"{"type":"pace","low":4,"high":4,"unit":"mps"}"#;
        let run = plan("run", &format!(r#""steps":[{}]"#, step(&time(3600), pace)));
        near(&run, LoadMethod::Pace, 100.0);
        let metres = r#"{"type":"distance","value":14400}"#;
        let run = plan("run", &format!(r#""steps":[{}]"#, step(metres, pace)));
        near(&run, LoadMethod::Pace, 100.0);
        let totals = r#""total_duration_s":3600,"total_distance_m":14400"#;
        near(&plan("run", totals), LoadMethod::Pace, 100.0);
        let totals = r#""total_duration_s":3600,"total_distance_m":4500"#;
        near(&plan("swim", totals), LoadMethod::Pace, 100.0);
        let hr = r#"{"type":"hr","low":165,"high":175}"#;
        for sport in ["walk", "ride", "run"] {
            let plan = plan(sport, &format!(r#""steps":[{}]"#, step(&time(3600), hr)));
            near(&plan, LoadMethod::HeartRate, 100.0);
        }
    }

    #[test]
    fn repeats_weigh_by_the_fourth_power_and_rest_weighs_nothing_but_time() {
        let hard = r#"{"type":"power","low":300,"high":300}"#;
        let easy = r#"{"type":"power","low":100,"high":100}"#;
        let steps = format!(
            r#""steps":[{{"repeat":2,"steps":[{},{}]}}]"#,
            step(&time(60), easy),
            step(&time(60), hard)
        );
        let normalized = ((100_f64.powi(4) + 300_f64.powi(4)) / 2.0).powf(0.25);
        near(
            &plan("ride", &steps),
            LoadMethod::Power,
            240.0 / 36.0 * (normalized / 250.0).powi(2),
        );
        let pace = r#"{"type":"pace","low":80,"high":80,"unit":"s_per_100m"}"#;
        let rest = r#"{"kind":"rest","duration":{"type":"time","value":600}}"#;
        let metres = r#"{"type":"distance","value":1000}"#;
        let swim = format!(r#""steps":[{},{rest}]"#, step(metres, pace));
        let (_, load) = load(&plan("swim", &swim)).unwrap();
        // A band of ±5 % around a pace is a band of speed whose middle is a hair faster.
        assert!((load - 800.0 / 36.0).abs() < 0.2, "{load}");
    }

    #[test]
    fn what_a_plan_leaves_open_is_not_guessed() {
        let reason = |sport: &str, steps: String| {
            load(&plan(sport, &format!(r#""steps":[{steps}]"#))).unwrap_err()
        };
        let easy = r#"{"kind":"warmup","duration":{"type":"time","value":600}}"#;
        let work = step(&time(60), AT_FTP);
        assert_eq!(reason("ride", format!("{easy},{work}")), Reason::NoTarget);
        let lap = step(r#"{"type":"lap_button"}"#, AT_FTP);
        assert_eq!(reason("ride", lap), Reason::NotPlanned);
        let metres = step(r#"{"type":"distance","value":1000}"#, AT_FTP);
        assert_eq!(reason("ride", metres), Reason::NotPlanned);
        let at_most = step(&time(60), r#"{"type":"hr","high":140}"#);
        assert_eq!(reason("walk", at_most), Reason::NoTarget);
        assert_eq!(
            load(&plan("ride", r#""total_duration_s":3600"#)),
            Err(Reason::NoTarget)
        );
        assert_eq!(
            load(&plan("run", r#""total_duration_s":3600"#)),
            Err(Reason::NotPlanned)
        );
    }

    #[test]
    fn what_is_not_known_of_the_athlete_is_named() {
        let unknown = |sport: &str, target: &str| {
            let plan = plan(sport, &format!(r#""steps":[{}]"#, step(&time(60), target)));
            planned_load(&plan, &Athlete::default()).unwrap_err()
        };
        assert_eq!(unknown("ride", AT_FTP), Reason::NoFtp);
        assert_eq!(
            unknown("ride", r#"{"type":"power","low":200,"high":210}"#),
            Reason::NoFtp
        );
        let pace = r#"{"type":"pace","low":240,"high":250}"#;
        assert_eq!(unknown("run", pace), Reason::NoThresholdSpeed);
        assert_eq!(unknown("swim", pace), Reason::NoCss);
        let hr = r#"{"type":"hr","low":140,"high":150}"#;
        assert_eq!(unknown("ride", hr), Reason::NoHrMax);
    }
}
