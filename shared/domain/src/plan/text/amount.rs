//! Durations, distances and paces as people write them.

use super::cursor::{Cursor, TextError};
use crate::plan::StepDuration;
use crate::units::{MILE_M, Metres, Seconds, YARD_M};

const HOUR_S: f64 = 3600.0;
const MINUTE_S: f64 = 60.0;

/// Units of distance by what they are written as, the longest first.
const DISTANCES: [(&str, f64); 10] = [
    ("meters", 1.0),
    ("metres", 1.0),
    ("miles", MILE_M),
    ("yards", YARD_M),
    ("mile", MILE_M),
    ("km", 1000.0),
    ("mi", MILE_M),
    ("yd", YARD_M),
    ("y", YARD_M),
    ("m", 1.0),
];
/// Units of time likewise.
const TIMES: [(&str, f64); 8] = [
    ("hours", HOUR_S),
    ("hour", HOUR_S),
    ("mins", MINUTE_S),
    ("min", MINUTE_S),
    ("sec", 1.0),
    ("hr", HOUR_S),
    ("h", HOUR_S),
    ("s", 1.0),
];

/// The unit that a whole word is.
fn unit(word: &str, units: &[(&str, f64)]) -> Option<f64> {
    let found = units
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, size)| *size)
}

/// `8min`, `1h30min`, `90s`, `8:00`, `400m`, `1.5mi`, or `lap`.
pub(crate) fn duration(cursor: &mut Cursor<'_>) -> Result<StepDuration, TextError> {
    if cursor.eat_word("lap") || cursor.eat_word("open") {
        return Ok(StepDuration::LapButton);
    }
    let start = cursor.clone();
    let wanted = "a duration such as 8min, 1h30min, 45s, 8:00, 400m, 5km, 1mi or lap";
    let first = cursor.number().map_err(|_| start.expected(wanted))?;
    if cursor.peek() == Some(':') {
        let seconds = clock(cursor, first)?;
        return time(&start, seconds);
    }
    if let Some(metres) = unit(cursor.word(), &DISTANCES) {
        cursor.take_while(char::is_alphabetic);
        let metres =
            Metres::parse(first * metres).map_err(|error| start.error(error.to_string()))?;
        return Ok(StepDuration::Distance(metres));
    }
    let (mut seconds, mut number, mut smallest) = (0.0, first, f64::INFINITY);
    loop {
        let size = unit(cursor.word(), &TIMES).filter(|size| *size < smallest);
        let Some(size) = size else {
            return Err(cursor.expected("a unit of time (h, min, s) or distance (m, km, mi, yd)"));
        };
        cursor.take_while(char::is_alphabetic);
        seconds += number * size;
        smallest = size;
        if !cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
            return time(&start, seconds);
        }
        number = cursor.number()?;
    }
}

fn time(start: &Cursor<'_>, seconds: f64) -> Result<StepDuration, TextError> {
    let seconds = Seconds::parse(seconds).map_err(|error| start.error(error.to_string()))?;
    Ok(StepDuration::Time(seconds))
}

/// What follows the first number of `8:00` or `1:30:00`, as seconds of all.
pub(crate) fn clock(cursor: &mut Cursor<'_>, first: f64) -> Result<f64, TextError> {
    let mut seconds = first;
    for _ in 0..2 {
        if !cursor.eat(":") {
            break;
        }
        let at = cursor.clone();
        let part = cursor.number()?;
        if part >= MINUTE_S {
            return Err(at.error("must be below 60"));
        }
        seconds = seconds * MINUTE_S + part;
    }
    Ok(seconds)
}

/// A duration that [`duration`] reads back as the same.
pub(crate) fn print_duration(duration: StepDuration) -> String {
    match duration {
        StepDuration::Time(seconds) => print_time(seconds.get()),
        StepDuration::Distance(metres) => print_distance(metres.get()),
        StepDuration::LapButton => "lap".to_owned(),
    }
}

pub(crate) fn print_time(seconds: f64) -> String {
    if seconds < MINUTE_S || seconds.fract() > 0.0 {
        return format!("{seconds}s");
    }
    let (hours, rest) = ((seconds / HOUR_S).floor(), seconds % HOUR_S);
    let (minutes, rest) = ((rest / MINUTE_S).floor(), rest % MINUTE_S);
    let parts = [(hours, "h"), (minutes, "min"), (rest, "s")].into_iter();
    let parts = parts.filter(|(number, _)| *number > 0.0);
    parts
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect()
}

pub(crate) fn print_distance(metres: f64) -> String {
    let same = |one: f64, other: f64| one.to_bits() == other.to_bits();
    if metres.fract() > 0.0 {
        // Quarters of a mile and whole yards are what people mean by such a number of metres.
        let miles = (metres / MILE_M * 100.0).round() / 100.0;
        if same(miles * MILE_M, metres) {
            return format!("{miles}mi");
        }
        let yards = (metres / YARD_M).round();
        if same(yards * YARD_M, metres) {
            return format!("{yards}yd");
        }
    } else if metres > 0.0 && same(metres % 1000.0, 0.0) {
        return format!("{}km", metres / 1000.0);
    }
    format!("{metres}m")
}

/// Seconds as `m:ss`, read back by [`clock`] as the same.
pub(crate) fn print_clock(seconds: f64) -> String {
    let minutes = (seconds / MINUTE_S).floor();
    let rest = seconds - minutes * MINUTE_S;
    let zero = if rest < 10.0 { "0" } else { "" };
    format!("{minutes}:{zero}{rest}")
}

/// A text in quotes that [`Cursor::quoted`] reads back.
pub(crate) fn print_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
