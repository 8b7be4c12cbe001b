//! From steps to text.

use super::amount::{print_distance, print_duration, print_quoted, print_time};
use super::parse::{KINDS, is_plain};
use super::target;
use crate::plan::{Exercise, Load, Step, StepKind, StepOrRepeat, ids};
use crate::units::Metres;

/// Writes steps so that [`super::parse`] reads the same: one line for each, repeats in brackets.
///
/// An id is written only where it is not the one that its place gives.
pub fn print(steps: &[StepOrRepeat], pool_length_m: Option<Metres>) -> String {
    let mut lines: Vec<String> = pool_length_m
        .map(|metres| format!("pool {}", print_distance(metres.get())))
        .into_iter()
        .collect();
    let mut place = 0;
    lines.extend(steps.iter().map(|step| item(step, &mut place)));
    lines.join("\n")
}

fn item(step: &StepOrRepeat, place: &mut usize) -> String {
    match step {
        StepOrRepeat::Step(step) => {
            let id = ids::of_place(*place);
            *place += 1;
            one(step, &id)
        }
        StepOrRepeat::Repeat(group) => {
            let inside: Vec<_> = group.steps.iter().map(|step| item(step, place)).collect();
            format!("{}x({})", group.repeat, inside.join(" / "))
        }
    }
}

fn one(step: &Step, id_of_place: &str) -> String {
    let mut parts = Vec::new();
    if step.kind != StepKind::Work {
        let word = KINDS.iter().find(|(_, kind)| *kind == step.kind);
        parts.extend(word.map(|(word, _)| (*word).to_owned()));
    }
    parts.push(print_duration(step.duration));
    parts.extend(step.exercise.as_ref().map(exercise));
    let targets = [Some(&step.target), step.secondary_target.as_ref()];
    let targets = targets.into_iter().flatten().filter_map(target::print);
    parts.extend(targets.map(|target| format!("@ {target}")));
    if !step.equipment.is_empty() {
        let words: Vec<_> = step.equipment.iter().map(|one| one.as_str()).collect();
        parts.push(format!("with {}", words.join("+")));
    }
    parts.extend(step.note.as_deref().map(print_quoted));
    if !step.id.is_empty() && step.id != id_of_place {
        let id = &step.id;
        let quoted = || print_quoted(id);
        let id = if id.chars().all(is_plain) {
            id.clone()
        } else {
            quoted()
        };
        parts.push(format!("#{id}"));
    }
    parts.join(" ")
}

fn exercise(exercise: &Exercise) -> String {
    let reps = match (exercise.reps, exercise.reps_high) {
        (Some(least), Some(most)) => format!("{least}-{most}"),
        (Some(reps), None) => reps.to_string(),
        (None, _) => "max".to_owned(),
    };
    let load = exercise.load.map(|load| match load {
        Load::Kg(value) => format!(" at {value}kg"),
        Load::Lb(value) => format!(" at {value}lb"),
        Load::PctOneRepMax(value) => format!(" at {value}% 1rm"),
        Load::Rpe(value) => format!(" at rpe {value}"),
        Load::Bodyweight => " at bodyweight".to_owned(),
    });
    let rest = exercise
        .rest_s
        .map(|rest| format!(" rest {}", print_time(rest.get())));
    format!(
        "do {} {}x{reps}{}{}",
        print_quoted(&exercise.name),
        exercise.sets,
        load.unwrap_or_default(),
        rest.unwrap_or_default(),
    )
}
