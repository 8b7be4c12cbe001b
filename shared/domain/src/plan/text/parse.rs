//! From text to steps.

use super::amount::{duration, print_distance};
use super::cursor::{Cursor, TextError};
use super::target::{pace_unit, target};
use super::tokens::{self, Paces};
use crate::plan::{
    DEEPEST_REPEAT, Equipment, Exercise, Load, MOST_STEPS, POOL_M, Repeat, Step, StepDuration,
    StepKind, StepOrRepeat, Target, TargetKind,
};
use crate::signal::number::to_index;
use crate::sport::Sport;
use crate::units::Metres;

/// The longest text that is read, in bytes: twice what the largest plan prints as.
pub const LONGEST_TEXT: usize = 2 * 1024 * 1024;

/// Kinds by their words, the one that is printed first of each.
pub(super) const KINDS: [(&str, StepKind); 16] = [
    ("warmup", StepKind::Warmup),
    ("warm-up", StepKind::Warmup),
    ("wu", StepKind::Warmup),
    ("work", StepKind::Work),
    ("recovery", StepKind::Recovery),
    ("recover", StepKind::Recovery),
    ("easy", StepKind::Recovery),
    ("jog", StepKind::Recovery),
    ("rest", StepKind::Rest),
    ("off", StepKind::Rest),
    ("cooldown", StepKind::Cooldown),
    ("cool-down", StepKind::Cooldown),
    ("cd", StepKind::Cooldown),
    ("drill", StepKind::Drill),
    ("drills", StepKind::Drill),
    ("strength", StepKind::Strength),
];

/// What a text says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The steps; those that the text gives no id have none.
    pub steps: Vec<StepOrRepeat>,
    /// The pool, where the text says it.
    pub pool_length_m: Option<Metres>,
}

/// Reads the steps of a plan; the sport says what a bare per cent and a bare zone are of.
///
/// # Errors
/// [`TextError`] says where the text cannot be read, and what was expected there.
pub fn parse(text: &str, sport: Sport) -> Result<Parsed, TextError> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        sport,
        paces: Paces::default(),
        pool_length_m: None,
        items: 0,
    };
    if text.len() > LONGEST_TEXT {
        return Err(parser.cursor.error("the text is longer than 2 MiB"));
    }
    let steps = parser.items(0)?;
    if !parser.cursor.is_at_end() {
        return Err(parser.cursor.expected("a step; this ) closes nothing"));
    }
    Ok(Parsed {
        steps,
        pool_length_m: parser.pool_length_m,
    })
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    sport: Sport,
    paces: Paces,
    pool_length_m: Option<Metres>,
    items: usize,
}

impl Parser<'_> {
    /// Items until the end or a `)`, which is not read.
    fn items(&mut self, depth: usize) -> Result<Vec<StepOrRepeat>, TextError> {
        let mut items = Vec::new();
        loop {
            self.cursor
                .take_while(|c| c.is_whitespace() || matches!(c, '/' | ';'));
            if matches!(self.cursor.peek(), None | Some(')')) {
                return Ok(items);
            }
            let start = self.cursor.clone();
            self.item(depth, &mut items)?;
            self.items = self.items.saturating_add(1);
            if self.items > MOST_STEPS || items.len() > MOST_STEPS {
                return Err(start.error("a plan has at most 1000 steps"));
            }
            self.cursor.blanks();
            if !matches!(self.cursor.peek(), None | Some('\n' | '/' | ';' | ')')) {
                let wanted =
                    "/ or ; or a new line before the next step, or one of @ with \"note\" #id";
                return Err(self.cursor.expected(wanted));
            }
        }
    }

    fn item(&mut self, depth: usize, items: &mut Vec<StepOrRepeat>) -> Result<(), TextError> {
        let start = self.cursor.clone();
        if let Some(times) = self.times()? {
            if depth == DEEPEST_REPEAT {
                return Err(start.error("repeats nest at most 4 deep"));
            }
            items.push(self.repeat(times, depth)?);
            return Ok(());
        }
        let mut ahead = self.cursor.clone();
        let word = ahead.take_while(|c| c.is_alphanumeric() || "_:@.+-".contains(c));
        if word.contains('_') && word.starts_with(char::is_alphabetic) {
            let expanded = tokens::expand(word, self.sport, &self.paces);
            items.extend(expanded.map_err(|problem| start.error(problem))?);
            self.cursor = ahead;
            return Ok(());
        }
        if depth == 0 && self.cursor.eat_word("pool") {
            return self.pool();
        }
        if depth == 0 && self.cursor.eat_word("paces") {
            return self.paces();
        }
        items.push(StepOrRepeat::Step(self.step()?));
        Ok(())
    }

    /// `3x`, read only when it is one.
    fn times(&mut self) -> Result<Option<u16>, TextError> {
        let mut ahead = self.cursor.clone();
        let digits = ahead.take_while(|c| c.is_ascii_digit());
        ahead.blanks();
        if digits.is_empty() || !(ahead.eat("x") || ahead.eat("×")) {
            return Ok(None);
        }
        let times = digits
            .parse()
            .ok()
            .filter(|times| (1..=100).contains(times));
        let times = times.ok_or_else(|| self.cursor.error("a repeat is of 1 to 100 times"))?;
        self.cursor = ahead;
        self.cursor.blanks();
        Ok(Some(times))
    }

    fn repeat(&mut self, repeat: u16, depth: usize) -> Result<StepOrRepeat, TextError> {
        let open = self.cursor.clone();
        if !self.cursor.eat("(") {
            let steps = vec![StepOrRepeat::Step(self.step()?)];
            return Ok(StepOrRepeat::Repeat(Repeat { repeat, steps }));
        }
        let steps = self.items(depth + 1)?;
        if !self.cursor.eat(")") {
            return Err(open.error("this ( is not closed"));
        }
        if steps.is_empty() {
            return Err(open.error("a repeat holds at least one step"));
        }
        Ok(StepOrRepeat::Repeat(Repeat { repeat, steps }))
    }

    fn pool(&mut self) -> Result<(), TextError> {
        self.cursor.blanks();
        let start = self.cursor.clone();
        let StepDuration::Distance(metres) = duration(&mut self.cursor)? else {
            return Err(start.expected("the pool's length such as 25m or 25yd"));
        };
        if !(POOL_M.0..=POOL_M.1).contains(&metres.get()) {
            return Err(start.error("a pool is 5 to 200 metres long"));
        }
        if let Some(before) = self.pool_length_m.replace(metres) {
            let before = print_distance(before.get());
            return Err(start.error(format!("the pool is {before} already")));
        }
        Ok(())
    }

    /// `5k=7:30/mi easy=9:00/mi`
    fn paces(&mut self) -> Result<(), TextError> {
        loop {
            self.cursor.blanks();
            if matches!(self.cursor.peek(), None | Some('\n' | ';' | ')')) {
                return Ok(());
            }
            let start = self.cursor.clone();
            let name = self.cursor.take_while(char::is_alphanumeric);
            let slot = self.paces.slot(name).ok_or_else(|| {
                start.expected("one of 5k, easy, marathon, steady, threshold, swim")
            })?;
            if !self.cursor.eat("=") {
                return Err(self.cursor.expected("= and a pace such as 7:30/mi"));
            }
            let at = self.cursor.clone();
            let minutes = self.cursor.number()?;
            let seconds = super::amount::clock(&mut self.cursor, minutes)?;
            let unit = pace_unit(&mut self.cursor)?;
            if !(seconds > 0.0 && seconds < 7200.0) {
                return Err(at.error("must be between 0 and 2 hours"));
            }
            *slot = Some((seconds, unit));
        }
    }

    fn kind(&mut self) -> Option<StepKind> {
        let mut ahead = self.cursor.clone();
        let word = ahead.take_while(|c| c.is_alphabetic() || c == '-');
        let found = KINDS
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name))?;
        self.cursor = ahead;
        Some(found.1)
    }

    fn step(&mut self) -> Result<Step, TextError> {
        let mut kind = self.kind();
        self.cursor.blanks();
        let lifts = self.cursor.word().eq_ignore_ascii_case("do");
        let duration = if lifts {
            StepDuration::LapButton
        } else {
            duration(&mut self.cursor)?
        };
        let mut step = Step::new(kind.unwrap_or(StepKind::Work), duration);
        loop {
            self.cursor.blanks();
            let start = self.cursor.clone();
            if self.cursor.eat("@") {
                self.cursor.blanks();
                let target = target(&mut self.cursor, self.sport)?;
                aim(&mut step, target).map_err(|problem| start.error(problem))?;
            } else if self.cursor.eat_word("with") {
                self.equipment(&mut step)?;
            } else if self.cursor.eat_word("do") {
                if step.exercise.replace(self.exercise()?).is_some() {
                    return Err(start.error("a step has one exercise"));
                }
                if *kind.get_or_insert(StepKind::Strength) != StepKind::Strength {
                    return Err(start.error("only a step of kind strength has an exercise"));
                }
                step.kind = StepKind::Strength;
            } else if self.cursor.peek() == Some('"') {
                if step.note.replace(self.cursor.quoted()?).is_some() {
                    return Err(start.error("a step has one note"));
                }
            } else if self.cursor.eat("#") {
                if !step.id.is_empty() {
                    return Err(start.error("a step has one id"));
                }
                step.id = self.id()?;
            } else if let Some(after) = self.kind() {
                if kind.replace(after).is_some() {
                    return Err(start.error("a step has one kind"));
                }
                step.kind = after;
            } else {
                return Ok(step);
            }
        }
    }

    fn id(&mut self) -> Result<String, TextError> {
        if self.cursor.peek() == Some('"') {
            return self.cursor.quoted();
        }
        let id = self.cursor.take_while(is_plain);
        if id.is_empty() {
            return Err(self.cursor.expected("an id right after the #"));
        }
        Ok(id.to_owned())
    }

    /// `fins+paddles`
    fn equipment(&mut self, step: &mut Step) -> Result<(), TextError> {
        loop {
            self.cursor.blanks();
            let start = self.cursor.clone();
            let word = self.cursor.take_while(|c| c.is_alphabetic() || c == '_');
            let found = Equipment::ALL
                .into_iter()
                .find(|one| word.eq_ignore_ascii_case(one.as_str()));
            let found = found.ok_or_else(|| {
                start.expected("one of fins, paddles, pull_buoy, kickboard, snorkel")
            })?;
            step.equipment.push(found);
            if !self.cursor.eat("+") {
                return Ok(());
            }
        }
    }

    /// `"Back squat" 3x8-12 at 100kg rest 2min`, after its `do`.
    fn exercise(&mut self) -> Result<Exercise, TextError> {
        self.cursor.blanks();
        let name = if self.cursor.peek() == Some('"') {
            self.cursor.quoted()?
        } else {
            let start = self.cursor.clone();
            let bare = |c: char| c.is_alphabetic() || c == '-' || c == ' ';
            let name = self.cursor.take_while(bare).trim_end();
            if name.is_empty() {
                return Err(start.expected("the name of an exercise"));
            }
            name.to_owned()
        };
        self.cursor.blanks();
        let sets = self.count("sets and repetitions such as 3x8, 3x8-12 or 3xmax")?;
        if !(self.cursor.eat("x") || self.cursor.eat("×")) {
            return Err(self.cursor.expected("x and repetitions such as 3x8"));
        }
        let (mut reps, mut reps_high) = (None, None);
        if !self.cursor.eat_word("max") && !self.cursor.eat_word("amrap") {
            reps = Some(self.count("repetitions such as 8, 8-12 or max")?);
            if self.cursor.eat("-") {
                reps_high = Some(self.count("the most repetitions")?);
            }
        }
        let (mut load, mut rest_s) = (None, None);
        loop {
            let mut ahead = self.cursor.clone();
            ahead.blanks();
            let rests = ahead.eat_word("rest");
            if rests && rest_s.is_none() {
                ahead.blanks();
                let start = ahead.clone();
                let StepDuration::Time(seconds) = duration(&mut ahead)? else {
                    return Err(start.expected("seconds or minutes of rest"));
                };
                rest_s = Some(seconds);
            } else if !rests && load.is_none() && ahead.eat_word("at") {
                ahead.blanks();
                load = Some(read_load(&mut ahead)?);
            } else {
                break;
            }
            self.cursor = ahead;
        }
        Ok(Exercise {
            name,
            sets,
            reps,
            reps_high,
            load,
            rest_s,
        })
    }

    fn count(&mut self, wanted: &str) -> Result<u16, TextError> {
        let start = self.cursor.clone();
        let digits = self.cursor.take_while(|c| c.is_ascii_digit());
        digits.parse().map_err(|_| start.expected(wanted))
    }
}

/// What needs no quotes in an id.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')
}

/// The first target is what counts, the second is shown beside it.
fn aim(step: &mut Step, target: Target) -> Result<(), &'static str> {
    if step.target.kind == TargetKind::Open {
        step.target = target;
        return Ok(());
    }
    match step.secondary_target.replace(target) {
        None => Ok(()),
        Some(_) => Err("a step has at most two targets"),
    }
}

fn read_load(cursor: &mut Cursor<'_>) -> Result<Load, TextError> {
    if cursor.eat_word("bodyweight") {
        return Ok(Load::Bodyweight);
    }
    if cursor.eat_word("rpe") {
        cursor.blanks();
        return Ok(Load::Rpe(cursor.number()?));
    }
    let wanted = "a load such as 100kg, 225lb, 70% 1rm, rpe 8 or bodyweight";
    let start = cursor.clone();
    let value = cursor.number().map_err(|_| start.expected(wanted))?;
    cursor.blanks();
    if cursor.eat("%") {
        cursor.blanks();
        cursor.eat("1rm");
        Ok(Load::PctOneRepMax(value))
    } else if cursor.eat_word("kg") {
        Ok(Load::Kg(value))
    } else if cursor.eat_word("lb") || cursor.eat_word("lbs") {
        Ok(Load::Lb(value))
    } else {
        Err(start.error(format!("expected {wanted}")))
    }
}

/// Whole times of a repeat that a token asks for.
pub(super) fn whole(number: f64) -> Option<u16> {
    u16::try_from(to_index(number))
        .ok()
        .filter(|_| number.fract() <= 0.0)
}
