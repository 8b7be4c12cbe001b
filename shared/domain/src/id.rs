//! Identifiers as types, so that a workout's id is never taken for a user's.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A person; the owner of everything.
    UserId
);
id!(
    /// Our record of an activity.
    WorkoutId
);
id!(
    /// What the plan asked for.
    PlannedId
);
id!(
    /// Something that is lifted, held or carried; of the catalogue or an athlete's own.
    ExerciseId
);
id!(
    /// A set that was logged; the client's id, so that a retry is the same set.
    SetId
);
id!(
    /// People who train together.
    CommunityId
);
id!(
    /// A plan of weeks of days that an athlete follows.
    ProgramId
);
id!(
    /// What an athlete wrote down of one session.
    LogId
);
id!(
    /// An exercise's row in a log.
    LogExerciseId
);
id!(
    /// The right to finish one stage run; a stale one can write nothing.
    ClaimToken
);
