//! The text of Intervals.icu's workout builder, read.
//!
//! Source: its Workout Builder Syntax Quick Guide (forum.intervals.icu). What that has and we do
//! not (power curve targets, custom zones, prompts at a time, paces without a unit) is refused by
//! its line. `docs/plans.md` lists what is read.

use super::text::{Cursor, LONGEST_TEXT, TextError, pace_unit, share};
use super::{
    LONGEST_NOTE, MOST_STEPS, Ramp, Repeat, Step, StepDuration, StepKind, StepOrRepeat, Target,
    TargetKind, ZONE,
};
use crate::sport::Sport;
use crate::units::{MILE_M, Metres, Seconds, YARD_M};

/// Units of distance by what they are written as, the longest first; a bare `m` is minutes.
const DISTANCES: [(&str, f64); 9] = [
    ("meters", 1.0),
    ("yards", YARD_M),
    ("mtrs", 1.0),
    ("mtr", 1.0),
    ("yrd", YARD_M),
    ("km", 1000.0),
    ("mi", MILE_M),
    ("yd", YARD_M),
    ("y", YARD_M),
];
/// Units of time likewise.
const TIMES: [(&str, f64); 5] = [
    ("h", 3600.0),
    ("m", 60.0),
    ("s", 1.0),
    ("'", 60.0),
    ("\"", 1.0),
];
/// Kinds by the words of headings, cues and `intensity=`.
const KINDS: [(&str, StepKind); 12] = [
    ("warmup", StepKind::Warmup),
    ("warm-up", StepKind::Warmup),
    ("cooldown", StepKind::Cooldown),
    ("cool-down", StepKind::Cooldown),
    ("recovery", StepKind::Recovery),
    ("recover", StepKind::Recovery),
    ("easy", StepKind::Recovery),
    ("rest", StepKind::Rest),
    ("active", StepKind::Work),
    ("interval", StepKind::Work),
    ("auto", StepKind::Work),
    ("other", StepKind::Work),
];

/// Reads steps; the sport says what a per cent of pace is of.
///
/// # Errors
/// [`TextError`] says which line cannot be read, and what was expected there.
pub fn parse(text: &str, sport: Sport) -> Result<Vec<StepOrRepeat>, TextError> {
    let mut cursor = Cursor::new(text);
    if text.len() > LONGEST_TEXT {
        return Err(cursor.error("the text is longer than 2 MiB"));
    }
    let mut reader = Reader {
        sport,
        steps: Vec::new(),
        block: None,
        kind: StepKind::Work,
        heading: None,
        count: 0,
    };
    while !cursor.is_at_end() {
        cursor.blanks();
        if cursor.eat("-") {
            reader.step(&mut cursor)?;
        } else {
            reader.heading(&mut cursor)?;
        }
        cursor.take_while(|c| c != '\n');
        cursor.next();
    }
    if let Some((_, began)) = reader
        .block
        .as_ref()
        .filter(|(block, _)| block.steps.is_empty())
    {
        return Err(began.error("a repeat needs steps below it"));
    }
    reader.close_block();
    Ok(reader.steps)
}

struct Reader<'t> {
    sport: Sport,
    steps: Vec<StepOrRepeat>,
    /// The block of a `3x` whose steps follow, with where it began.
    block: Option<(Repeat, Cursor<'t>)>,
    kind: StepKind,
    heading: Option<String>,
    count: usize,
}

impl<'t> Reader<'t> {
    /// A line without a hyphen: nothing, a heading, or the start of a repeat.
    fn heading(&mut self, cursor: &mut Cursor<'t>) -> Result<(), TextError> {
        let start = cursor.clone();
        if duration(&mut cursor.clone()).is_ok_and(|read| read.is_some()) {
            return Err(start.error("a step begins with a hyphen: - 10m 65%"));
        }
        let line = cursor.take_while(|c| c != '\n').trim();
        let empty = self.block.as_ref();
        let empty = empty.filter(|(block, _)| block.steps.is_empty() && !line.is_empty());
        if let Some((_, began)) = empty {
            return Err(began.error("a repeat needs steps below it"));
        }
        // A blank line ends a block, but not the one that begins right above it.
        if !line.is_empty()
            || self
                .block
                .as_ref()
                .is_some_and(|(block, _)| !block.steps.is_empty())
        {
            self.close_block();
        }
        if line.is_empty() {
            return Ok(());
        }
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let is_times = |word: &&str| times(word).is_some();
        let at = words.iter().position(is_times);
        if let Some(at) = at {
            let times = times(words.remove(at)).filter(|times| (1..=100).contains(times));
            let repeat = times.ok_or_else(|| start.error("a repeat is of 1 to 100 times"))?;
            let steps = Vec::new();
            self.block = Some((Repeat { repeat, steps }, start));
        }
        let kind = words.iter().find_map(|word| kind(word));
        self.kind = kind.unwrap_or(StepKind::Work);
        let cue = words.join(" ");
        self.heading = (!cue.is_empty() && kind.is_none()).then(|| shorten(&cue));
        Ok(())
    }

    fn close_block(&mut self) {
        if let Some((block, _)) = self.block.take()
            && !block.steps.is_empty()
        {
            self.steps.push(StepOrRepeat::Repeat(block));
        }
    }

    /// A line after its hyphen: a cue, a duration or distance, targets.
    fn step(&mut self, cursor: &mut Cursor<'t>) -> Result<(), TextError> {
        let start = cursor.clone();
        let mut line = Line::default();
        loop {
            cursor.blanks();
            if matches!(cursor.peek(), None | Some('\n')) {
                break;
            }
            line.word(cursor, self.sport)?;
        }
        let duration = if line.is_lap {
            Some(StepDuration::LapButton)
        } else {
            line.duration
        };
        let wanted = "a duration such as 10m, 1h30m, 30s, 500mtr, 2km or 1mi";
        let duration = duration.ok_or_else(|| start.expected(wanted))?;
        let said = line.cue.iter().find_map(|word| kind(word));
        let mut step = Step::new(line.kind.or(said).unwrap_or(self.kind), duration);
        let cue = line.cue.join(" ");
        step.note = match shorten(&cue) {
            cue if cue.is_empty() => self.heading.take(),
            cue => Some(cue),
        };
        self.heading = None;
        step.target = line.target.unwrap_or_default();
        step.secondary_target = line.cadence;
        if step.target.kind == TargetKind::Open {
            step.target = step.secondary_target.take().unwrap_or_default();
        }
        self.count += 1;
        if self.count > MOST_STEPS {
            return Err(start.error("a plan has at most 1000 steps"));
        }
        let step = StepOrRepeat::Step(step);
        match &mut self.block {
            Some((block, _)) => block.steps.push(step),
            None => self.steps.push(step),
        }
        Ok(())
    }
}

/// What the words of a line said so far.
#[derive(Default)]
struct Line<'t> {
    cue: Vec<&'t str>,
    is_lap: bool,
    duration: Option<StepDuration>,
    target: Option<Target>,
    cadence: Option<Target>,
    kind: Option<StepKind>,
    is_free: bool,
}

impl<'t> Line<'t> {
    fn word(&mut self, cursor: &mut Cursor<'t>, sport: Sport) -> Result<(), TextError> {
        let start = cursor.clone();
        if let Some(duration) = duration(cursor)? {
            if self.duration.replace(duration).is_some() {
                return Err(start.error("a step has one duration or distance"));
            }
            return Ok(());
        }
        if let Some(target) = target(cursor, sport)? {
            let is_cadence = target.kind == TargetKind::Cadence;
            let slot = if is_cadence {
                &mut self.cadence
            } else {
                &mut self.target
            };
            if slot.replace(target).is_some() || (self.is_free && !is_cadence) {
                return Err(start.error("a step has one target, and a cadence beside it"));
            }
            return Ok(());
        }
        let word = cursor.take_while(|c| !c.is_whitespace());
        let lower = word.to_ascii_lowercase();
        if lower == "lap"
            && self
                .cue
                .last()
                .is_some_and(|w| w.eq_ignore_ascii_case("press"))
        {
            self.cue.pop();
            self.is_lap = true;
        } else if let Some(said) = lower.strip_prefix("intensity=") {
            let known = "one of warmup, cooldown, recovery, rest, active, interval, auto, other";
            let found = kind(said).ok_or_else(|| start.error(format!("intensity is {known}")))?;
            self.kind = Some(found);
        } else if matches!(lower.as_str(), "freeride" | "free") {
            self.is_free = true;
        } else if lower == "maxeffort" {
            self.is_free = true;
            self.cue.push(word);
        } else if word.contains('^') || word.contains('<') {
            return Err(start.error("prompts at a time are not read"));
        } else if self.duration.is_none() && self.target.is_none() {
            self.cue.push(word);
        } else {
            let wanted = "a target such as 75%, 95-105%, 220w, Z2, 70% HR, 95% LTHR, 90% Pace, \
                          5:00/km Pace or 90rpm";
            return Err(start.expected(wanted));
        }
        Ok(())
    }
}

/// A cue of at most [`LONGEST_NOTE`] characters.
fn shorten(cue: &str) -> String {
    let cue: String = cue
        .chars()
        .filter(|c| *c != '\0')
        .take(LONGEST_NOTE)
        .collect();
    cue.trim().to_owned()
}

fn kind(word: &str) -> Option<StepKind> {
    let word = word.trim_end_matches([':', ',', '.', '!']);
    let found = KINDS
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, kind)| *kind)
}

/// `3x`
fn times(word: &str) -> Option<u16> {
    let digits = word.strip_suffix(['x', 'X'])?;
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u16::MAX))
}

/// Whether a word ends here.
fn is_whole(cursor: &Cursor<'_>) -> bool {
    cursor.peek().is_none_or(char::is_whitespace)
}

/// `10m`, `1h2m30s`, `5m30`, `1'30"`, `500mtr`, `2km`; `None`, and nothing read, of anything else.
fn duration(cursor: &mut Cursor<'_>) -> Result<Option<StepDuration>, TextError> {
    let start = cursor.clone();
    let mut ahead = cursor.clone();
    let Ok(first) = ahead.number() else {
        return Ok(None);
    };
    for (unit, metres) in DISTANCES {
        let mut after = ahead.clone();
        if after.eat(unit) && is_whole(&after) {
            let metres = Metres::parse(first * metres);
            let metres = metres.map_err(|error| start.error(error.to_string()))?;
            *cursor = after;
            return Ok(Some(StepDuration::Distance(metres)));
        }
    }
    let (mut seconds, mut number, mut smallest) = (0.0, first, f64::INFINITY);
    loop {
        let unit = TIMES
            .iter()
            .find(|(unit, size)| *size < smallest && ahead.eat(unit));
        match unit {
            Some((_, size)) => {
                seconds += number * size;
                smallest = *size;
            }
            // `5m30`: what follows minutes without a unit is seconds.
            None if smallest > 1.0 && smallest < 3600.0 => {
                seconds += number;
                smallest = 1.0;
            }
            None => return Ok(None),
        }
        if is_whole(&ahead) {
            let seconds = Seconds::parse(seconds);
            let seconds = seconds.map_err(|error| start.error(error.to_string()))?;
            *cursor = ahead;
            return Ok(Some(StepDuration::Time(seconds)));
        }
        let Ok(next) = ahead.number() else {
            return Ok(None);
        };
        number = next;
    }
}

/// One end of a target.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Number(f64),
    Share(f64),
    Watts(f64),
    Zone(f64),
    Pace(f64, Option<&'static str>),
}

impl End {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut ahead = cursor.clone();
        let is_zone = ahead.eat("z");
        let number = ahead.number().ok()?;
        let end = if is_zone {
            Self::Zone(number)
        } else if ahead.peek() == Some(':') {
            let mut after = ahead.clone();
            after.next();
            let seconds = number * 60.0 + after.number().ok()?;
            let unit = pace_unit(&mut after).ok();
            ahead = after;
            Self::Pace(seconds, unit)
        } else if ahead.eat("%") {
            Self::Share(number)
        } else if ahead.eat_word("w") {
            Self::Watts(number)
        } else {
            Self::Number(number)
        };
        *cursor = ahead;
        Some(end)
    }

    fn value(self) -> f64 {
        match self {
            Self::Number(value)
            | Self::Share(value)
            | Self::Watts(value)
            | Self::Zone(value)
            | Self::Pace(value, _) => value,
        }
    }
}

/// A target, after its `ramp` where it is one; `None`, and nothing read, of anything else.
fn target(cursor: &mut Cursor<'_>, sport: Sport) -> Result<Option<Target>, TextError> {
    let start = cursor.clone();
    let mut ahead = cursor.clone();
    let is_ramp = ahead.eat_word("ramp");
    ahead.blanks();
    if ahead
        .rest()
        .get(..2)
        .is_some_and(|next| next.eq_ignore_ascii_case("cz"))
    {
        return Err(start.error("custom zones are not known here"));
    }
    let Some(first) = End::read(&mut ahead) else {
        return Ok(None);
    };
    let second = if ahead.eat("-") {
        End::read(&mut ahead)
    } else {
        None
    };
    let last = second.unwrap_or(first);
    let (kind, unit) = match (first, last) {
        (End::Pace(_, first), End::Pace(_, last)) => {
            if first.is_some() && last.is_some() && first != last {
                return Err(start.error("both ends of a pace are of one unit"));
            }
            let wanted = "a pace needs its unit: /km, /mi, /100m, /100y or /500m";
            let unit = last.or(first).ok_or_else(|| start.error(wanted))?;
            eat_name(&mut ahead, "pace");
            (TargetKind::Pace, unit)
        }
        (End::Number(_) | End::Watts(_), End::Watts(_)) => (TargetKind::Power, "w"),
        (End::Zone(_), End::Zone(_) | End::Number(_)) => {
            let kind = if eat_name(&mut ahead, "hr") {
                TargetKind::Hr
            } else if eat_name(&mut ahead, "pace") {
                TargetKind::Pace
            } else {
                TargetKind::Power
            };
            (kind, ZONE)
        }
        (End::Number(_) | End::Share(_), End::Share(_)) => {
            if eat_name(&mut ahead, "lthr") {
                (TargetKind::Hr, "pct_hr_threshold")
            } else if eat_name(&mut ahead, "hr") {
                (TargetKind::Hr, "pct_hr_max")
            } else if eat_name(&mut ahead, "pace") {
                if sport == Sport::Swim {
                    share(sport)
                } else {
                    (TargetKind::Pace, "pct_threshold_pace")
                }
            } else if eat_name(&mut ahead, "mmp") {
                return Err(start.error("targets by the power curve (MMP) are not known here"));
            } else {
                eat_name(&mut ahead, "ftp");
                (TargetKind::Power, "pct_ftp")
            }
        }
        (End::Number(_), End::Number(_)) if ahead.eat_word("rpm") => (TargetKind::Cadence, "rpm"),
        (End::Number(_), End::Number(_)) if ahead.eat_word("bpm") => (TargetKind::Hr, "bpm"),
        _ => return Ok(None),
    };
    if !is_whole(&ahead) {
        return Ok(None);
    }
    *cursor = ahead;
    let (from, to) = (first.value(), last.value());
    let ramp = if from > to { Ramp::Down } else { Ramp::Up };
    Ok(Some(Target {
        kind,
        low: Some(from.min(to)),
        high: Some(from.max(to)),
        unit: Some(unit.to_owned()),
        // One value cannot be gone between.
        ramp: (is_ramp && second.is_some()).then_some(ramp),
    }))
}

/// A word after blanks; nothing is read unless it comes next.
fn eat_name(cursor: &mut Cursor<'_>, name: &str) -> bool {
    let mut ahead = cursor.clone();
    ahead.blanks();
    let is_next = ahead.eat_word(name);
    if is_next {
        *cursor = ahead;
    }
    is_next
}

#[cfg(test)]
mod tests {
    use super::super::text::print;
    use super::*;

    fn read(text: &str) -> String {
        print(&parse(text, Sport::Ride).unwrap(), None)
    }

    fn refusal(text: &str) -> String {
        parse(text, Sport::Run).unwrap_err().to_string()
    }

    #[test]
    fn a_workout_of_the_guide_is_read() {
        let text = "Warmup\n- 10m ramp 50%-75% 90rpm\n\nMain Set 6x\n- 4m 100%\n- Recovery 5m 50%\n\n\
                    5x\n- 30s 120% 100-110rpm\n- 30s Z1\n\nCooldown\n- 10m 50%\n";
        assert_eq!(
            read(text),
            "warmup 10min @ ramp 50-75% ftp @ 90rpm\n\
             6x(4min @ 100% ftp \"Main Set\" / recovery 5min @ 50% ftp \"Recovery\")\n\
             5x(30s @ 120% ftp @ 100-110rpm / 30s @ z1 power)\n\
             cooldown 10min @ 50% ftp"
        );
    }

    #[test]
    fn every_form_of_duration_and_target_is_read() {
        for (line, ours) in [
            ("1h2m30s 60%", "1h2min30s @ 60% ftp"),
            ("5m30 60%", "5min30s @ 60% ftp"),
            ("1'30\" 220w", "1min30s @ 220w"),
            ("500mtr 5:00/km Pace", "500m @ 5:00/km"),
            ("2km 200-240w", "2km @ 200-240w"),
            ("1mi 7:15-7:00/mi Pace", "1mi @ 7:00-7:15/mi"),
            ("100y 3:00/100m-4:00/100m Pace", "100yd @ 3:00-4:00/100m"),
            ("10m 70% HR", "10min @ 70% hrmax"),
            ("10m 90-95% LTHR", "10min @ 90-95% lthr"),
            ("10m 78-82% Pace", "10min @ 78-82% pace"),
            ("10m Z2-Z3 HR", "10min @ z2-z3 hr"),
            ("10m Z2 Pace", "10min @ z2 pace"),
            ("10m 130-140bpm", "10min @ 130-140bpm"),
            ("20m freeride", "20min"),
            ("10m 90rpm", "10min @ 90rpm"),
            (
                "Until ready press lap 10m 60%",
                "lap @ 60% ftp \"Until ready\"",
            ),
            ("10m 50% intensity=cooldown", "cooldown 10min @ 50% ftp"),
            ("Sprint! 30s maxeffort", "30s \"Sprint! maxeffort\""),
        ] {
            assert_eq!(read(&format!("- {line}")), ours, "{line}");
        }
        let swim = parse("- 100mtr 95% Pace", Sport::Swim).unwrap();
        assert_eq!(print(&swim, None), "100m @ 95% css");
    }

    #[test]
    fn a_line_that_is_not_known_is_told_with_its_number() {
        assert!(refusal("Warmup\n- nothing").starts_with("line 2, column 2: expected a duration"));
        assert!(refusal("- 10m 65% hidepower").starts_with("line 1, column 11: expected a target"));
        assert!(
            refusal("- 5m\n10m 65%").starts_with("line 2, column 1: a step begins with a hyphen")
        );
        assert!(refusal("- 5m 80% MMP").contains("MMP"));
        assert!(refusal("- 5m CZ1").contains("custom zones"));
        assert!(refusal("- 33^ Text<!> 5m 80%").contains("prompts at a time"));
        assert!(refusal("- 5m 5:00 Pace").contains("needs its unit"));
        assert!(refusal("3x\nMain").starts_with("line 1, column 1: a repeat needs steps"));
        assert!(refusal("- 1m\n\n3x").starts_with("line 3, column 1: a repeat needs steps"));
        assert!(refusal("400x\n- 5m").contains("1 to 100 times"));
        assert!(refusal("- 5m 6m").contains("one duration"));
        assert!(refusal("- 5m 90% 80%").contains("one target"));
        assert!(refusal(&"- 5m\n".repeat(1001)).contains("at most 1000 steps"));
    }
}
