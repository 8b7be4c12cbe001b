//! Tokens of rides: shares of FTP.

use super::{Amount, Parts, repeated, share, step};
use crate::plan::{Step, StepKind, StepOrRepeat, Target, TargetKind};

/// Minutes of `bike_openers`, which says none.
const OPENERS_MIN: f64 = 8.0;

pub(super) fn expand(parts: &Parts) -> Option<Vec<StepOrRepeat>> {
    use StepKind::{Cooldown, Recovery, Warmup, Work};
    let ftp = |low, high| share(TargetKind::Power, "pct_ftp", low, high);
    let alone = |kind, target| {
        Some(vec![StepOrRepeat::Step(step(
            kind,
            parts.amount()?,
            target,
        )?)])
    };
    let sets = |target| {
        let (times, each) = parts.set()?;
        let mut steps = vec![StepOrRepeat::Step(step(Work, each, target)?)];
        if let Some(rest) = parts.rest() {
            steps.push(StepOrRepeat::Step(step(Recovery, rest, Target::default())?));
        }
        Some(repeated(times, steps))
    };
    match parts.first() {
        "warmup" if parts.has("fastpedal") => alone(Warmup, ftp(55.0, 70.0)),
        "warmup" => alone(Warmup, ftp(50.0, 65.0)),
        "cooldown" => alone(Cooldown, ftp(40.0, 55.0)),
        _ if parts.begins(&["bike", "ss"]) => sets(ftp(85.0, 95.0)),
        _ if parts.begins(&["bike", "thr"]) => sets(ftp(95.0, 105.0)),
        _ if parts.begins(&["bike", "vo2"]) => sets(ftp(110.0, 120.0)),
        _ if parts.begins(&["bike", "endurance"]) => alone(Work, ftp(65.0, 75.0)),
        _ if parts.begins(&["bike", "tempo"]) => alone(Work, ftp(80.0, 85.0)),
        _ if parts.begins(&["bike", "recovery"]) => alone(Recovery, ftp(40.0, 55.0)),
        _ if parts.begins(&["bike", "ftp", "test"]) => {
            let all_out = Step {
                note: Some("all out, evenly".to_owned()),
                ..step(Work, parts.amount()?, Target::default())?
            };
            Some(vec![StepOrRepeat::Step(all_out)])
        }
        _ if parts.begins(&["bike", "race", "prep"]) => {
            let (times, each) = parts.set()?;
            let pair = [Work, Recovery].map(|kind| step(kind, each, Target::default()));
            let pair: Option<Vec<_>> = pair.into_iter().collect();
            Some(repeated(
                times,
                pair?.into_iter().map(StepOrRepeat::Step).collect(),
            ))
        }
        _ if parts.begins(&["bike", "openers"]) => {
            let openers = Amount::Seconds(OPENERS_MIN * 60.0);
            Some(vec![StepOrRepeat::Step(step(
                Work,
                openers,
                Target::default(),
            )?)])
        }
        _ => None,
    }
}
