//! A FIT workout file as a plan.

use super::target::Fields;
use super::{CENTI, MILLI};
use crate::decode::fit::each_message;
use crate::decode::fit::fields::{byte, short, text, whole};
use crate::decode::sports;
use crate::plan::{
    DEEPEST_REPEAT, Equipment, LONGEST_NAME, LONGEST_NOTE, MOST_STEPS, Plan, Repeat, Step,
    StepDuration, StepKind, StepOrRepeat,
};
use crate::sport::Sport;
use crate::units::{Metres, Seconds};
use chrono::NaiveDate;
use rustyfit::profile::mesgdef::{self, FileId, WorkoutStep};
use rustyfit::profile::typedef::{
    File, Intensity, MesgNum, SwimStroke, WktStepDuration, WktStepTarget, WorkoutEquipment,
};
use rustyfit::proto::Message;
use thiserror::Error;

/// The most messages of steps that are kept: every step may end four repeats.
const MOST_MESSAGES: usize = MOST_STEPS * (DEEPEST_REPEAT + 1);

/// Why a file did not become a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotRead {
    /// It is not a whole FIT file.
    #[error("the file is damaged, or is no FIT file")]
    Damaged,
    /// It is a FIT file of another kind, for example a recording.
    #[error("the file is no workout")]
    NotAWorkout,
    /// It is a workout that asks for what is not known here.
    #[error("step {step}: {problem}")]
    Step {
        /// The step's index in the file, counted from 0.
        step: usize,
        /// What is not known.
        problem: &'static str,
    },
}

/// What a workout file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Workout {
    /// Its name; `None` where it has none.
    pub name: Option<String>,
    /// Its sport and finer kind.
    pub sport: Sport,
    /// Finer kind of sport.
    pub sub_sport: Option<String>,
    /// The pool it is made for.
    pub pool_length_m: Option<Metres>,
    /// Its steps, without ids.
    pub steps: Vec<StepOrRepeat>,
}

impl Workout {
    /// The plan of a date, by the file's own name unless it has none.
    pub fn on(self, date: NaiveDate) -> Plan {
        Plan {
            date,
            sport: self.sport,
            sub_sport: self.sub_sport,
            name: self.name.unwrap_or_else(|| "Workout".to_owned()),
            pool_length_m: self.pool_length_m,
            steps: self.steps,
            total_duration_s: None,
            total_distance_m: None,
        }
    }
}

/// Reads a workout file.
///
/// # Errors
/// See [`NotRead`]; a file is read whole or not at all.
pub fn read(bytes: &[u8]) -> Result<Workout, NotRead> {
    let mut found = Found::default();
    let is_whole = each_message(bytes, &mut |message| found.take(message));
    if !is_whole {
        return Err(NotRead::Damaged);
    }
    if found.kind.is_some_and(|kind| kind != File::WORKOUT.0) || found.workouts != 1 {
        return Err(NotRead::NotAWorkout);
    }
    let mut steps = std::mem::take(&mut found.steps);
    if steps.is_empty() {
        return Err(NotRead::NotAWorkout);
    }
    steps.sort_by_key(|raw| raw.index);
    let (sport, sub_sport) = sports::from_fit(found.sport, found.sub_sport);
    let pool = found.pool_length_cm.map(|cm| f64::from(cm) / CENTI);
    Ok(Workout {
        name: found.name,
        sport,
        sub_sport,
        pool_length_m: pool.and_then(|metres| Metres::parse(metres).ok()),
        steps: assemble(&steps)?,
    })
}

/// What the messages said so far.
#[derive(Default)]
struct Found {
    kind: Option<u8>,
    workouts: usize,
    name: Option<String>,
    sport: u8,
    sub_sport: u8,
    pool_length_cm: Option<u16>,
    steps: Vec<Raw>,
}

/// One message of a step.
struct Raw {
    index: usize,
    duration: Option<u8>,
    value: Option<u32>,
    target: Fields,
    second: Option<Fields>,
    intensity: Option<u8>,
    equipment: Option<u8>,
    note: Option<String>,
}

impl Found {
    fn take(&mut self, message: &Message) {
        match message.num {
            MesgNum::FILE_ID => self.kind = byte(message, FileId::TYPE),
            MesgNum::WORKOUT => {
                use mesgdef::Workout;
                self.workouts += 1;
                self.sport = byte(message, Workout::SPORT).unwrap_or_default();
                self.sub_sport = byte(message, Workout::SUB_SPORT).unwrap_or_default();
                self.pool_length_cm = short(message, Workout::POOL_LENGTH);
                let name = text(message, Workout::WKT_NAME);
                self.name = name.map(|name| name.chars().take(LONGEST_NAME).collect());
            }
            // One message more than is believed is kept, so that it is refused.
            MesgNum::WORKOUT_STEP if self.steps.len() <= MOST_MESSAGES => {
                let raw = Raw::of(message, self.steps.len());
                self.steps.push(raw);
            }
            _ => {}
        }
    }
}

impl Raw {
    fn of(message: &Message, place: usize) -> Self {
        let name = text(message, WorkoutStep::WKT_STEP_NAME);
        let notes = text(message, WorkoutStep::NOTES);
        let note = match (name, notes) {
            (Some(name), Some(notes)) if name != notes => Some(format!("{name}: {notes}")),
            (name, notes) => notes.or(name).map(str::to_owned),
        };
        let bound = |number| whole(message, number);
        let fields = |kind: u8, [value, low, high]: [u8; 3]| Fields {
            kind,
            value: bound(value).unwrap_or_default(),
            low: bound(low),
            high: bound(high),
        };
        let target = byte(message, WorkoutStep::TARGET_TYPE).unwrap_or(WktStepTarget::OPEN.0);
        let second = byte(message, WorkoutStep::SECONDARY_TARGET_TYPE);
        let second = second.filter(|kind| *kind != WktStepTarget::OPEN.0);
        Self {
            index: short(message, WorkoutStep::MESSAGE_INDEX).map_or(place, usize::from),
            duration: byte(message, WorkoutStep::DURATION_TYPE),
            value: bound(WorkoutStep::DURATION_VALUE),
            target: fields(
                target,
                [
                    WorkoutStep::TARGET_VALUE,
                    WorkoutStep::CUSTOM_TARGET_VALUE_LOW,
                    WorkoutStep::CUSTOM_TARGET_VALUE_HIGH,
                ],
            ),
            second: second.map(|kind| {
                fields(
                    kind,
                    [
                        WorkoutStep::SECONDARY_TARGET_VALUE,
                        WorkoutStep::SECONDARY_CUSTOM_TARGET_VALUE_LOW,
                        WorkoutStep::SECONDARY_CUSTOM_TARGET_VALUE_HIGH,
                    ],
                )
            }),
            intensity: byte(message, WorkoutStep::INTENSITY),
            equipment: byte(message, WorkoutStep::EQUIPMENT),
            note: note.map(|note| note.chars().take(LONGEST_NOTE).collect()),
        }
    }

    /// What is repeated, from which index on, and how often; `None` of a step.
    fn repeat(&self) -> Result<Option<(usize, u16)>, &'static str> {
        use WktStepDuration as Duration;
        let kind = Duration(self.duration.ok_or("it does not say how long it lasts")?);
        if kind != Duration::REPEAT_UNTIL_STEPS_CMPLT {
            return Ok(None);
        }
        let first = self.value.ok_or("it does not say what it repeats")?;
        let times = u16::try_from(self.target.value).ok();
        let times = times.filter(|times| (1..=100).contains(times));
        let times = times.ok_or("a repeat is of 1 to 100 times")?;
        Ok(Some((usize::try_from(first).unwrap_or(usize::MAX), times)))
    }

    fn step(&self) -> Result<Step, &'static str> {
        use WktStepDuration as Duration;
        let amount = || {
            self.value
                .map(f64::from)
                .ok_or("it does not say how long it lasts")
        };
        let long = "it lasts longer than is believed";
        let duration = match Duration(self.duration.unwrap_or(u8::MAX)) {
            Duration::TIME | Duration::REPETITION_TIME | Duration::TIME_ONLY => {
                StepDuration::Time(Seconds::parse(amount()? / MILLI).map_err(|_| long)?)
            }
            Duration::DISTANCE => {
                StepDuration::Distance(Metres::parse(amount()? / CENTI).map_err(|_| long)?)
            }
            Duration::OPEN => StepDuration::LapButton,
            _ => return Err("it lasts until something that is not known here"),
        };
        let kind = match Intensity(self.intensity.unwrap_or(u8::MAX)) {
            Intensity::WARMUP => StepKind::Warmup,
            Intensity::COOLDOWN => StepKind::Cooldown,
            Intensity::RECOVERY => StepKind::Recovery,
            Intensity::REST => StepKind::Rest,
            _ => StepKind::Work,
        };
        let mut step = Step::new(kind, duration);
        step.note.clone_from(&self.note);
        if WktStepTarget(self.target.kind) == WktStepTarget::SWIM_STROKE {
            self.swim(&mut step)?;
        } else {
            step.target = self.target.read()?;
        }
        step.secondary_target = self.second.map(Fields::read).transpose()?;
        step.equipment = match WorkoutEquipment(self.equipment.unwrap_or_default()) {
            WorkoutEquipment::SWIM_FINS => vec![Equipment::Fins],
            WorkoutEquipment::SWIM_KICKBOARD => vec![Equipment::Kickboard],
            WorkoutEquipment::SWIM_PADDLES => vec![Equipment::Paddles],
            WorkoutEquipment::SWIM_PULL_BUOY => vec![Equipment::PullBuoy],
            WorkoutEquipment::SWIM_SNORKEL => vec![Equipment::Snorkel],
            _ => Vec::new(),
        };
        Ok(step)
    }

    /// A stroke is a cue; that of a drill makes the step one.
    fn swim(&self, step: &mut Step) -> Result<(), &'static str> {
        let stroke = u8::try_from(self.target.value).map_or(SwimStroke(u8::MAX), SwimStroke);
        let word = match stroke {
            SwimStroke::DRILL => {
                step.kind = StepKind::Drill;
                return Ok(());
            }
            SwimStroke::FREESTYLE => "freestyle",
            SwimStroke::BACKSTROKE => "backstroke",
            SwimStroke::BREASTSTROKE => "breaststroke",
            SwimStroke::BUTTERFLY => "butterfly",
            SwimStroke::MIXED => "mixed strokes",
            SwimStroke::IM => "individual medley",
            _ => return Err("its stroke is not known here"),
        };
        let note = match &step.note {
            Some(note) => format!("{word}: {note}"),
            None => word.to_owned(),
        };
        step.note = Some(note.chars().take(LONGEST_NOTE).collect());
        Ok(())
    }
}

/// What was read so far: the index that it begins with, how deep its repeats nest, and itself.
type Item = (usize, usize, StepOrRepeat);

/// Puts what a repeat names into it; a repeat follows what it repeats.
fn assemble(messages: &[Raw]) -> Result<Vec<StepOrRepeat>, NotRead> {
    let mut items: Vec<Item> = Vec::new();
    for (place, raw) in messages.iter().enumerate() {
        let refuse = |problem| NotRead::Step {
            step: place,
            problem,
        };
        if raw.index != place || place >= MOST_MESSAGES {
            return Err(refuse("the steps are not numbered one after another"));
        }
        let Some((first, repeat)) = raw.repeat().map_err(refuse)? else {
            let step = StepOrRepeat::Step(raw.step().map_err(refuse)?);
            items.push((place, 0, step));
            continue;
        };
        let from = items.iter().position(|(begins, _, _)| *begins == first);
        let from = from.ok_or_else(|| refuse("it repeats what does not come before it"))?;
        let inside: Vec<Item> = items.drain(from..).collect();
        let depth = 1 + inside.iter().map(|item| item.1).max().unwrap_or_default();
        if depth > DEEPEST_REPEAT {
            return Err(refuse("repeats nest at most 4 deep"));
        }
        let steps = inside.into_iter().map(|(_, _, step)| step).collect();
        let group = StepOrRepeat::Repeat(Repeat { repeat, steps });
        items.push((first, depth, group));
    }
    Ok(items.into_iter().map(|(_, _, step)| step).collect())
}
