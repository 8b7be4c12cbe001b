//! The load that a plan asks for, on the scale of a workout's load: 100 for an hour at threshold.
//!
//! Each step counts by its target's own method, the one by which the same work would be counted
//! once it is done: a session done exactly as planned has the load that was planned.

use crate::athlete::{Athlete, Thresholds};
use crate::execution::{Goal, Quantity, written_out};
use crate::load::{
    HeartRateReserve, LoadMethod, THRESHOLD_SESSION_RPE, heart_rate_stress, stress, swim_stress,
};
use crate::plan::{Plan, Step, StepDuration, StepKind, TargetKind};
use crate::reason::Reason;
use crate::signal::number::{from_count, to_index};
use crate::signal::power::normalized;
use crate::sport::Sport;

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3600.0;
/// The longest plan that is counted second by second: as long as the longest recording.
const LONGEST_S: f64 = 14.0 * 24.0 * HOUR_S;

/// How hard a step is asked to be, by the method that counts it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Effort {
    /// Watts of a ride.
    Power(f64),
    /// Metres per second of a run.
    Run(f64),
    /// Metres per second of a swim.
    Swim(f64),
    /// Beats per minute.
    HeartRate(f64),
    /// The athlete's rating, 0 to 10.
    Rated(f64),
    /// Standing still.
    Still,
}

/// A step as far as its load is concerned.
#[derive(Debug, Clone, Copy)]
struct Asked {
    seconds: f64,
    effort: Effort,
}

/// The load of a plan for an athlete with these thresholds, by its steps, with the method by which
/// most of it is counted.
///
/// A band counts by its middle, one with a single end by that end. Power of a ride and speed of a
/// run are weighed by their fourth power like what is recorded (rules P2, P3), speed of a swim by
/// its cube, heart rate by Banister's impulse (rule H2), a rating by its minutes (Foster 2001).
/// Rests are still: they count in the weighing of power and running speed, and for nothing else. A
/// run or a swim without steps counts by the speed of its totals.
///
/// # Errors
/// `not_planned` where a step, or the plan without steps, leaves open how long or how hard it is;
/// `no_method` where a target is not one that the sport is counted by; `too_short` under 30 s;
/// `implausible` where the sum is not a believable number; and which threshold is not known.
pub fn planned_load(plan: &Plan, athlete: &Athlete) -> Result<(LoadMethod, f64), Reason> {
    let mut asked = Vec::new();
    for (step, _) in written_out(&plan.steps) {
        asked.extend(Asked::of(plan.sport, step, athlete)?);
    }
    if plan.steps.is_empty() {
        asked.push(Asked::of_totals(plan)?);
    }
    if asked.iter().all(|step| step.effort == Effort::Still) {
        return Err(Reason::NotPlanned);
    }
    if asked.iter().map(|step| step.seconds).sum::<f64>() > LONGEST_S {
        return Err(Reason::Implausible);
    }
    let limits = &athlete.thresholds;
    let parts = [
        (LoadMethod::Power, of_power(&asked, limits)?),
        (
            LoadMethod::Pace,
            of_running(&asked, limits)? + of_swimming(&asked, limits)?,
        ),
        (LoadMethod::HeartRate, of_heart_rate(&asked, athlete)?),
        (LoadMethod::Rpe, of_rating(&asked)),
    ];
    let load: f64 = parts.iter().map(|(_, load)| load).sum();
    let most = parts.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    most.filter(|_| load.is_finite())
        .map(|(method, _)| (method, load))
        .ok_or(Reason::Implausible)
}

impl Asked {
    /// `None` for a rest without an end of its own: nobody knows how long, and it adds nothing.
    fn of(sport: Sport, step: &Step, athlete: &Athlete) -> Result<Option<Self>, Reason> {
        let time_s = match step.duration {
            StepDuration::Time(seconds) => Some(seconds.get()),
            StepDuration::Distance(_) | StepDuration::LapButton => None,
        };
        if step.kind == StepKind::Rest {
            return Ok(time_s.map(|seconds| Self {
                seconds,
                effort: Effort::Still,
            }));
        }
        if step.target.kind == TargetKind::Rpe {
            let (low, high) = (step.target.low, step.target.high);
            let rating = low.zip(high).map(|(low, high)| f64::midpoint(low, high));
            let rating = rating.or(low).or(high).ok_or(Reason::NotPlanned)?;
            if !(0.0..=10.0).contains(&rating) {
                return Err(Reason::Implausible);
            }
            let seconds = time_s.ok_or(Reason::NotPlanned)?;
            return Ok(Some(Self {
                seconds,
                effort: Effort::Rated(rating),
            }));
        }
        let goal = Goal::of(&step.target, &athlete.thresholds)?.ok_or(Reason::NotPlanned)?;
        let middle = goal.middle().ok_or(Reason::NotPlanned)?;
        let effort = match (goal.quantity, sport) {
            (Quantity::PowerW, Sport::Ride) => Effort::Power(middle),
            (Quantity::SpeedMps, Sport::Run) => Effort::Run(middle),
            (Quantity::SpeedMps, Sport::Swim) => Effort::Swim(middle),
            (Quantity::HrBpm, _) => Effort::HeartRate(middle),
            (Quantity::PowerW | Quantity::SpeedMps | Quantity::Cadence, _) => {
                return Err(Reason::NoMethod);
            }
        };
        let seconds = match (step.duration, effort) {
            (StepDuration::Time(seconds), _) => seconds.get(),
            (StepDuration::Distance(metres), Effort::Run(mps) | Effort::Swim(mps)) if mps > 0.0 => {
                metres.get() / mps
            }
            _ => return Err(Reason::NotPlanned),
        };
        Ok(Some(Self { seconds, effort }))
    }

    /// A plan without steps, by its mean speed.
    fn of_totals(plan: &Plan) -> Result<Self, Reason> {
        let totals = plan.totals();
        let seconds = totals.duration_s.filter(|seconds| *seconds > 0.0);
        let (seconds, metres) = seconds.zip(totals.distance_m).ok_or(Reason::NotPlanned)?;
        let effort = match plan.sport {
            Sport::Run => Effort::Run(metres / seconds),
            Sport::Swim => Effort::Swim(metres / seconds),
            Sport::Ride
            | Sport::Walk
            | Sport::Hike
            | Sport::Row
            | Sport::Ski
            | Sport::Strength
            | Sport::Mobility
            | Sport::Multisport
            | Sport::Other => return Err(Reason::NotPlanned),
        };
        Ok(Self { seconds, effort })
    }
}

fn of_power(asked: &[Asked], limits: &Thresholds) -> Result<f64, Reason> {
    let watts = |effort| {
        if let Effort::Power(watts) = effort {
            Some(watts)
        } else {
            None
        }
    };
    weighed(
        asked,
        watts,
        limits.ftp_w.map(|ftp| ftp.get()),
        Reason::NoFtp,
    )
}

fn of_running(asked: &[Asked], limits: &Thresholds) -> Result<f64, Reason> {
    let speed = |effort| {
        if let Effort::Run(mps) = effort {
            Some(mps)
        } else {
            None
        }
    };
    let threshold = limits.threshold_speed_mps.map(|speed| speed.get());
    weighed(asked, speed, threshold, Reason::NoThresholdSpeed)
}

/// `h · IF² · 100` of the fourth-power mean over the steps that have a value, and the rests.
fn weighed(
    asked: &[Asked],
    value: impl Fn(Effort) -> Option<f64>,
    threshold: Option<f64>,
    unknown: Reason,
) -> Result<f64, Reason> {
    if !asked.iter().any(|step| value(step.effort).is_some()) {
        return Ok(0.0);
    }
    let threshold = threshold.filter(|value| *value > 0.0).ok_or(unknown)?;
    let parts = asked.iter().filter_map(|step| {
        let still = (step.effort == Effort::Still).then_some(0.0);
        Some((
            value(step.effort).or(still)?,
            to_index(step.seconds.round()),
        ))
    });
    let seconds: usize = parts.clone().map(|(_, seconds)| seconds).sum();
    let stream = parts.flat_map(|(value, seconds)| std::iter::repeat_n(value, seconds));
    let intensity = normalized(stream).ok_or(Reason::TooShort)? / threshold;
    Ok(stress(from_count(seconds), intensity))
}

/// `h · IF³ · 100` of the mean speed while swimming.
fn of_swimming(asked: &[Asked], limits: &Thresholds) -> Result<f64, Reason> {
    let (mut seconds, mut metres) = (0.0, 0.0);
    for step in asked {
        if let Effort::Swim(mps) = step.effort {
            seconds += step.seconds;
            metres += step.seconds * mps;
        }
    }
    if seconds <= 0.0 {
        return Ok(0.0);
    }
    let css = limits.css_mps.map(|css| css.get());
    let css = css.filter(|css| *css > 0.0).ok_or(Reason::NoCss)?;
    Ok(swim_stress(seconds, metres / seconds / css))
}

fn of_heart_rate(asked: &[Asked], athlete: &Athlete) -> Result<f64, Reason> {
    let of_step = |step: &Asked| {
        if let Effort::HeartRate(bpm) = step.effort {
            Some((bpm, step.seconds / MINUTE_S))
        } else {
            None
        }
    };
    if !asked.iter().any(|step| of_step(step).is_some()) {
        return Ok(0.0);
    }
    let reserve = HeartRateReserve::of(athlete)?;
    let steps = asked.iter().filter_map(of_step);
    let impulse: f64 = steps
        .map(|(bpm, minutes)| minutes * reserve.of_minute(bpm))
        .sum();
    heart_rate_stress(impulse, athlete)
}

fn of_rating(asked: &[Asked]) -> f64 {
    let rated = asked.iter().filter_map(|step| {
        if let Effort::Rated(rating) = step.effort {
            Some(rating * step.seconds / MINUTE_S)
        } else {
            None
        }
    });
    rated.sum::<f64>() / THRESHOLD_SESSION_RPE * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::athlete::Sex;
    use crate::units::{Bpm, MetresPerSecond, Watts};

    fn plan(sport: &str, steps: &str) -> Plan {
        let json =
            format!(r#"{{"date":"2026-11-21","sport":"{sport}","name":"x","steps":{steps}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn step(kind: &str, seconds: u32, target: &str) -> String {
        let duration = format!(r#"{{"type":"time","value":{seconds}}}"#);
        format!(r#"{{"kind":"{kind}","duration":{duration},"target":{{{target}}}}}"#)
    }

    fn athlete() -> Athlete {
        Athlete {
            sex: Some(Sex::Male),
            thresholds: Thresholds {
                ftp_w: Watts::parse(250.0).ok(),
                threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
                css_mps: MetresPerSecond::parse(1.25).ok(),
                hr_max_bpm: Bpm::parse(190.0).ok(),
                hr_rest_bpm: Bpm::parse(50.0).ok(),
                hr_threshold_bpm: Bpm::parse(170.0).ok(),
                ..Thresholds::default()
            },
        }
    }

    fn load(sport: &str, steps: &[String]) -> Result<f64, Reason> {
        planned_load(&plan(sport, &format!("[{}]", steps.join(","))), &athlete())
            .map(|(_, load)| load)
    }

    /// P-67
    #[test]
    fn an_hour_at_threshold_is_a_load_of_100_by_every_method() {
        for (sport, target) in [
            ("ride", r#""type":"power","low":240,"high":260,"unit":"w""#),
            (
                "ride",
                r#""type":"power","low":100,"high":100,"unit":"pct_ftp""#,
            ),
            (
                "run",
                r#""type":"pace","low":250,"high":250,"unit":"s_per_km""#,
            ),
            (
                "swim",
                r#""type":"pace","low":80,"high":80,"unit":"s_per_100m""#,
            ),
            ("walk", r#""type":"hr","low":170,"high":170,"unit":"bpm""#),
            ("strength", r#""type":"rpe","low":6,"high":8"#),
        ] {
            let got = load(sport, &[step("work", 3600, target)]).unwrap();
            assert!((got - 100.0).abs() < 0.3, "{sport} by {target}: {got}");
        }
    }

    /// P-67
    #[test]
    fn hard_minutes_weigh_more_than_easy_ones_and_rests_are_still() {
        let power =
            |watts: u32| format!(r#""type":"power","low":{watts},"high":{watts},"unit":"w""#);
        let steps: Vec<String> = (0..30)
            .flat_map(|_| {
                [
                    step("work", 60, &power(300)),
                    step("recovery", 60, &power(100)),
                ]
            })
            .collect();
        let alternating = load("ride", &steps).unwrap();
        // Minutes of 100 and 300 W weigh about 241 W, not 200.
        assert!(alternating > 88.0 && alternating < 97.0, "{alternating}");

        let rested = [step("work", 1800, &power(250)), step("rest", 1800, "")];
        let rested = load("ride", &rested).unwrap();
        // Half of the time at threshold: the fourth root of 1/2 squared is 0.71 of an hour.
        assert!((rested - 70.7).abs() < 0.5, "{rested}");
    }

    /// P-67
    #[test]
    fn a_way_takes_as_long_as_its_pace_says() {
        let metres = r#"[{"kind":"work","duration":{"type":"distance","value":14400},
            "target":{"type":"pace","low":250,"high":250,"unit":"s_per_km"}}]"#;
        let (method, got) = planned_load(&plan("run", metres), &athlete()).unwrap();
        assert!((got - 100.0).abs() < 0.3, "{got}");
        assert_eq!(method, LoadMethod::Pace);
    }

    /// P-67
    #[test]
    fn a_run_or_a_swim_without_steps_counts_by_its_mean_speed() {
        let load = |sport: &str, totals: &str| {
            let json = format!(r#"{{"date":"2026-11-21","sport":"{sport}","name":"x",{totals}}}"#);
            planned_load(&serde_json::from_str(&json).unwrap(), &athlete())
        };
        for (sport, metres) in [("run", 14_400), ("swim", 4500)] {
            let totals = format!(r#""total_duration_s":3600,"total_distance_m":{metres}"#);
            let (method, got) = load(sport, &totals).unwrap();
            assert!((got - 100.0).abs() < 1e-9, "{sport}: {got}");
            assert_eq!(method, LoadMethod::Pace);
            let metres = format!(r#""total_distance_m":{metres}"#);
            assert_eq!(load(sport, &metres), Err(Reason::NotPlanned));
        }
        let ride = load(
            "ride",
            r#""total_duration_s":3600,"total_distance_m":30000"#,
        );
        assert_eq!(ride, Err(Reason::NotPlanned));
    }

    /// P-67
    #[test]
    fn a_plan_of_several_methods_adds_up_and_names_the_greatest() {
        let power = step(
            "work",
            1800,
            r#""type":"power","low":250,"high":250,"unit":"w""#,
        );
        let heart = step("cooldown", 600, r#""type":"hr","low":120,"high":120"#);
        let plan = plan("ride", &format!("[{power},{heart}]"));
        let (method, load) = planned_load(&plan, &athlete()).unwrap();
        assert_eq!(method, LoadMethod::Power);
        assert!(load > 50.0 && load < 60.0, "{load}");
    }

    /// P-68
    #[test]
    fn what_a_plan_leaves_open_has_no_load() {
        let open = step("work", 600, "");
        assert_eq!(load("ride", &[open]), Err(Reason::NotPlanned));
        assert_eq!(load("ride", &[]), Err(Reason::NotPlanned));
        let rest = step("rest", 600, "");
        assert_eq!(load("ride", &[rest]), Err(Reason::NotPlanned));
        let button = r#"[{"kind":"work","duration":{"type":"lap_button"},
            "target":{"type":"power","low":200,"high":210,"unit":"w"}}]"#;
        let got = planned_load(&plan("ride", button), &athlete());
        assert_eq!(got, Err(Reason::NotPlanned));
        let pace = r#""type":"pace","low":250,"high":250,"unit":"s_per_km""#;
        assert_eq!(
            load("ride", &[step("work", 600, pace)]),
            Err(Reason::NoMethod)
        );
        let power = r#""type":"power","low":240,"high":260,"unit":"w""#;
        assert_eq!(
            load("ride", &[step("work", 20, power)]),
            Err(Reason::TooShort)
        );
        let months = vec![step("work", 1_296_000, power); 2];
        assert_eq!(load("ride", &months), Err(Reason::Implausible));
    }

    /// P-68
    #[test]
    fn a_threshold_that_is_not_known_is_named() {
        for (sport, target, unknown) in [
            (
                "ride",
                r#""type":"power","low":240,"unit":"w""#,
                Reason::NoFtp,
            ),
            (
                "run",
                r#""type":"pace","low":250,"unit":"s_per_km""#,
                Reason::NoThresholdSpeed,
            ),
            (
                "swim",
                r#""type":"pace","low":80,"unit":"s_per_100m""#,
                Reason::NoCss,
            ),
            (
                "run",
                r#""type":"hr","low":150,"unit":"bpm""#,
                Reason::NoHrMax,
            ),
        ] {
            let steps = format!("[{}]", step("work", 600, target));
            let got = planned_load(&plan(sport, &steps), &Athlete::default());
            assert_eq!(got, Err(unknown), "{sport}");
        }
    }
}
