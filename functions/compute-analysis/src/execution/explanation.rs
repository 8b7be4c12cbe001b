//! The comparison in words: sentences made of the figures beside them, and of nothing else.
//!
//! Every number is one of `analysis.execution`, rounded: whole scores, metres, watts and beats,
//! whole seconds, tenths of per cents and of km/h. A reason stands where a number is missing.

use super::words::{Figure, band, metres, minutes, per_cent, sides, signed, span, whole};
use super::{Drift, DriftBasis, ExecutionFigures, Recovery, StepFigures, StepGroup};
use domain::execution::{Adherence, Fit};
use domain::plan::StepKind;
use domain::reason::Reasons;
use domain::sport::Sport;
use std::cmp::Ordering;

/// Most groups of steps that are spoken of: a few sentences are read, a thousand are not.
const MOST_GROUPS: usize = 4;

/// Puts the figures into words.
pub(super) fn explanation(figures: &ExecutionFigures, reasons: &Reasons, sport: Sport) -> String {
    let why = Why(reasons);
    let mut sentences = vec![score(figures, &why)];
    sentences.extend(done(figures));
    // What asks for something comes before what leaves it open.
    let (aimed, open): (Vec<_>, Vec<_>) = figures
        .groups
        .iter()
        .partition(|group| group.goal.is_some());
    let groups = aimed.into_iter().chain(open);
    let told = groups.take(MOST_GROUPS);
    sentences.extend(told.map(|group| {
        Told {
            figures,
            group,
            sport,
        }
        .sentence()
    }));
    if figures.groups.len() > MOST_GROUPS {
        sentences.push("Further steps are not told.".to_owned());
    }
    if figures.fit != Fit::Mismatch {
        sentences.push(heart_rate(figures, &why));
    }
    sentences.join(" ")
}

/// Why there is no number: its reason's code as words.
struct Why<'a>(&'a Reasons);

impl Why<'_> {
    fn of(&self, key: &str) -> String {
        let reason = self.0.get(key).map(ToString::to_string);
        reason.unwrap_or_default().replace('_', " ")
    }
}

fn score(figures: &ExecutionFigures, why: &Why<'_>) -> String {
    let part = |name: &str, score: Option<f64>, key: &str| match score {
        Some(score) => format!("{name} {}", whole(score)),
        None => format!("{name} not scored ({})", why.of(key)),
    };
    match figures.score {
        Some(score) => format!(
            "Score {}: {}, {}.",
            whole(score),
            part("length", figures.length_score, "execution.length_score"),
            part(
                "intensity",
                figures.intensity_score,
                "execution.intensity_score"
            ),
        ),
        None => format!("No score ({}).", why.of("execution.score")),
    }
}

fn done(figures: &ExecutionFigures) -> Option<String> {
    let (done, planned) = (figures.done.amounts, figures.planned.amounts);
    let amount = |done: Option<f64>, planned: Option<f64>, figure: fn(f64) -> Figure| {
        let done = figure(done?);
        Some(planned.map_or_else(|| done.alone(), |planned| done.of(&figure(planned))))
    };
    let mut parts: Vec<String> = amount(done.duration_s, planned.duration_s, minutes)
        .into_iter()
        .chain(amount(done.distance_m, planned.distance_m, metres))
        .collect();
    if figures.planned.steps > 0 {
        let planned = plural(figures.planned.steps, "step", "steps");
        parts.push(match figures.fit {
            Fit::Steps => format!("{} of {planned}", figures.done.steps),
            Fit::Exercises => lifted(figures),
            Fit::Totals | Fit::Mismatch => format!("none of {planned} compared"),
        });
    }
    (!parts.is_empty()).then(|| format!("Done {}.", parts.join(", ")))
}

/// Exercises are not named: their names are the athlete's, and may hold numbers.
fn lifted(figures: &ExecutionFigures) -> String {
    let (done, planned) = (figures.done, figures.planned);
    let of = |done: Option<usize>, planned: Option<usize>, one, several| {
        let planned = plural(planned.unwrap_or_default(), one, several);
        format!("{} of {planned}", done.unwrap_or_default())
    };
    let exercises = of(done.exercises, planned.exercises, "exercise", "exercises");
    let sets = of(done.sets, planned.sets, "set", "sets");
    format!("{exercises}, {sets}")
}

/// A group of steps to speak of.
struct Told<'a> {
    figures: &'a ExecutionFigures,
    group: &'a StepGroup,
    sport: Sport,
}

impl Told<'_> {
    fn sentence(&self) -> String {
        let said: Vec<String> = [self.sides(), self.mean(), self.lengths(), self.done()]
            .into_iter()
            .flatten()
            .collect();
        format!("{}: {}.", self.subject(), said.join("; "))
    }

    fn subject(&self) -> String {
        let group = self.group;
        let kind = match group.step_kind {
            StepKind::Warmup => "Warm-up",
            StepKind::Work => "Work",
            StepKind::Recovery => "Recovery",
            StepKind::Rest => "Rest",
            StepKind::Cooldown => "Cool-down",
            StepKind::Drill => "Drill",
            StepKind::Strength => "Strength",
        };
        let times = match group.planned_steps {
            1 => String::new(),
            several => format!("{several} × "),
        };
        let asked = group.asked.planned_duration_s.map(minutes);
        let asked = asked.or_else(|| group.asked.planned_distance_m.map(metres));
        let asked = asked.map_or("until the lap button".to_owned(), |asked| asked.alone());
        let goal = group.goal.as_ref();
        let goal = goal.map(|goal| format!(" at {}", band(goal, self.sport)));
        format!("{kind} {times}{asked}{}", goal.unwrap_or_default())
    }

    /// How many means lie inside the target, below it and above it, and by how much at most.
    fn sides(&self) -> Option<String> {
        let group = self.group;
        let Some(goal) = group.goal else {
            let reason = self
                .steps()
                .find_map(|step| step.planned.adherence_reason)?;
            let reason = reason.to_string().replace('_', " ");
            return Some(format!("target not measured ({reason})"));
        };
        let (below, above) = sides(goal.quantity);
        let side = |count: usize, name: &str, side: Ordering| {
            let number = match group.planned_steps {
                1 => String::new(),
                _ => format!("{count} "),
            };
            (count > 0).then(|| format!("{number}{name}{}", self.miss(side)))
        };
        let said = [
            side(group.on_target_steps, "on target", Ordering::Equal),
            side(group.under_steps, below, Ordering::Less),
            side(group.over_steps, above, Ordering::Greater),
        ];
        Some(said.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// The greatest miss to one side.
    fn miss(&self, side: Ordering) -> String {
        let missed = self.adherences().filter(|judged| judged.side() == side);
        let misses = missed.filter_map(|judged| Some(judged.miss_pct?.abs()));
        let at_most = match self.group.planned_steps {
            1 => "",
            _ => "at most ",
        };
        match misses.reduce(f64::max).filter(|_| side != Ordering::Equal) {
            Some(miss) => format!(" by {at_most}{}", per_cent(miss).alone()),
            None => String::new(),
        }
    }

    fn mean(&self) -> Option<String> {
        let goal = self.group.goal?;
        let (least, greatest) = ends(self.adherences().map(|judged| judged.mean))?;
        let span = span(goal.quantity, least, greatest, self.sport);
        Some(format!("mean {span}"))
    }

    /// How long the steps were, unless all were as long as planned.
    fn lengths(&self) -> Option<String> {
        let (least, greatest) = ends(self.steps().filter_map(|step| step.length.length_pct))?;
        let said = per_cent(least).to(&per_cent(greatest));
        (said != per_cent(100.0).alone()).then(|| format!("length {said}"))
    }

    /// How many were done, unless all were and something else was said of them.
    fn done(&self) -> Option<String> {
        let group = self.group;
        match (group.done_steps, group.planned_steps) {
            (done, planned) if done == planned && group.goal.is_some() => None,
            (0, 1) => Some("not done".to_owned()),
            (1, 1) => Some("done".to_owned()),
            (done, planned) => Some(format!("{done} of {planned} done")),
        }
    }

    fn steps(&self) -> impl Iterator<Item = &StepFigures> + Clone {
        let begun = self.group.steps.iter();
        begun.filter_map(|index| self.figures.steps.get(*index))
    }

    fn adherences(&self) -> impl Iterator<Item = Adherence> + Clone {
        self.steps().filter_map(|step| step.planned.adherence)
    }
}

fn heart_rate(figures: &ExecutionFigures, why: &Why<'_>) -> String {
    let note = &figures.heart_rate;
    let drift = why.of("execution.heart_rate.drift");
    let recovery = why.of("execution.heart_rate.recovery");
    if note.drift.is_none() && note.recovery.is_none() && drift == recovery {
        return format!("Heart rate not compared ({drift}).");
    }
    let drift = note
        .drift
        .map_or_else(|| format!("drift not measured ({drift})"), drifted);
    let recovery = note
        .recovery
        .map_or_else(|| format!("drop not measured ({recovery})"), recovered);
    format!("Heart rate: {drift}, {recovery}.")
}

fn drifted(drift: Drift) -> String {
    let windows = [drift.early, drift.late];
    let [early, late] = windows.map(|part| minutes(part.start_s).to(&minutes(part.end_s)));
    let bpm = signed(drift.bpm);
    match drift.basis {
        DriftBasis::LikeSteps => {
            format!("drift {bpm} bpm from the first to the last like work step")
        }
        DriftBasis::Steady => format!("drift {bpm} bpm from {early} to {late}"),
    }
}

fn recovered(recovery: Recovery) -> String {
    let drop = whole(recovery.drop_bpm);
    let recoveries = plural(recovery.recoveries, "recovery", "recoveries");
    format!("drop {drop} bpm over {recoveries}")
}

fn plural(count: usize, one: &str, several: &str) -> String {
    let name = if count == 1 { one } else { several };
    format!("{count} {name}")
}

fn ends(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    Some((values.clone().reduce(f64::min)?, values.reduce(f64::max)?))
}
