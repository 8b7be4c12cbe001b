//! Targets as people write them, and printed so that they are read back.

use super::amount::{clock, print_clock, print_quoted};
use super::cursor::{Cursor, TextError};
use crate::plan::{Ramp, Target, TargetKind, ZONE, metres_of, unit_of};
use crate::sport::Sport;

/// Units that follow a number, by what they are written as; what is printed comes first of each.
const SUFFIXES: [(&str, TargetKind, &str); 14] = [
    ("w", TargetKind::Power, "w"),
    ("watts", TargetKind::Power, "w"),
    ("bpm", TargetKind::Hr, "bpm"),
    ("rpm", TargetKind::Cadence, "rpm"),
    ("spm", TargetKind::Cadence, "spm"),
    ("strokes", TargetKind::Cadence, "strokes_per_min"),
    ("mps", TargetKind::Pace, "mps"),
    ("% ftp", TargetKind::Power, "pct_ftp"),
    ("% pace", TargetKind::Pace, "pct_threshold_pace"),
    ("% css", TargetKind::Pace, "pct_css"),
    ("% hrmax", TargetKind::Hr, "pct_hr_max"),
    ("% lthr", TargetKind::Hr, "pct_hr_threshold"),
    ("% hr", TargetKind::Hr, "pct_hr_max"),
    ("% threshold", TargetKind::Pace, "pct_threshold_pace"),
];
/// Units that follow a time, likewise.
const PACES: [(&str, &str); 8] = [
    ("/km", "s_per_km"),
    ("/mi", "s_per_mile"),
    ("/mile", "s_per_mile"),
    ("/100m", "s_per_100m"),
    ("/100yd", "s_per_100yd"),
    ("/100y", "s_per_100yd"),
    ("/500m", "s_per_500m"),
    ("/k", "s_per_km"),
];
/// Kinds by their words.
const KINDS: [(&str, TargetKind); 5] = [
    ("power", TargetKind::Power),
    ("pace", TargetKind::Pace),
    ("hr", TargetKind::Hr),
    ("cadence", TargetKind::Cadence),
    ("rpe", TargetKind::Rpe),
];

/// What follows an `@`.
pub(super) fn target(cursor: &mut Cursor<'_>, sport: Sport) -> Result<Target, TextError> {
    let start = cursor.clone();
    let is_ramp = cursor.eat_word("ramp");
    cursor.blanks();
    let named = KINDS.iter().find(|(word, _)| cursor.eat_word(word));
    cursor.blanks();
    let (is_least, is_most) = (cursor.eat(">"), cursor.eat("<"));
    let first = end(cursor)?;
    cursor.clone_from(&cursor.without_percent_before_hyphen());
    let second = if cursor.eat("-") {
        Some(end(cursor)?)
    } else {
        None
    };
    let is_time = first.is_time || second.is_some_and(|end| end.is_time);
    let is_zone = first.is_zone;
    let (kind, unit) = match named {
        Some((_, TargetKind::Rpe)) => (TargetKind::Rpe, "rpe".to_owned()),
        Some((_, kind)) => {
            cursor.blanks();
            (*kind, cursor.quoted()?)
        }
        None if is_zone => (zone_kind(cursor, sport), ZONE.to_owned()),
        None if is_time => (TargetKind::Pace, pace_unit(cursor)?.to_owned()),
        None => {
            let (kind, unit) = suffix(cursor, sport)?;
            (kind, unit.to_owned())
        }
    };
    let (mut low, mut high) = (first.value, second.map_or(first.value, |end| end.value));
    if (is_least || is_most) && (second.is_some() || is_ramp) {
        return Err(start.error("> and < stand before one value alone"));
    }
    let ramp = is_ramp.then_some(if low > high { Ramp::Down } else { Ramp::Up });
    if low > high {
        (low, high) = (high, low);
    }
    Ok(Target {
        kind,
        low: (!is_most).then_some(low),
        high: (!is_least).then_some(high),
        unit: Some(unit),
        ramp,
    })
}

#[derive(Debug, Clone, Copy)]
struct End {
    value: f64,
    is_time: bool,
    is_zone: bool,
}

/// `200`, `4:30` or `z2`.
fn end(cursor: &mut Cursor<'_>) -> Result<End, TextError> {
    let start = cursor.clone();
    let is_zone = cursor.eat("z");
    let wanted = "a target such as 200-220w, 95-105%, 140bpm, 4:30/km, rpe 6, 90rpm or z2";
    let value = cursor.number().map_err(|_| start.expected(wanted))?;
    let is_time = cursor.peek() == Some(':');
    let value = if is_time {
        clock(cursor, value)?
    } else {
        value
    };
    Ok(End {
        value,
        is_time,
        is_zone,
    })
}

impl Cursor<'_> {
    /// This, or what follows the per cent sign of `95%-105%`.
    fn without_percent_before_hyphen(&self) -> Self {
        let mut ahead = self.clone();
        if ahead.eat("%") && ahead.peek() == Some('-') {
            ahead
        } else {
            self.clone()
        }
    }
}

pub(crate) fn pace_unit(cursor: &mut Cursor<'_>) -> Result<&'static str, TextError> {
    let found = PACES.iter().find(|(written, _)| {
        let mut ahead = cursor.clone();
        let is_next = ahead.eat(written) && !ahead.peek().is_some_and(char::is_alphanumeric);
        if is_next {
            *cursor = ahead;
        }
        is_next
    });
    let wanted = "/km, /mi, /100m, /100yd or /500m right after the time";
    found
        .map(|(_, unit)| *unit)
        .ok_or_else(|| cursor.expected(wanted))
}

fn zone_kind(cursor: &mut Cursor<'_>, sport: Sport) -> TargetKind {
    let mut ahead = cursor.clone();
    ahead.blanks();
    let zoned =
        |kind: &TargetKind| matches!(kind, TargetKind::Power | TargetKind::Pace | TargetKind::Hr);
    let named = KINDS.iter().filter(|(_, kind)| zoned(kind));
    for (word, kind) in named {
        if ahead.eat_word(word) {
            *cursor = ahead;
            return *kind;
        }
    }
    if sport == Sport::Ride {
        TargetKind::Power
    } else {
        TargetKind::Hr
    }
}

fn suffix(cursor: &mut Cursor<'_>, sport: Sport) -> Result<(TargetKind, &'static str), TextError> {
    let is_share = cursor.eat("%");
    let mut ahead = cursor.clone();
    ahead.blanks();
    let word = ahead.word();
    for (written, kind, unit) in SUFFIXES {
        let name = written.strip_prefix("% ");
        if name.is_some() == is_share && word.eq_ignore_ascii_case(name.unwrap_or(written)) {
            ahead.eat(word);
            *cursor = ahead;
            return Ok((kind, unit));
        }
    }
    if is_share {
        return Ok(share(sport));
    }
    Err(ahead.expected("a unit: w, %, bpm, rpm, spm, strokes, mps or a pace such as 4:30/km"))
}

/// What a bare per cent is of: the threshold that a sport is planned by.
pub(crate) fn share(sport: Sport) -> (TargetKind, &'static str) {
    match sport {
        Sport::Swim => (TargetKind::Pace, "pct_css"),
        Sport::Run | Sport::Walk | Sport::Hike => (TargetKind::Pace, "pct_threshold_pace"),
        Sport::Ride
        | Sport::Row
        | Sport::Ski
        | Sport::Strength
        | Sport::Mobility
        | Sport::Multisport
        | Sport::Other => (TargetKind::Power, "pct_ftp"),
    }
}

/// What follows the `@`; `None` of an open target.
pub(super) fn print(target: &Target) -> Option<String> {
    if target.kind == TargetKind::Open || (target.low.is_none() && target.high.is_none()) {
        return None;
    }
    let unit = unit_of(target);
    let is_time = unit.is_some_and(|unit| metres_of(unit).is_some());
    let end = |value: f64| {
        if is_time {
            print_clock(value)
        } else if unit == Some(ZONE) {
            format!("z{value}")
        } else {
            value.to_string()
        }
    };
    let ends = match (target.low, target.high, target.ramp) {
        (Some(low), Some(high), Some(Ramp::Down)) => format!("{}-{}", end(high), end(low)),
        (Some(low), Some(high), ramp) if low < high || ramp.is_some() => {
            format!("{}-{}", end(low), end(high))
        }
        (Some(low), Some(_), _) => end(low),
        (Some(low), None, _) => format!(">{}", end(low)),
        (None, Some(high), _) => format!("<{}", end(high)),
        (None, None, _) => return None,
    };
    let ramp = if target.ramp.is_some() { "ramp " } else { "" };
    let kind = KINDS.iter().find(|(_, kind)| *kind == target.kind);
    let kind = kind.map_or("", |(word, _)| *word);
    let pace = PACES.iter().find(|(_, of)| Some(*of) == unit);
    let suffix = SUFFIXES.iter().find(|(_, _, of)| Some(*of) == unit);
    Some(match (unit, pace, suffix) {
        (Some("rpe"), _, _) => format!("{ramp}rpe {ends}"),
        (Some(ZONE), _, _) => format!("{ramp}{ends} {kind}"),
        (_, Some((written, _)), _) => format!("{ramp}{ends}{written}"),
        (_, _, Some((written, _, _))) => format!("{ramp}{ends}{written}"),
        // Only what was stored before units were checked.
        _ => {
            let unit = target.unit.as_deref().unwrap_or_default();
            format!("{ramp}{kind} {ends} {}", print_quoted(unit))
        }
    })
}
