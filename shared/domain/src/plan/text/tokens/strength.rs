//! Tokens of strength: `st_main_back_squat_5x5_@pct70_rest150`.

use super::{Amount, Parts, count, is_digits, step};
use crate::plan::{Exercise, Load, Step, StepDuration, StepKind, StepOrRepeat, Target};
use crate::units::Seconds;

pub(super) fn expand(parts: &Parts) -> Option<Vec<StepOrRepeat>> {
    let block = |kind, minutes| {
        let whole = step(kind, minutes, Target::default())?;
        Some(vec![StepOrRepeat::Step(whole)])
    };
    let minutes = || {
        let bare = |part: &str| is_digits(part).then(|| part.parse().ok()).flatten();
        let bare = parts
            .find(bare)
            .map(|minutes: f64| Amount::Seconds(minutes * 60.0));
        parts.amount().or(bare)
    };
    match parts.0.get(1)?.as_str() {
        "wu" => block(StepKind::Warmup, minutes()?),
        "cool" => block(StepKind::Cooldown, minutes()?),
        "main" if parts.first() == "strength" => block(StepKind::Strength, minutes()?),
        "main" | "acc" | "core" if parts.first() == "st" => {
            let exercise = exercise(parts)?;
            Some(vec![StepOrRepeat::Step(Step {
                exercise: Some(exercise),
                ..Step::new(StepKind::Strength, StepDuration::LapButton)
            })])
        }
        _ => None,
    }
}

fn exercise(parts: &Parts) -> Option<Exercise> {
    let words = parts.0.get(2..)?;
    let sets_of = |part: &str| {
        let (sets, reps) = part.split_once('x')?;
        let reps = if reps == "amrap" {
            None
        } else {
            Some(count(reps)?)
        };
        Some((count(sets)?, reps))
    };
    let at = words.iter().position(|part| sets_of(part).is_some())?;
    let name = words.get(..at).filter(|name| !name.is_empty())?.join(" ");
    let (sets, reps) = words.get(at).and_then(|part| sets_of(part))?;
    let load = parts.find(|part| part.strip_prefix("@pct")?.parse().ok());
    let rest_s = parts.find(|part| Seconds::parse(part.strip_prefix("rest")?.parse().ok()?).ok());
    Some(Exercise {
        name,
        sets,
        reps,
        reps_high: None,
        load: load.map(Load::PctOneRepMax),
        rest_s,
    })
}
