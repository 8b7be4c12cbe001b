//! The sports Paceline tells apart, and the families within which a plan may match.

use serde::{Deserialize, Serialize};

/// A sport; anything unknown is [`Sport::Other`] with the provider's word as `sub_sport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sport {
    /// On foot, running.
    Run,
    /// On a bicycle, indoors or out.
    Ride,
    /// In a pool or in open water; `sub_sport` says which.
    Swim,
    /// On foot, walking.
    Walk,
    /// Walking in the hills.
    Hike,
    /// Rowing, on water or on a machine.
    Row,
    /// Skiing of any kind.
    Ski,
    /// Lifting weights.
    Strength,
    /// Stretching, yoga, physiotherapy.
    Mobility,
    /// Several sports in one recording; its sessions are workouts of their own.
    Multisport,
    /// Anything else, transitions included.
    Other,
}

impl Sport {
    /// Every sport, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Run,
        Self::Ride,
        Self::Swim,
        Self::Walk,
        Self::Hike,
        Self::Row,
        Self::Ski,
        Self::Strength,
        Self::Mobility,
        Self::Multisport,
        Self::Other,
    ];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Ride => "ride",
            Self::Swim => "swim",
            Self::Walk => "walk",
            Self::Hike => "hike",
            Self::Row => "row",
            Self::Ski => "ski",
            Self::Strength => "strength",
            Self::Mobility => "mobility",
            Self::Multisport => "multisport",
            Self::Other => "other",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sport| sport.as_str() == name)
    }

    /// Whether this sport is done on foot, so that cadence is steps and grade costs are known.
    pub fn is_on_foot(self) -> bool {
        matches!(self, Self::Run | Self::Walk | Self::Hike)
    }
}
