//! Tokens of runs.

use super::{Amount, Paces, Parts, around, share, slower, step, with_rests};
use crate::plan::{Step, StepKind, StepOrRepeat, Target, TargetKind};

/// Threshold is so many seconds a mile slower than 5 km pace, where it is not said.
const THRESHOLD_S: f64 = 20.0;
/// The quick parts of a fartlek likewise.
const FARTLEK_S: f64 = 12.0;
/// Seconds of rest of cruise intervals that do not say them, and of strides.
const RESTS_S: (f64, f64) = (60.0, 90.0);
/// How far from threshold a share of it may be, in per cent.
const AT_THRESHOLD: (f64, f64) = (98.0, 102.0);

pub(super) fn expand(parts: &Parts, paces: &Paces) -> Option<Vec<StepOrRepeat>> {
    use StepKind::{Cooldown, Recovery, Warmup, Work};
    let easy = |kind| around(paces.easy, kind);
    let alone = |kind, target| {
        Some(vec![StepOrRepeat::Step(step(
            kind,
            parts.amount()?,
            target,
        )?)])
    };
    let jog = |rest: Amount| step(Recovery, rest, easy(Recovery));
    match parts.first() {
        "warmup" => alone(Warmup, easy(Warmup)),
        "cooldown" => alone(Cooldown, easy(Cooldown)),
        "longrun" | "long" => long_run(parts, paces),
        "run" if parts.has("easy") => alone(Work, easy(Work)),
        "run" if parts.has("mp") => alone(Work, around(paces.marathon, Work)),
        "steady" => alone(Work, around(paces.steady, Work)),
        "tempo" => alone(Work, effort(parts, paces)),
        "fartlek" => {
            let (times, mean) = parts.find(fartlek)?;
            let quick = around(slower(paces.five_k, FARTLEK_S), Work);
            Some(with_rests(
                times,
                step(Work, mean, quick)?,
                Some(jog(mean)?),
            ))
        }
        "cruise" => {
            let (times, each) = parts.set()?;
            let rest = parts.rest().unwrap_or(Amount::Seconds(RESTS_S.0));
            let work = step(Work, each, effort(parts, paces))?;
            Some(with_rests(times, work, rest_of(rest, jog)?))
        }
        "interval" => {
            let (times, each) = parts.set()?;
            let pace = slower(paces.five_k, parts.offset_s().unwrap_or(0.0));
            let work = step(Work, each, around(pace, Work))?;
            let rest = match parts.rest() {
                Some(rest) => rest_of(rest, jog)?,
                None => None,
            };
            Some(with_rests(times, work, rest))
        }
        "strides" | "speed" => {
            let (times, each) = parts.set()?;
            let stride = Step {
                note: Some("fast and relaxed".to_owned()),
                ..step(Work, each, Target::default())?
            };
            let rest = parts.rest().unwrap_or(Amount::Seconds(RESTS_S.1));
            Some(with_rests(times, stride, rest_of(rest, jog)?))
        }
        _ => None,
    }
}

/// A rest, unless it is of no seconds; the outer `None` is one that cannot be.
fn rest_of(rest: Amount, jog: impl Fn(Amount) -> Option<Step>) -> Option<Option<Step>> {
    match rest {
        Amount::Seconds(seconds) if seconds <= 0.0 => Some(None),
        Amount::Seconds(_) | Amount::Distance(..) => jog(rest).map(Some),
    }
}

/// Threshold, or 5 km pace with what the token adds to it.
fn effort(parts: &Parts, paces: &Paces) -> Target {
    if parts.has("5kpace") {
        let pace = slower(paces.five_k, parts.offset_s().unwrap_or(0.0));
        return around(pace, StepKind::Work);
    }
    let known = paces.threshold.or(slower(paces.five_k, THRESHOLD_S));
    if known.is_some() {
        return around(known, StepKind::Work);
    }
    let (low, high) = AT_THRESHOLD;
    share(TargetKind::Pace, "pct_threshold_pace", low, high)
}

/// `12mi_easypace_last3mi_mp`: easy, and its end at another pace.
fn long_run(parts: &Parts, paces: &Paces) -> Option<Vec<StepOrRepeat>> {
    let all = parts.amount()?;
    let easy = around(paces.easy, StepKind::Work);
    let end = parts.find(|part| {
        let end = part.strip_prefix("last")?;
        // `last10steady` is of minutes or miles, as the run is.
        let bare = end.strip_suffix("steady").unwrap_or(end);
        let unit = if all.is_time() { "min" } else { "mi" };
        Amount::of(bare).or_else(|| Amount::of(&format!("{bare}{unit}")))
    });
    let Some(end) = end else {
        return Some(vec![StepOrRepeat::Step(step(StepKind::Work, all, easy)?)]);
    };
    let pace = if parts.has("mp") {
        paces.marathon
    } else {
        paces.steady
    };
    let pace = around(pace, StepKind::Work);
    Some(vec![
        StepOrRepeat::Step(step(StepKind::Work, all.less(end)?, easy)?),
        StepOrRepeat::Step(step(StepKind::Work, end, pace)?),
    ])
}

/// `6x30-60s`: so many times the mean of the two.
fn fartlek(part: &str) -> Option<(u16, Amount)> {
    let (times, each) = part.split_once('x')?;
    let (least, most) = each.strip_suffix('s')?.split_once('-')?;
    let mean = f64::from(super::count(least)?.checked_add(super::count(most)?)?) / 2.0;
    let times = super::count(times).filter(|times| (1..=100).contains(times))?;
    Some((times, Amount::Seconds(mean.round())))
}
