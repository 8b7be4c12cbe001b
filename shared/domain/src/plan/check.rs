//! What the types cannot say: sizes, depths, counts and bounds.

use super::{DEEPEST_REPEAT, LONGEST_EXERCISE, LONGEST_NAME, LONGEST_NOTE, MOST_STEPS, POOL_M};
use super::{Exercise, InvalidPlan, Load, Plan, Step, StepKind, StepOrRepeat};
use crate::local_date::is_of_our_time;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Longest id of a step, in bytes.
const LONGEST_ID: usize = 64;
/// The heaviest load in kilograms or pounds: no human lifts a ton and a half.
const HEAVIEST: f64 = 3000.0;
/// The most per cent of a one-repetition maximum, as partial lifts reach.
const MOST_PCT: f64 = 200.0;

pub(super) fn invalid(
    field: impl Into<String>,
    problem: impl Into<Cow<'static, str>>,
) -> InvalidPlan {
    InvalidPlan {
        field: field.into(),
        problem: problem.into(),
    }
}

/// Whether a text is of 1 to `most` characters without NUL.
fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains('\0')
}

pub(super) fn plan(plan: &mut Plan) -> Result<(), InvalidPlan> {
    if !is_of_our_time(plan.date) {
        return Err(invalid("/date", "must be a date from 1900 to 9999"));
    }
    if !is_text(&plan.name, LONGEST_NAME) {
        return Err(invalid("/name", "must be 1 to 200 characters without NUL"));
    }
    let sub_sport = plan.sub_sport.as_deref();
    if sub_sport.is_some_and(|word| word.len() > 64 || word.contains('\0')) {
        let problem = "must be at most 64 characters without NUL";
        return Err(invalid("/sub_sport", problem));
    }
    let pool = plan.pool_length_m;
    if pool.is_some_and(|metres| !(POOL_M.0..=POOL_M.1).contains(&metres.get())) {
        return Err(invalid("/pool_length_m", "must be 5 to 200 metres"));
    }
    let mut walk = Walk::default();
    walk.visit(&mut plan.steps, "/steps", 0, 1)
}

#[derive(Default)]
struct Walk {
    ids: BTreeSet<String>,
    written_out: usize,
}

impl Walk {
    fn visit(
        &mut self,
        steps: &mut [StepOrRepeat],
        path: &str,
        depth: usize,
        times: usize,
    ) -> Result<(), InvalidPlan> {
        for (index, step) in steps.iter_mut().enumerate() {
            let field = format!("{path}/{index}");
            match step {
                StepOrRepeat::Repeat(group) => {
                    if !(1..=100).contains(&group.repeat) {
                        return Err(invalid(field + "/repeat", "must be 1 to 100"));
                    }
                    if group.steps.is_empty() || depth == DEEPEST_REPEAT {
                        return Err(invalid(field, "must hold steps, at most 4 levels deep"));
                    }
                    let times = times.saturating_mul(usize::from(group.repeat));
                    let inside = format!("{field}/steps");
                    self.visit(&mut group.steps, &inside, depth + 1, times)?;
                }
                StepOrRepeat::Step(step) => {
                    self.written_out = self.written_out.saturating_add(times);
                    if self.written_out > MOST_STEPS {
                        return Err(invalid(field, "the plan has more than 1000 steps"));
                    }
                    self.step(step, &field)?;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &mut Step, field: &str) -> Result<(), InvalidPlan> {
        if step.id.len() > LONGEST_ID || step.id.contains('\0') {
            let problem = "must be at most 64 bytes without NUL";
            return Err(invalid(format!("{field}/id"), problem));
        }
        if !step.id.is_empty() && !self.ids.insert(step.id.clone()) {
            return Err(invalid(format!("{field}/id"), "is used twice"));
        }
        let at = |member: &str, (inside, problem): (&str, Cow<'static, str>)| {
            invalid(format!("{field}/{member}{inside}"), problem)
        };
        step.target
            .normalise()
            .map_err(|wrong| at("target", wrong))?;
        if let Some(second) = &mut step.secondary_target {
            second
                .normalise()
                .map_err(|wrong| at("secondary_target", wrong))?;
            if second.kind == step.target.kind || step.target.kind == super::TargetKind::Open {
                let problem = "must be of another kind than the target, which must not be open";
                return Err(invalid(format!("{field}/secondary_target"), problem));
            }
        }
        if let Some(exercise) = &step.exercise {
            if step.kind != StepKind::Strength {
                let problem = "only a step of kind strength has one";
                return Err(invalid(format!("{field}/exercise"), problem));
            }
            lift(exercise).map_err(|(member, problem)| {
                invalid(format!("{field}/exercise/{member}"), problem)
            })?;
        }
        let equipment = &step.equipment;
        let twice = |(at, one)| equipment.iter().take(at).any(|other| other == one);
        if equipment.iter().enumerate().any(twice) {
            return Err(invalid(format!("{field}/equipment"), "names one twice"));
        }
        if step
            .note
            .as_deref()
            .is_some_and(|note| !is_text(note, LONGEST_NOTE))
        {
            let problem = "must be 1 to 200 characters without NUL";
            return Err(invalid(format!("{field}/note"), problem));
        }
        Ok(())
    }
}

fn lift(exercise: &Exercise) -> Result<(), (&'static str, &'static str)> {
    if !is_text(&exercise.name, LONGEST_EXERCISE) {
        return Err(("name", "must be 1 to 100 characters without NUL"));
    }
    if !(1..=100).contains(&exercise.sets) {
        return Err(("sets", "must be 1 to 100"));
    }
    if exercise
        .reps
        .is_some_and(|reps| !(1..=1000).contains(&reps))
    {
        return Err(("reps", "must be 1 to 1000"));
    }
    if let Some(most) = exercise.reps_high
        && (most > 1000 || exercise.reps.is_none_or(|least| least >= most))
    {
        return Err(("reps_high", "must be above reps, and at most 1000"));
    }
    let within = |value: f64, least: f64, most: f64| (least..=most).contains(&value);
    let believable = match exercise.load {
        Some(Load::Kg(value) | Load::Lb(value)) => within(value, 0.0, HEAVIEST),
        Some(Load::PctOneRepMax(value)) => within(value, 0.0, MOST_PCT),
        Some(Load::Rpe(value)) => within(value, 0.0, 10.0),
        Some(Load::Bodyweight) | None => true,
    };
    if !believable {
        return Err((
            "load",
            "must be 0 to 3000 kg or lb, 0 to 200 %, RPE 0 to 10",
        ));
    }
    Ok(())
}
