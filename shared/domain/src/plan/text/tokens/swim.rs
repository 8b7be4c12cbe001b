//! Tokens of swims: `swim_drill_catchup_4x50yd_r15_fins`.

use super::{Amount, Paces, Parts, around, share, step, with_rests};
use crate::plan::{Equipment, Step, StepKind, StepOrRepeat, Target, TargetKind};

/// How far from critical swim speed a set at threshold may be, in per cent.
const AT_CSS: (f64, f64) = (98.0, 102.0);

pub(super) fn expand(parts: &Parts, paces: &Paces) -> Option<Vec<StepOrRepeat>> {
    let what = parts.0.get(1)?.as_str();
    let kind = match what {
        "warmup" => StepKind::Warmup,
        "cooldown" => StepKind::Cooldown,
        "drill" | "drills" | "technique" => StepKind::Drill,
        "aerobic" | "threshold" | "pull" | "kick" => StepKind::Work,
        _ => return None,
    };
    let is_hard = what == "threshold" || parts.has("css");
    let target = match paces.swim {
        None if is_hard => share(TargetKind::Pace, "pct_css", AT_CSS.0, AT_CSS.1),
        // What is drilled, kicked or pulled has a pace of its own, which nothing says.
        _ if kind == StepKind::Drill || what == "kick" || what == "pull" => Target::default(),
        pace => around(pace, kind),
    };
    let (times, each) = parts.set().or_else(|| Some((1, parts.amount()?)))?;
    let words: Vec<&str> = parts.0.iter().skip(2).map(String::as_str).collect();
    let is_number = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let spoken = words
        .iter()
        .filter(|word| !is_number(word) && equipment(word).is_none());
    let mut note: Vec<&str> = spoken.copied().collect();
    if matches!(what, "kick" | "pull") {
        note.insert(0, what);
    }
    let work = Step {
        equipment: words.iter().filter_map(|word| equipment(word)).collect(),
        note: (!note.is_empty()).then(|| note.join(" ")),
        ..step(kind, each, target)?
    };
    let rest = match parts.rest() {
        Some(rest @ Amount::Seconds(1.0..)) => Some(step(StepKind::Rest, rest, Target::default())?),
        _ => None,
    };
    Some(with_rests(times, work, rest))
}

fn equipment(word: &str) -> Option<Equipment> {
    Some(match word {
        "fins" => Equipment::Fins,
        "paddles" => Equipment::Paddles,
        "buoy" => Equipment::PullBuoy,
        "board" => Equipment::Kickboard,
        "snorkel" => Equipment::Snorkel,
        _ => return None,
    })
}
