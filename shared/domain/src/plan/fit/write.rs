//! A plan as a FIT workout file.

use super::target::{Fields, whole};
use super::{CENTI, MILLI};
use crate::athlete::Thresholds;
use crate::decode::sports;
use crate::fit::{ENUM, TEXT, U16, U32, U32Z, Writer};
use crate::plan::{Equipment, PlannedWorkout, Step, StepDuration, StepKind, StepOrRepeat};
use crate::sport::Sport;
use rustyfit::profile::mesgdef::{FileId, Workout, WorkoutStep};
use rustyfit::profile::typedef::{
    DisplayMeasure, File, Intensity, Manufacturer, MesgNum, SwimStroke, WktStepDuration,
    WktStepTarget, WorkoutEquipment,
};
use thiserror::Error;

/// Seconds from 1970 to the FIT epoch, the last day of 1989.
const EPOCH_S: i64 = 631_065_600;
/// The longest text of a field, without the NUL at its end.
const LONGEST_TEXT: usize = 254;
/// What a number that is not there is written as.
const NONE: u32 = u32::MAX;

/// What a FIT workout file cannot say: which field of the plan, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct NotInFit {
    /// JSON pointer of the field.
    pub field: String,
    /// Why it cannot be written.
    pub problem: &'static str,
}

fn refuse(field: impl Into<String>, problem: &'static str) -> NotInFit {
    NotInFit {
        field: field.into(),
        problem,
    }
}

/// Writes a plan; shares of thresholds that FIT does not know become what they are of `limits`.
///
/// Watts, beats, revolutions and per cents are rounded to whole ones, speeds to millimetres a
/// second. The same plan gives the same bytes.
///
/// # Errors
/// [`NotInFit`] names the first field that cannot be written.
pub fn write(planned: &PlannedWorkout, limits: &Thresholds) -> Result<Vec<u8>, NotInFit> {
    let plan = &planned.plan;
    if plan.steps.is_empty() {
        return Err(refuse("/steps", "FIT needs at least one step"));
    }
    let sport = sports::to_fit(plan.sport, plan.sub_sport.as_deref());
    let (sport, sub_sport) = sport.ok_or_else(|| refuse("/sport", "FIT needs one sport"))?;
    let mut steps = Steps {
        sport: plan.sport,
        limits,
        messages: Vec::new(),
    };
    steps.add(&plan.steps, "/steps")?;

    let mut writer = Writer::default();
    let midnight = plan.date.and_time(chrono::NaiveTime::MIN).and_utc();
    let created = u32::try_from(midnight.timestamp() - EPOCH_S);
    let created = created.map_err(|_| refuse("/date", "FIT begins in 1990"))?;
    let [.., a, b, c, d] = *planned.planned_id.0.as_bytes();
    message(
        &mut writer,
        MesgNum::FILE_ID,
        &[
            of_enum(FileId::TYPE, File::WORKOUT.0),
            of_u16(FileId::MANUFACTURER, Manufacturer::DEVELOPMENT.0),
            of_u16(FileId::PRODUCT, 0),
            // A serial number of 0 is none.
            Field {
                base: U32Z,
                ..of_u32(
                    FileId::SERIAL_NUMBER,
                    u32::from_le_bytes([a, b, c, d]).max(1),
                )
            },
            of_u32(FileId::TIME_CREATED, created),
        ],
    );
    let mut fields = vec![
        text(Workout::WKT_NAME, &plan.name, "/name")?,
        of_enum(Workout::SPORT, sport),
        of_enum(Workout::SUB_SPORT, sub_sport),
        of_u16(
            Workout::NUM_VALID_STEPS,
            u16::try_from(steps.messages.len())
                .map_err(|_| refuse("/steps", "FIT has no more than 65,535 steps"))?,
        ),
    ];
    if let Some(pool) = plan.pool_length_m {
        let centimetres = whole(pool.get() * CENTI).and_then(|length| u16::try_from(length).ok());
        let centimetres = centimetres.ok_or_else(|| refuse("/pool_length_m", "is too long"))?;
        fields.push(of_u16(Workout::POOL_LENGTH, centimetres));
        fields.push(of_enum(Workout::POOL_LENGTH_UNIT, DisplayMeasure::METRIC.0));
    }
    message(&mut writer, MesgNum::WORKOUT, &fields);
    for fields in &steps.messages {
        message(&mut writer, MesgNum::WORKOUT_STEP, fields);
    }
    Ok(writer.finish())
}

/// A field of a message: number, base type, bytes.
struct Field {
    number: u8,
    base: u8,
    bytes: Vec<u8>,
}

fn of_enum(number: u8, value: u8) -> Field {
    Field {
        number,
        base: ENUM,
        bytes: vec![value],
    }
}

fn of_u16(number: u8, value: u16) -> Field {
    Field {
        number,
        base: U16,
        bytes: value.to_le_bytes().to_vec(),
    }
}

fn of_u32(number: u8, value: u32) -> Field {
    Field {
        number,
        base: U32,
        bytes: value.to_le_bytes().to_vec(),
    }
}

fn text(number: u8, text: &str, field: &str) -> Result<Field, NotInFit> {
    if text.len() > LONGEST_TEXT {
        return Err(refuse(field, "FIT takes at most 254 bytes"));
    }
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    Ok(Field {
        number,
        base: TEXT,
        bytes,
    })
}

fn message(writer: &mut Writer, number: MesgNum, fields: &[Field]) {
    let size = |field: &Field| u8::try_from(field.bytes.len()).unwrap_or(u8::MAX);
    let definition: Vec<_> = fields
        .iter()
        .map(|field| (field.number, size(field), field.base))
        .collect();
    writer.define(number.0, &definition);
    let parts: Vec<&[u8]> = fields.iter().map(|field| field.bytes.as_slice()).collect();
    writer.message(&parts);
}

struct Steps<'p> {
    sport: Sport,
    limits: &'p Thresholds,
    messages: Vec<Vec<Field>>,
}

impl Steps<'_> {
    fn index(&self) -> Result<u16, NotInFit> {
        u16::try_from(self.messages.len())
            .map_err(|_| refuse("/steps", "FIT has no more than 65,535 steps"))
    }

    fn add(&mut self, steps: &[StepOrRepeat], path: &str) -> Result<(), NotInFit> {
        for (index, step) in steps.iter().enumerate() {
            let field = format!("{path}/{index}");
            match step {
                StepOrRepeat::Step(step) => self.step(step, &field)?,
                StepOrRepeat::Repeat(group) => {
                    let first = self.index()?;
                    self.add(&group.steps, &format!("{field}/steps"))?;
                    let message = vec![
                        of_u16(WorkoutStep::MESSAGE_INDEX, self.index()?),
                        of_enum(
                            WorkoutStep::DURATION_TYPE,
                            WktStepDuration::REPEAT_UNTIL_STEPS_CMPLT.0,
                        ),
                        of_u32(WorkoutStep::DURATION_VALUE, u32::from(first)),
                        of_enum(WorkoutStep::TARGET_TYPE, WktStepTarget::OPEN.0),
                        of_u32(WorkoutStep::TARGET_VALUE, u32::from(group.repeat)),
                    ];
                    self.messages.push(message);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, field: &str) -> Result<(), NotInFit> {
        let at = |member: &str| format!("{field}/{member}");
        let intensity = match step.kind {
            StepKind::Warmup => Intensity::WARMUP,
            StepKind::Work => Intensity::ACTIVE,
            StepKind::Recovery => Intensity::RECOVERY,
            StepKind::Rest => Intensity::REST,
            StepKind::Cooldown => Intensity::COOLDOWN,
            StepKind::Drill if self.sport == Sport::Swim => Intensity::ACTIVE,
            StepKind::Drill => return Err(refuse(at("kind"), "FIT has drills of swims alone")),
            StepKind::Strength => {
                let problem = "exercises are not written, as FIT has no free names of them";
                return Err(refuse(at("kind"), problem));
            }
        };
        let number = |value: f64| whole(value).ok_or_else(|| refuse(at("duration"), "is too long"));
        let (duration, value) = match step.duration {
            StepDuration::Time(seconds) => (WktStepDuration::TIME, number(seconds.get() * MILLI)?),
            StepDuration::Distance(metres) => {
                (WktStepDuration::DISTANCE, number(metres.get() * CENTI)?)
            }
            StepDuration::LapButton => (WktStepDuration::OPEN, 0),
        };
        let target = Fields::of(&step.target, self.limits)
            .map_err(|problem| refuse(at("target"), problem))?;
        let target = match target {
            other if step.kind != StepKind::Drill => other,
            Fields::OPEN => {
                Fields::with_value(WktStepTarget::SWIM_STROKE, u32::from(SwimStroke::DRILL.0))
            }
            _ => return Err(refuse(at("target"), "FIT has drills without targets")),
        };
        let mut message = vec![
            of_u16(WorkoutStep::MESSAGE_INDEX, self.index()?),
            of_enum(WorkoutStep::DURATION_TYPE, duration.0),
            of_u32(WorkoutStep::DURATION_VALUE, value),
            of_enum(WorkoutStep::TARGET_TYPE, target.kind),
            of_u32(WorkoutStep::TARGET_VALUE, target.value),
            of_u32(
                WorkoutStep::CUSTOM_TARGET_VALUE_LOW,
                target.low.unwrap_or(NONE),
            ),
            of_u32(
                WorkoutStep::CUSTOM_TARGET_VALUE_HIGH,
                target.high.unwrap_or(NONE),
            ),
            of_enum(WorkoutStep::INTENSITY, intensity.0),
        ];
        if let Some(second) = &step.secondary_target {
            let second = Fields::of(second, self.limits)
                .map_err(|problem| refuse(at("secondary_target"), problem))?;
            message.extend([
                of_enum(WorkoutStep::SECONDARY_TARGET_TYPE, second.kind),
                of_u32(WorkoutStep::SECONDARY_TARGET_VALUE, second.value),
                of_u32(
                    WorkoutStep::SECONDARY_CUSTOM_TARGET_VALUE_LOW,
                    second.low.unwrap_or(NONE),
                ),
                of_u32(
                    WorkoutStep::SECONDARY_CUSTOM_TARGET_VALUE_HIGH,
                    second.high.unwrap_or(NONE),
                ),
            ]);
        }
        match step.equipment.as_slice() {
            [] => {}
            [one] => message.push(of_enum(WorkoutStep::EQUIPMENT, equipment(*one).0)),
            _ => {
                return Err(refuse(
                    at("equipment"),
                    "FIT has one piece of equipment a step",
                ));
            }
        }
        if let Some(note) = &step.note {
            message.push(text(WorkoutStep::NOTES, note, &at("note"))?);
        }
        self.messages.push(message);
        Ok(())
    }
}

fn equipment(one: Equipment) -> WorkoutEquipment {
    match one {
        Equipment::Fins => WorkoutEquipment::SWIM_FINS,
        Equipment::Paddles => WorkoutEquipment::SWIM_PADDLES,
        Equipment::PullBuoy => WorkoutEquipment::SWIM_PULL_BUOY,
        Equipment::Kickboard => WorkoutEquipment::SWIM_KICKBOARD,
        Equipment::Snorkel => WorkoutEquipment::SWIM_SNORKEL,
    }
}
