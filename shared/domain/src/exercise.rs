//! What athletes lift, hold and carry.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $(
                $(#[$word_doc])*
                #[serde(rename = $text)]
                $word,
            )+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// The word in the database and in answers.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }

            /// Reads a word back.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == name)
            }
        }
    };
}
pub(crate) use words;

words!(
    /// The kind of exercise.
    Category {
        /// Strength training.
        Strength = "strength",
        /// Squat, bench press, deadlift and what serves them.
        Powerlifting = "powerlifting",
        /// Snatch, clean and jerk and what serves them.
        OlympicWeightlifting = "olympic_weightlifting",
        /// Stones, logs, yokes.
        Strongman = "strongman",
        /// Jumps and throws.
        Plyometrics = "plyometrics",
        /// Endurance on a machine.
        Cardio = "cardio",
        /// Stretching.
        Stretching = "stretching",
    }
);

words!(
    /// What is counted of an exercise.
    Measure {
        /// Repetitions.
        Reps = "reps",
        /// Seconds.
        Time = "time",
        /// Metres.
        Distance = "distance",
    }
);

words!(
    /// Whether one joint moves or several do.
    Mechanics {
        /// Several.
        Compound = "compound",
        /// One.
        Isolation = "isolation",
    }
);

words!(
    /// What an exercise is done with.
    Equipment {
        /// The body alone.
        Body = "body",
        /// A barbell.
        Barbell = "barbell",
        /// An EZ curl bar.
        EzBar = "ez_bar",
        /// Dumbbells.
        Dumbbell = "dumbbell",
        /// Kettlebells.
        Kettlebell = "kettlebell",
        /// A cable.
        Cable = "cable",
        /// A machine.
        Machine = "machine",
        /// A rubber band.
        Band = "band",
        /// A medicine ball.
        MedicineBall = "medicine_ball",
        /// An exercise ball.
        ExerciseBall = "exercise_ball",
        /// A foam roll.
        FoamRoll = "foam_roll",
        /// Something else.
        Other = "other",
    }
);

words!(
    /// A group of muscles.
    Muscle {
        /// Abdominals.
        Abdominals = "abdominals",
        /// Abductors.
        Abductors = "abductors",
        /// Adductors.
        Adductors = "adductors",
        /// Biceps.
        Biceps = "biceps",
        /// Calves.
        Calves = "calves",
        /// Chest.
        Chest = "chest",
        /// Forearms.
        Forearms = "forearms",
        /// Glutes.
        Glutes = "glutes",
        /// Hamstrings.
        Hamstrings = "hamstrings",
        /// Lats.
        Lats = "lats",
        /// Lower back.
        LowerBack = "lower_back",
        /// Middle back.
        MiddleBack = "middle_back",
        /// Neck.
        Neck = "neck",
        /// Quadriceps.
        Quadriceps = "quadriceps",
        /// Shoulders.
        Shoulders = "shoulders",
        /// Traps.
        Traps = "traps",
        /// Triceps.
        Triceps = "triceps",
    }
);
