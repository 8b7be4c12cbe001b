//! What a personal record may be of.

use crate::exercise::words;
use serde::{Deserialize, Serialize};

words!(
    /// What is greatest.
    ///
    /// Only sets that were completed and were no warm-up count; timed and distance sets count for
    /// [`RecordKind::Time`] and [`RecordKind::Distance`] alone.
    RecordKind {
        /// The weight of a set.
        Heaviest = "heaviest",
        /// The repetitions of a set, at any weight.
        Reps = "reps",
        /// What a set says could be lifted once ([`e1rm_kg`](crate::signal::strength::e1rm_kg)).
        E1rm = "e1rm",
        /// Weight times repetitions of a set.
        SetVolume = "set_volume",
        /// The same of all sets of one workout.
        SessionVolume = "session_volume",
        /// The duration of a timed set.
        Time = "time",
        /// The distance of a distance set.
        Distance = "distance",
    }
);

impl RecordKind {
    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Heaviest | Self::E1rm | Self::SetVolume | Self::SessionVolume => "kg",
            Self::Reps => "reps",
            Self::Time => "s",
            Self::Distance => "m",
        }
    }
}
