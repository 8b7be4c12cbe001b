//! What an athlete writes down of a session: exercises in an order, each with its sets.
//!
//! A save is read into what is meant ([`normalise`]), compared with what is stored ([`diff`]), and
//! only the difference is written. What one device changed meets what another changed by exercise
//! ([`merge`]).

pub mod backoff;
pub mod cache;
pub mod diff;
pub mod error;
pub mod merge;
pub mod normalise;

use crate::id::{ExerciseId, LogExerciseId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most exercises of a log: three times what anybody does in a day.
pub const MOST_EXERCISES: usize = 100;
/// The most sets of one exercise.
pub const MOST_SETS: usize = 100;

/// A weight to a hundredth of its unit, so that equal means equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(i32);

impl Hundredths {
    /// The nearest hundredth of a number; `None` of one that is negative, beyond `most`, or none.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bound is far below what the type holds"
    )]
    pub fn nearest(number: f64, most: i32) -> Option<Self> {
        (0.0..=f64::from(most))
            .contains(&number)
            .then(|| Self((number * 100.0).round() as i32))
    }

    /// As a number.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::nearest(number, normalise::MOST_WEIGHT)
            .ok_or_else(|| serde::de::Error::custom("no weight"))
    }
}

/// How an exercise came into a session that was planned without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddedType {
    /// In turn with another.
    Superset,
    /// With less weight at once.
    Dropset,
    /// The athlete's own idea.
    Custom,
    /// In place of another.
    Replacement,
    /// For this day.
    Temporary,
    /// From this day on.
    Permanent,
}

/// What was done of one exercise; each list has an entry for each set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Which exercise.
    pub exercise_id: ExerciseId,
    /// How many sets.
    pub sets: u16,
    /// Repetitions; `None` is not known.
    pub reps: Vec<Option<u16>>,
    /// Weights in the log's unit; `None` is not known, 0 is none.
    pub weights: Vec<Option<Hundredths>>,
    /// Which sets were done.
    pub completed: Vec<bool>,
    /// The athlete's own weight, where it counts.
    pub bodyweight: Option<Hundredths>,
    /// In the athlete's words.
    pub notes: Option<String>,
    /// How it came into the session, if it was added.
    pub added_type: Option<AddedType>,
    /// Its place in the plan before anything was moved.
    pub original_index: Option<u16>,
}

/// An exercise of a log as it is stored; its place is that in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its id, which stays.
    pub id: LogExerciseId,
    /// How often its content was written.
    pub revision: i64,
    /// What was done.
    #[serde(flatten)]
    pub work: Work,
}

/// An exercise of a log as a client wants it; its place is that in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its id, when the client knows or makes one.
    pub id: Option<LogExerciseId>,
    /// The revision that it was edited from.
    pub revision: Option<i64>,
    /// What was done.
    pub work: Work,
}

impl Wanted {
    /// What is stored, wanted as it is.
    pub fn as_stored(stored: &Stored) -> Self {
        Self {
            id: Some(stored.id),
            revision: Some(stored.revision),
            work: stored.work.clone(),
        }
    }
}
