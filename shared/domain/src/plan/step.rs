//! One step of a planned workout: how long, how hard, with what.

use crate::units::{Metres, Seconds};
use serde::{Deserialize, Serialize};

/// A step, or a group of steps done several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "a plan has many steps and few repeats"
)]
pub enum StepOrRepeat {
    /// A group done `repeat` times.
    Repeat(Repeat),
    /// One step.
    Step(Step),
}

/// Steps done several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many times, 1 to 100.
    pub repeat: u16,
    /// What is repeated.
    pub steps: Vec<StepOrRepeat>,
}

/// One step of a planned workout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable id, given by the client or by us.
    #[serde(default)]
    pub id: String,
    /// What the step is for.
    pub kind: StepKind,
    /// How long it lasts.
    pub duration: StepDuration,
    /// How hard it should be; what is judged.
    #[serde(default)]
    pub target: Target,
    /// What else the athlete is shown, for example a cadence beside a power; not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_target: Option<Target>,
    /// What to lift, of a step of kind `strength`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<Exercise>,
    /// What to swim with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equipment: Vec<Equipment>,
    /// A cue for the athlete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Step {
    /// A step of this kind and duration that asks for nothing else.
    pub fn new(kind: StepKind, duration: StepDuration) -> Self {
        Self {
            id: String::new(),
            kind,
            duration,
            target: Target::default(),
            secondary_target: None,
            exercise: None,
            equipment: Vec::new(),
            note: None,
        }
    }
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Easy start.
    Warmup,
    /// The work itself.
    Work,
    /// Active recovery.
    Recovery,
    /// Standing still.
    Rest,
    /// Easy end.
    Cooldown,
    /// Technique.
    Drill,
    /// Lifting.
    Strength,
}

/// How long a step lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum StepDuration {
    /// For so many seconds.
    Time(Seconds),
    /// For so many metres.
    Distance(Metres),
    /// Until the athlete presses the lap button.
    LapButton,
}

/// How hard a step should be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is measured.
    #[serde(rename = "type", default)]
    pub kind: TargetKind,
    /// Lower end, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The unit of both ends; [`units`](super::units) lists which there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether the step goes from one end to the other; any value between them is on target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
}

/// What a target measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Speed, as time per distance.
    Pace,
    /// Power.
    Power,
    /// Heart rate.
    Hr,
    /// Rate of perceived exertion.
    Rpe,
    /// Cadence.
    Cadence,
    /// As the athlete likes.
    #[default]
    Open,
}

/// Which way a ramp goes, by the numbers of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ramp {
    /// From `low` to `high`.
    Up,
    /// From `high` to `low`.
    Down,
}

/// What to lift, how often and how heavy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// What people call it.
    pub name: String,
    /// How many sets, 1 to 100.
    pub sets: u16,
    /// Repetitions of a set, 1 to 1000; absent for as many as the athlete can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// The most repetitions, where `reps` is the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps_high: Option<u16>,
    /// How heavy; absent for as the athlete likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Seconds of rest after each set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<Seconds>,
}

/// How heavy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "unit", content = "value", rename_all = "snake_case")]
pub enum Load {
    /// Kilograms.
    Kg(f64),
    /// Pounds.
    Lb(f64),
    /// Per cent of the one-repetition maximum.
    #[serde(rename = "pct_1rm")]
    PctOneRepMax(f64),
    /// Perceived exertion, 1 to 10.
    Rpe(f64),
    /// The body alone.
    Bodyweight,
}

/// What a swimmer holds or wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Equipment {
    /// Fins.
    Fins,
    /// Hand paddles.
    Paddles,
    /// A pull buoy.
    PullBuoy,
    /// A kickboard.
    Kickboard,
    /// A snorkel.
    Snorkel,
}

impl Equipment {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Fins,
        Self::Paddles,
        Self::PullBuoy,
        Self::Kickboard,
        Self::Snorkel,
    ];

    /// The word used in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fins => "fins",
            Self::Paddles => "paddles",
            Self::PullBuoy => "pull_buoy",
            Self::Kickboard => "kickboard",
            Self::Snorkel => "snorkel",
        }
    }
}
