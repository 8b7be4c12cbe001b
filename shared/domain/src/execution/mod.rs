//! What was done against what was planned: one definition for every stage.
//!
//! A session that does not resemble its plan is a mismatch: it has laps, and no step of it is
//! scored.

mod adherence;
mod alignment;
mod clock;
mod done;
mod goal;
mod laps;
mod lifting;
mod steps;
mod way;

pub use adherence::Adherence;
pub use done::{AskedLength, DoneLength, DoneStep, PlannedStep};
pub use goal::{Goal, Quantity};
pub use lifting::{DoneExercise, Lifting};
pub(crate) use steps::written_out;
pub use steps::{Boundaries, StepTimes};

use crate::athlete::Athlete;
use crate::matching::{Executed, family};
use crate::plan::{Plan, PlanTotals, Step};
use crate::reason::Reason;
use crate::signal::timer::timer_s;
use crate::signal::{Signal, pool};
use adherence::Measured;
use serde::Serialize;
use steps::{Cut, Numbered};

/// The least and the most of a plan, as shares, that may have been done for the session to
/// resemble it.
const RESEMBLING: (f64, f64) = (0.4, 2.5);
/// How near the targets must have been met, 0 to 100, where the steps were looked for.
const LEAST_CLOSENESS: f64 = 80.0;
/// How much nearer that must be than where the plan's own clock has them.
const LEAST_GAIN: f64 = 5.0;
/// The least steps with a measured target from which a pattern can be told.
const PATTERN_STEPS: usize = 4;
/// The least spread of targets that is a pattern, as a share of the greatest.
const PATTERN_SPREAD: f64 = 0.1;
/// The least change in what was done per change in what was asked for that follows a pattern.
const PATTERN_SLOPE: f64 = 0.1;

/// Seconds and metres, planned or done; what is open or not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Amounts {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
}

impl Amounts {
    /// What a plan asks for in all.
    pub fn of(totals: PlanTotals) -> Self {
        Self {
            duration_s: totals.duration_s,
            distance_m: totals.distance_m,
        }
    }
}

/// What was done in all, by the figures that a plan is matched by; in a pool the lengths count.
pub fn done(signal: &Signal<'_>) -> Amounts {
    let recording = signal.recording;
    let counted = signal.distance.as_ref().map(|distance| distance.total_m());
    let pool = pool::pool(recording).map(|pool| pool.distance_m);
    let executed = Executed::of(recording, timer_s(recording), pool.ok().or(counted));
    Amounts {
        duration_s: executed.duration_s,
        distance_m: executed.distance_m,
    }
}

/// How a session lies to the plan that is attached to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Its steps were found.
    Steps,
    /// Its exercises were found among the sets.
    Exercises,
    /// Only its totals can be compared: it has no steps, or it cannot be told where they lie.
    Totals,
    /// It does not resemble the plan.
    Mismatch,
}

/// A session against its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution<'p> {
    /// Whether it resembles the plan.
    pub fit: Fit,
    /// What told where the steps lie; `None` unless they were found.
    pub boundaries: Option<Boundaries>,
    /// The steps that were begun, and what followed the last; empty unless they were found.
    pub steps: Vec<DoneStep<'p>>,
    /// What was asked for.
    pub planned: Amounts,
    /// Steps that were asked for, repeats written out; those that were begun are the first of them.
    pub planned_steps: Vec<&'p Step>,
    /// What was done.
    pub done: Amounts,
    /// What was lifted; `None` unless plan and recording both name exercises.
    pub lifting: Option<Lifting>,
    /// How near the length of the session lies to that of the plan, 0 to 100.
    pub length: Result<f64, Reason>,
    /// How near the seconds with a target lie to it, 0 to 100.
    pub intensity: Result<f64, Reason>,
}

impl<'p> Execution<'p> {
    /// Compares a session with a plan.
    pub fn of(signal: &Signal<'_>, athlete: &Athlete, plan: &'p Plan) -> Self {
        let all = written_out(&plan.steps);
        let same_sport = family(signal.recording.sport) == family(plan.sport);
        let mut measured = Measured::new(signal);
        let mut found = steps::cut(signal, &all).map(|cut| Found::of(cut, &mut measured, athlete));
        if same_sport && found.as_ref().is_none_or(Found::is_only_planned) {
            let aligned = align(signal, athlete, &all, &mut measured);
            found = aligned
                .filter(|aligned| aligned.is_closer_than(found.as_ref()))
                .or(found);
        }
        let boundaries = found.as_ref().map(|found| found.boundaries);
        let planned_steps: Vec<&Step> = all.iter().map(|(step, _)| *step).collect();
        let mut execution = Self {
            lifting: Lifting::of(signal.recording, &planned_steps),
            fit: Fit::Totals,
            boundaries,
            steps: found.map(|found| found.steps).unwrap_or_default(),
            planned: Amounts::of(plan.asked()),
            planned_steps,
            done: done(signal),
            length: Err(Reason::NotPlanned),
            intensity: Err(Reason::NoTarget),
        };
        if let Some(lifting) = execution.lifting.take_if(|_| same_sport) {
            return execution.of_lifting(lifting);
        }
        if !same_sport || !execution.is_long_enough() || !execution.follows_the_pattern() {
            execution.fit = Fit::Mismatch;
            execution.boundaries = None;
            execution.steps.clear();
            execution.lifting = None;
            execution.length = Err(Reason::PlanMismatch);
            execution.intensity = Err(Reason::PlanMismatch);
            return execution;
        }
        if boundaries.is_some() {
            execution.fit = Fit::Steps;
        }
        execution.length = execution.length();
        execution.intensity = if !signal.has_samples() {
            Err(Reason::NoSamples)
        } else if boundaries.is_none() && !all.is_empty() {
            Err(Reason::NotPlanned)
        } else {
            intensity(&execution.steps)
        };
        execution
    }

    /// A session of strength is as long as its sets and as hard as their weight, whatever its clock says.
    fn of_lifting(mut self, lifting: Lifting) -> Self {
        self.boundaries = None;
        self.steps.clear();
        if lifting.is_mismatch() {
            self.fit = Fit::Mismatch;
            self.length = Err(Reason::PlanMismatch);
            self.intensity = Err(Reason::PlanMismatch);
        } else {
            self.fit = Fit::Exercises;
            self.length = lifting.length();
            self.intensity = lifting.intensity();
            self.lifting = Some(lifting);
        }
        self
    }

    /// The one score, 0 to 100: the mean of length and intensity, of those that were measured.
    ///
    /// Both fall by too much as by too little.
    ///
    /// # Errors
    /// `plan_mismatch`, or why neither was measured.
    pub fn score(&self) -> Result<f64, Reason> {
        match (self.length, self.intensity) {
            (Ok(length), Ok(intensity)) => Ok(f64::midpoint(length, intensity)),
            (Ok(score), Err(_)) | (Err(_), Ok(score)) => Ok(score),
            (Err(_), Err(reason)) => Err(reason),
        }
    }

    /// How many steps were done, nine tenths of each at least.
    pub fn steps_done(&self) -> usize {
        let steps = self.steps.iter().map(|step| step.times);
        steps
            .filter(|times| times.step.is_some() && times.is_done)
            .count()
    }

    /// Done over planned, of seconds where the plan has them, else of metres.
    fn ratio(&self) -> Option<f64> {
        ratio(self.done.duration_s, self.planned.duration_s)
            .or_else(|| ratio(self.done.distance_m, self.planned.distance_m))
    }

    fn is_long_enough(&self) -> bool {
        if let Some(ratio) = self.ratio() {
            return (RESEMBLING.0..=RESEMBLING.1).contains(&ratio);
        }
        if self.steps.is_empty() {
            return true;
        }
        let count = crate::signal::number::from_count;
        let begun = self.steps.iter().filter(|step| step.times.step.is_some());
        let last_s = begun
            .clone()
            .next_back()
            .map_or(0.0, |step| step.times.end_s);
        let end_s = self.steps.last().map_or(0.0, |step| step.times.end_s);
        count(begun.count()) >= RESEMBLING.0 * count(self.planned_steps.len())
            && end_s <= RESEMBLING.1 * last_s
    }

    /// Whether the athlete did more where more was asked for; true where that cannot be told.
    ///
    /// Heart rate lags too far behind short steps to tell.
    fn follows_the_pattern(&self) -> bool {
        let measured = |quantity: Quantity| {
            let of_steps = self.steps.iter().filter_map(|step| step.adherence?.ok());
            let of_quantity = of_steps.filter(move |judged| judged.goal.quantity == quantity);
            of_quantity.filter_map(|judged| Some((judged.goal.middle()?, judged.mean)))
        };
        [Quantity::PowerW, Quantity::SpeedMps]
            .into_iter()
            .all(|quantity| slope(measured(quantity)).is_none_or(|slope| slope >= PATTERN_SLOPE))
    }

    fn length(&self) -> Result<f64, Reason> {
        self.ratio().map(nearness).ok_or(Reason::NotPlanned)
    }
}

/// The steps as they were found one way, and judged.
struct Found<'p> {
    boundaries: Boundaries,
    steps: Vec<DoneStep<'p>>,
    intensity: Result<f64, Reason>,
}

impl<'p> Found<'p> {
    fn of(cut: Cut<'p>, measured: &mut Measured<'_>, athlete: &Athlete) -> Self {
        let judge = |times: StepTimes<'p>| DoneStep {
            times,
            adherence: times
                .step
                .and_then(|step| adherence(measured, athlete, step, times)),
        };
        let steps: Vec<DoneStep<'p>> = cut.parts.into_iter().map(judge).collect();
        Self {
            boundaries: cut.boundaries,
            intensity: intensity(&steps),
            steps,
        }
    }

    /// Whether nothing but the plan says where the steps lie, and the targets were missed there by so
    /// much that another place can be nearer.
    fn is_only_planned(&self) -> bool {
        let is_missed = self.intensity.is_ok_and(|near| near <= 100.0 - LEAST_GAIN);
        self.boundaries == Boundaries::Plan && is_missed
    }

    /// Whether what was measured tells better where the steps lie than the plan alone.
    fn is_closer_than(&self, planned: Option<&Self>) -> bool {
        let closeness = |found: &Self| found.intensity.unwrap_or(0.0);
        let planned = planned.map_or(0.0, closeness);
        closeness(self) >= LEAST_CLOSENESS && closeness(self) >= planned + LEAST_GAIN
    }
}

/// Looks for the steps in what was measured, in the quantity that most targets are in.
///
/// Heart rate lags too far behind to tell where a step began.
fn align<'p>(
    signal: &Signal<'_>,
    athlete: &Athlete,
    steps: &[Numbered<'p>],
    measured: &mut Measured<'_>,
) -> Option<Found<'p>> {
    let goals_in = |quantity: Quantity| -> Vec<Option<Goal>> {
        let goals = steps
            .iter()
            .map(|(step, _)| Goal::of(&step.target, &athlete.thresholds));
        goals
            .map(|goal| goal.ok()?.filter(|goal| goal.quantity == quantity))
            .collect()
    };
    let asked = |goals: &[Option<Goal>]| goals.iter().flatten().count();
    let (power, speed) = (goals_in(Quantity::PowerW), goals_in(Quantity::SpeedMps));
    let (quantity, goals) = if asked(&power) >= asked(&speed) {
        (Quantity::PowerW, power)
    } else {
        (Quantity::SpeedMps, speed)
    };
    if asked(&goals) == 0 {
        return None;
    }
    let cut = steps::align(signal, measured.channel(quantity), steps, &goals)?;
    Some(Found::of(cut, measured, athlete))
}

/// The mean of the steps' scores, weighted by their seconds.
fn intensity(steps: &[DoneStep<'_>]) -> Result<f64, Reason> {
    let judged = || steps.iter().filter_map(|step| step.adherence);
    let (mut seconds, mut weighted) = (0.0, 0.0);
    for adherence in judged().flatten() {
        seconds += adherence.seconds;
        weighted += adherence.seconds * adherence.score;
    }
    if seconds > 0.0 {
        return Ok(weighted / seconds);
    }
    let why = judged().find_map(Result::err);
    Err(why.unwrap_or(Reason::NoTarget))
}

/// Done over planned; `None` where nothing was asked for.
fn ratio(done: Option<f64>, planned: Option<f64>) -> Option<f64> {
    Some(done? / planned.filter(|planned| *planned > 0.0)?)
}

/// How near done over planned lies to 1: 100 there, and 50 at both 1/2 and 2.
fn nearness(ratio: f64) -> f64 {
    ratio.min(1.0 / ratio) * 100.0
}

fn adherence(
    measured: &mut Measured<'_>,
    athlete: &Athlete,
    step: &Step,
    times: StepTimes<'_>,
) -> Option<Result<Adherence, Reason>> {
    match Goal::of(&step.target, &athlete.thresholds) {
        Ok(goal) => Some(measured.adherence(goal?, times.start_s, times.end_s)),
        Err(reason) => Some(Err(reason)),
    }
}

/// The least-squares slope of what was done on what was asked for, where that forms a pattern.
fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let count = points.clone().count();
    let greatest = points.clone().map(|(asked, _)| asked).reduce(f64::max)?;
    let least = points.clone().map(|(asked, _)| asked).reduce(f64::min)?;
    if count < PATTERN_STEPS || greatest - least < PATTERN_SPREAD * greatest {
        return None;
    }
    let mean = |value: fn((f64, f64)) -> f64| {
        crate::signal::number::mean(points.clone().map(value)).unwrap_or(0.0)
    };
    let (middle, done) = (mean(|point| point.0), mean(|point| point.1));
    let (mut together, mut alone) = (0.0, 0.0);
    for point in points {
        together += (point.0 - middle) * (point.1 - done);
        alone += (point.0 - middle).powi(2);
    }
    (alone > 0.0).then(|| together / alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::athlete::Thresholds;
    use crate::recording::{Format, Recording};
    use crate::signal::number::from_count;
    use crate::sport::Sport;
    use chrono::DateTime;

    /// Four times five minutes at 250 W with two at 150 W between.
    const REPEATS: &str = r#"[{"repeat":4,"steps":[
        {"kind":"work","duration":{"type":"time","value":300},
         "target":{"type":"power","low":240,"high":260,"unit":"w"}},
        {"kind":"recovery","duration":{"type":"time","value":120},
         "target":{"type":"power","low":140,"high":160,"unit":"w"}}]}]"#;

    fn plan(steps: &str) -> Plan {
        let json = format!(r#"{{"date":"2026-11-21","sport":"ride","name":"x","steps":{steps}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn ride(seconds: usize, watts: impl Fn(usize) -> Option<f64>) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=seconds).map(from_count).collect();
        recording.power_w = (0..=seconds).map(watts).collect();
        recording
    }

    fn as_planned(second: usize) -> f64 {
        if second % 420 < 300 { 250.0 } else { 150.0 }
    }

    fn score(recording: &Recording, plan: &Plan) -> Result<f64, Reason> {
        let signal = Signal::of(recording).unwrap();
        Execution::of(&signal, &Athlete::default(), plan).score()
    }

    /// P-55
    #[test]
    fn what_was_done_as_planned_scores_100() {
        let done = score(&ride(1680, |s| Some(as_planned(s))), &plan(REPEATS));
        assert!((done.unwrap() - 100.0).abs() < 1e-9, "{done:?}");
    }

    /// P-55
    #[test]
    fn too_much_costs_as_much_as_too_little() {
        let hard = ride(1680, |s| Some(as_planned(s) * 1.3));
        let hard = score(&hard, &plan(REPEATS)).unwrap();
        // 325 W over 260 W, and 195 W over 160 W.
        let intensity = (5.0 * 260.0 / 325.0 + 2.0 * 160.0 / 195.0) / 7.0 * 100.0;
        assert!((hard - (100.0 + intensity) / 2.0).abs() < 0.1, "{hard}");
        let long = ride(3360, |s| Some(as_planned(s)));
        let long = score(&long, &plan(REPEATS)).unwrap();
        assert!((long - 75.0).abs() < 1e-9, "{long}");
        let short = ride(840, |s| Some(as_planned(s)));
        let short = score(&short, &plan(REPEATS)).unwrap();
        assert!((short - 75.0).abs() < 1e-9, "{short}");
    }

    /// P-55
    #[test]
    fn what_was_not_measured_counts_neither_as_100_nor_as_0() {
        let blind = ride(1344, |_| None);
        let signal = Signal::of(&blind).unwrap();
        let plan = plan(REPEATS);
        let execution = Execution::of(&signal, &Athlete::default(), &plan);
        assert_eq!(execution.intensity, Err(Reason::NoPower));
        let score = execution.score().unwrap();
        assert!((score - 80.0).abs() < 1e-9, "{score}");
        assert_eq!(
            (execution.steps_done(), execution.planned_steps.len()),
            (6, 8)
        );
    }

    /// P-55
    #[test]
    fn a_plan_that_leaves_all_open_has_no_score() {
        let free = plan(r#"[{"kind":"work","duration":{"type":"lap_button"}}]"#);
        let done = score(&ride(600, |_| Some(200.0)), &free);
        assert_eq!(done, Err(Reason::NoTarget));
    }

    fn fit(recording: &Recording, plan: &Plan) -> (Fit, usize) {
        let signal = Signal::of(recording).unwrap();
        let execution = Execution::of(&signal, &Athlete::default(), plan);
        (execution.fit, execution.steps.len())
    }

    /// P-53
    #[test]
    fn a_session_that_does_not_resemble_the_plan_is_a_mismatch() {
        let plan = plan(REPEATS);
        let steady = ride(1680, |s| Some(200.0 + from_count(s % 7)));
        assert_eq!(fit(&steady, &plan), (Fit::Mismatch, 0), "no repeats");
        assert_eq!(score(&steady, &plan), Err(Reason::PlanMismatch));
        let stub = ride(600, |s| Some(as_planned(s)));
        assert_eq!(fit(&stub, &plan), (Fit::Mismatch, 0), "far too short");
        let tour = ride(9000, |s| Some(as_planned(s)));
        assert_eq!(fit(&tour, &plan), (Fit::Mismatch, 0), "far too long");
        let mut run = ride(1680, |s| Some(as_planned(s)));
        run.sport = Sport::Run;
        assert_eq!(fit(&run, &plan), (Fit::Mismatch, 0), "another sport");
    }

    /// P-53
    #[test]
    fn a_session_done_too_hard_or_without_a_meter_still_resembles_the_plan() {
        let plan = plan(REPEATS);
        let hard = ride(1680, |s| Some(as_planned(s) * 1.5));
        assert_eq!(fit(&hard, &plan), (Fit::Steps, 8));
        assert_eq!(fit(&ride(1680, |_| None), &plan), (Fit::Steps, 8));
    }

    #[test]
    fn a_plan_without_steps_compares_totals() {
        let mut plan = plan("[]");
        plan.total_duration_s = crate::units::Seconds::parse(1000.0).ok();
        let recording = ride(900, |_| Some(200.0));
        assert_eq!(fit(&recording, &plan), (Fit::Totals, 0));
        assert_eq!(score(&recording, &plan), Ok(90.0));
    }

    #[test]
    fn a_workout_without_samples_is_compared_by_what_its_source_reported() {
        let mut recording = Recording::empty(Format::Json, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.totals.elapsed_s = Some(1680.0);
        let plan = plan(REPEATS);
        assert_eq!(fit(&recording, &plan), (Fit::Totals, 0));
        let signal = Signal::of(&recording).unwrap();
        let execution = Execution::of(&signal, &Athlete::default(), &plan);
        assert_eq!(execution.score(), Ok(100.0));
        assert_eq!(execution.intensity, Err(Reason::NoSamples));
    }

    #[test]
    fn steps_that_cannot_be_placed_are_not_judged() {
        let open = plan(
            r#"[{"kind":"warmup","duration":{"type":"lap_button"}},
                {"kind":"work","duration":{"type":"time","value":600},
                 "target":{"type":"power","low":190,"high":210,"unit":"w"}}]"#,
        );
        let recording = ride(900, |_| Some(200.0));
        assert_eq!(fit(&recording, &open), (Fit::Totals, 0));
        assert_eq!(score(&recording, &open), Err(Reason::NotPlanned));
    }

    #[test]
    fn a_target_relative_to_an_unknown_threshold_is_not_measured() {
        let relative = plan(
            r#"[{"kind":"work","duration":{"type":"time","value":600},
                 "target":{"type":"power","low":90,"high":100,"unit":"pct_ftp"}}]"#,
        );
        let recording = ride(600, |_| Some(200.0));
        let signal = Signal::of(&recording).unwrap();
        let unknown = Execution::of(&signal, &Athlete::default(), &relative);
        assert_eq!(unknown.intensity, Err(Reason::NoFtp));
        let athlete = Athlete {
            sex: None,
            thresholds: Thresholds {
                ftp_w: crate::units::Watts::parse(200.0).ok(),
                ..Thresholds::default()
            },
        };
        let known = Execution::of(&signal, &athlete, &relative);
        assert_eq!(known.intensity, Ok(100.0));
    }
}
