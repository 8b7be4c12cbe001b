//! The predecessor's tokens, such as `interval_6x800m_5kpace_R2min`.
//!
//! A token says a pace by name. What the text does not say of a named pace is not known, and leaves
//! the step open; nothing is guessed.

mod ride;
mod run;
mod strength;
mod swim;

use super::cursor::Cursor;
use super::parse::whole;
use crate::plan::{
    Repeat, Step, StepDuration, StepKind, StepOrRepeat, Target, TargetKind, metres_of,
};
use crate::sport::Sport;
use crate::units::{MILE_M, Metres, Seconds, YARD_M};

/// How far from a named pace a work step may be, as a share; and any other step.
const WIDTHS: (f64, f64) = (0.02, 0.06);

/// Paces by their names: seconds, and the unit that they count for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paces {
    five_k: Option<(f64, &'static str)>,
    easy: Option<(f64, &'static str)>,
    marathon: Option<(f64, &'static str)>,
    steady: Option<(f64, &'static str)>,
    threshold: Option<(f64, &'static str)>,
    swim: Option<(f64, &'static str)>,
}

impl Paces {
    /// Where the pace of this name is kept.
    pub(super) fn slot(&mut self, name: &str) -> Option<&mut Option<(f64, &'static str)>> {
        Some(match name.to_ascii_lowercase().as_str() {
            "5k" => &mut self.five_k,
            "easy" => &mut self.easy,
            "marathon" => &mut self.marathon,
            "steady" => &mut self.steady,
            "threshold" => &mut self.threshold,
            "swim" => &mut self.swim,
            _ => return None,
        })
    }
}

/// The steps that a token stands for.
pub(super) fn expand(
    token: &str,
    sport: Sport,
    paces: &Paces,
) -> Result<Vec<StepOrRepeat>, String> {
    let lower = token.to_ascii_lowercase();
    let parts = &Parts::of(&lower);
    let is_ride = parts.has("bike") || (sport == Sport::Ride && !parts.has("run"));
    let steps = match parts.first() {
        "swim" => swim::expand(parts, paces),
        "st" | "strength" => strength::expand(parts),
        "bike" => ride::expand(parts),
        "warmup" | "cooldown" if is_ride => ride::expand(parts),
        _ => run::expand(parts, paces),
    };
    steps.ok_or_else(|| format!("{token:?} is no token that is known; docs/plans.md lists them"))
}

/// What lies between the underscores of a token, in lower case.
struct Parts(Vec<String>);

impl Parts {
    fn of(token: &str) -> Self {
        let mut parts: Vec<String> = Vec::new();
        for part in token.split('_') {
            // A point inside a distance was written as an underscore: `4x1_5mi`.
            let after_set = parts.last().is_some_and(|last| {
                let (times, each) = last.split_once('x').unwrap_or_default();
                is_digits(times) && is_digits(each)
            });
            match parts.last_mut() {
                Some(last) if after_set && Amount::of(part).is_some() => {
                    last.push('.');
                    last.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
        Self(parts)
    }

    fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|part| part == word)
    }

    fn begins(&self, words: &[&str]) -> bool {
        words.len() <= self.0.len() && words.iter().zip(&self.0).all(|(word, part)| word == part)
    }

    fn find<T>(&self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.0.iter().skip(1).find_map(|part| read(part))
    }

    fn amount(&self) -> Option<Amount> {
        self.find(Amount::of)
    }

    /// `6x800m`
    fn set(&self) -> Option<(u16, Amount)> {
        self.find(|part| {
            let (times, each) = part.split_once('x')?;
            let times = times
                .parse()
                .ok()
                .filter(|times| (1..=100).contains(times))?;
            Some((times, Amount::of(each)?))
        })
    }

    /// `r90s`, `r2min`, or `r120` of seconds.
    fn rest(&self) -> Option<Amount> {
        self.find(|part| {
            let rest = part.strip_prefix('r')?;
            let seconds = || Some(Amount::Seconds(rest.parse().ok()?));
            Amount::of(rest).or_else(seconds).filter(Amount::is_time)
        })
    }

    /// `plus0:45`
    fn offset_s(&self) -> Option<f64> {
        self.find(|part| {
            let mut cursor = Cursor::new(part.strip_prefix("plus")?);
            let first = cursor.number().ok()?;
            let seconds = super::amount::clock(&mut cursor, first).ok()?;
            cursor.is_at_end().then_some(seconds)
        })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// `12min`, `20s`, `1.5mi`, `800m`, `2km`, `200yd`
#[derive(Debug, Clone, Copy)]
enum Amount {
    Seconds(f64),
    /// So many of a unit of so many metres, so that miles less miles are miles.
    Distance(f64, f64),
}

impl Amount {
    fn of(text: &str) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let number = cursor.number().ok()?;
        Some(match cursor.rest() {
            "s" => Self::Seconds(number),
            "min" => Self::Seconds(number * 60.0),
            "m" => Self::Distance(number, 1.0),
            "km" => Self::Distance(number, 1000.0),
            "mi" => Self::Distance(number, MILE_M),
            "yd" => Self::Distance(number, YARD_M),
            _ => return None,
        })
    }

    fn is_time(&self) -> bool {
        matches!(self, Self::Seconds(_))
    }

    fn duration(self) -> Option<StepDuration> {
        Some(match self {
            Self::Seconds(seconds) => StepDuration::Time(Seconds::parse(seconds).ok()?),
            Self::Distance(number, unit_m) => {
                StepDuration::Distance(Metres::parse(number * unit_m).ok()?)
            }
        })
    }

    /// What is left of this after so much at its end; `None` of nothing.
    fn less(self, end: Self) -> Option<Self> {
        match (self, end) {
            (Self::Seconds(all), Self::Seconds(end)) if end < all => Some(Self::Seconds(all - end)),
            (Self::Distance(all, unit), Self::Distance(end, of)) if end * of < all * unit => {
                Some(Self::Distance(all - end * of / unit, unit))
            }
            _ => None,
        }
    }
}

fn step(kind: StepKind, amount: Amount, target: Target) -> Option<Step> {
    Some(Step {
        target,
        ..Step::new(kind, amount.duration()?)
    })
}

/// So many times work with rest between, and none after the last.
fn with_rests(times: u16, work: Step, rest: Option<Step>) -> Vec<StepOrRepeat> {
    let last = StepOrRepeat::Step(work.clone());
    let Some(rest) = rest else {
        return repeated(times, vec![last]);
    };
    let pair = vec![StepOrRepeat::Step(work), StepOrRepeat::Step(rest)];
    let mut steps = match times {
        0 | 1 => Vec::new(),
        2 => pair,
        _ => repeated(times - 1, pair),
    };
    steps.push(last);
    steps
}

fn repeated(repeat: u16, steps: Vec<StepOrRepeat>) -> Vec<StepOrRepeat> {
    if repeat == 1 {
        return steps;
    }
    vec![StepOrRepeat::Repeat(Repeat { repeat, steps })]
}

/// A named pace as the band of a kind of step, in whole seconds; open where it is not known.
fn around(pace: Option<(f64, &'static str)>, kind: StepKind) -> Target {
    let Some((seconds, unit)) = pace else {
        return Target::default();
    };
    let width = if kind == StepKind::Work {
        WIDTHS.0
    } else {
        WIDTHS.1
    };
    Target {
        kind: TargetKind::Pace,
        low: Some((seconds * (1.0 - width)).round()),
        high: Some((seconds * (1.0 + width)).round()),
        unit: Some(unit.to_owned()),
        ramp: None,
    }
}

/// A pace so many seconds a mile slower.
fn slower(pace: Option<(f64, &'static str)>, seconds_per_mile: f64) -> Option<(f64, &'static str)> {
    let (seconds, unit) = pace?;
    Some((seconds + seconds_per_mile * metres_of(unit)? / MILE_M, unit))
}

fn share(kind: TargetKind, unit: &str, low: f64, high: f64) -> Target {
    Target {
        kind,
        low: Some(low),
        high: Some(high),
        unit: Some(unit.to_owned()),
        ramp: None,
    }
}

fn count(number: &str) -> Option<u16> {
    whole(Cursor::new(number).number().ok()?).filter(|_| is_digits(number))
}
