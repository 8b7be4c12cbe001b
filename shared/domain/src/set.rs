//! What is logged of a set, and where it stands among the others.

use crate::exercise::words;
use crate::units::POUND_KG;
use serde::{Deserialize, Serialize};

/// The most sets of one workout.
pub const MOST_SETS: usize = 500;
/// The most grips of one set.
const MOST_GRIPS: usize = 10;
/// The most characters of a note.
const LONGEST_NOTE: usize = 2000;
/// The longest name of a grip that is looked for, in bytes.
const LONGEST_GRIP: usize = 100;

words!(
    /// What a set was for.
    #[derive(Default)]
    SetKind {
        /// A working set.
        #[default]
        Normal = "normal",
        /// Before the work, and of no record.
        Warmup = "warmup",
        /// The heaviest of its exercise that day.
        TopSet = "top_set",
        /// Lighter, after the top set.
        Backoff = "backoff",
        /// Without rest after the one before, with less weight.
        Drop = "drop",
        /// As many repetitions as possible.
        Amrap = "amrap",
        /// Held for a time.
        Timed = "timed",
        /// Carried or pushed over a distance.
        Distance = "distance",
    }
);

words!(
    /// Which side did it.
    Side {
        /// Both at once.
        Both = "both",
        /// The left alone.
        Left = "left",
        /// The right alone.
        Right = "right",
    }
);

words!(
    /// What weights are read off in.
    WeightUnit {
        /// Kilograms.
        Kg = "kg",
        /// Pounds.
        Lb = "lb",
    }
);

impl SetKind {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for this form"
    )]
    pub(crate) fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

impl WeightUnit {
    /// What an athlete with these units reads off.
    pub fn of_units(units: &str) -> Self {
        if units == "imperial" {
            Self::Lb
        } else {
            Self::Kg
        }
    }

    /// A weight of this unit in kilograms, to 0.01.
    pub fn to_kg(self, weight: f64) -> f64 {
        match self {
            Self::Kg => to_hundredths(weight),
            Self::Lb => to_hundredths(weight * POUND_KG),
        }
    }

    /// A weight in kilograms in this unit, to 0.01.
    pub fn of_kg(self, kg: f64) -> f64 {
        match self {
            Self::Kg => to_hundredths(kg),
            Self::Lb => to_hundredths(kg / POUND_KG),
        }
    }
}

fn to_hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn to_tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// What was done in a set, as it was entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetContent {
    /// What it was for.
    pub kind: SetKind,
    /// Repetitions; 0 of one that failed.
    pub reps: Option<i64>,
    /// Weight, in its unit.
    pub weight: Option<f64>,
    /// The unit of the weight.
    pub weight_unit: Option<WeightUnit>,
    /// Seconds.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// Rating of perceived exertion, 0 to 10.
    pub rpe: Option<f64>,
    /// Repetitions in reserve.
    pub rir: Option<f64>,
    /// How it was held; order and repetition do not matter.
    pub grips: Vec<String>,
    /// What the athlete wrote.
    pub notes: Option<String>,
    /// Seconds of rest after it.
    pub rest_s: Option<i64>,
    /// Whether it was done; otherwise it is only meant.
    pub is_completed: bool,
}

impl Default for SetContent {
    fn default() -> Self {
        Self {
            kind: SetKind::default(),
            reps: None,
            weight: None,
            weight_unit: None,
            duration_s: None,
            distance_m: None,
            rpe: None,
            rir: None,
            grips: Vec::new(),
            notes: None,
            rest_s: None,
            is_completed: true,
        }
    }
}

/// A value of a set that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSet {
    /// JSON pointer into the set.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl SetContent {
    /// Brings what was entered into the one form in which it is stored, or says all that is wrong.
    ///
    /// # Errors
    /// Each field that is wrong.
    pub fn checked(mut self) -> Result<Self, Vec<InvalidSet>> {
        let mut wrong = Vec::new();
        let mut refuse = |field, problem| wrong.push(InvalidSet { field, problem });
        let within = |value: Option<f64>, most: f64| {
            // A NaN lies in no range, so it is refused too.
            value.is_none_or(|value| (0.0..=most).contains(&value))
        };
        let counts =
            |value: Option<i64>, most: i64| value.is_none_or(|value| (0..=most).contains(&value));
        if !counts(self.reps, 10_000) {
            refuse("/reps", "must be 0 to 10000");
        }
        if !within(self.weight, 10_000.0) {
            refuse("/weight", "must be 0 to 10000");
        }
        if self.weight.is_some() && self.weight_unit.is_none() {
            refuse("/weight_unit", "must say kg or lb where there is a weight");
        }
        if !within(self.duration_s, 86_400.0) {
            refuse("/duration_s", "must be 0 to 86400");
        }
        if !within(self.distance_m, 1_000_000.0) {
            refuse("/distance_m", "must be 0 to 1000000");
        }
        if !within(self.rpe, 10.0) {
            refuse("/rpe", "must be 0 to 10");
        }
        if !within(self.rir, 10.0) {
            refuse("/rir", "must be 0 to 10");
        }
        if !counts(self.rest_s, 86_400) {
            refuse("/rest_s", "must be 0 to 86400");
        }
        if self.grips.len() > MOST_GRIPS {
            refuse("/grips", "there are more than 10");
        }
        let is_name = |grip: &String| grip.len() <= LONGEST_GRIP && !grip.contains('\0');
        if !self.grips.iter().all(is_name) {
            refuse("/grips", "must be names of grips");
        }
        let note = self.notes.as_deref().unwrap_or_default();
        if note.chars().count() > LONGEST_NOTE || note.contains('\0') {
            refuse("/notes", "must be text of at most 2000 characters");
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.weight = self.weight.map(to_hundredths);
        self.weight_unit = self.weight_unit.filter(|_| self.weight.is_some());
        self.duration_s = self.duration_s.map(to_hundredths);
        self.distance_m = self.distance_m.map(to_hundredths);
        self.rpe = self.rpe.map(to_tenths);
        self.rir = self.rir.map(to_tenths);
        self.grips.sort_unstable();
        self.grips.dedup();
        Ok(self)
    }

    /// The weight in kilograms, to 0.01.
    pub fn weight_kg(&self) -> Option<f64> {
        Some(self.weight_unit?.to_kg(self.weight?))
    }
}

/// The index of the next set among those of its exercise in its workout.
///
/// It counts from 1 without a gap. A side takes the first index that has the other side alone, so that
/// left and right share one.
pub fn next_index(taken: &[(i32, Side)], side: Side) -> i32 {
    let has = |index: i32, side: Side| taken.contains(&(index, side));
    let other = match side {
        Side::Both => None,
        Side::Left => Some(Side::Right),
        Side::Right => Some(Side::Left),
    };
    let waiting = taken
        .iter()
        .filter(|(index, of)| Some(*of) == other && !has(*index, side))
        .map(|(index, _)| *index)
        .min();
    let last = taken.iter().map(|(index, _)| *index).max();
    waiting.unwrap_or_else(|| last.unwrap_or_default().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(content: SetContent) -> Vec<&'static str> {
        let wrong = content.checked().err().unwrap_or_default();
        wrong.into_iter().map(|wrong| wrong.field).collect()
    }

    /// S-18
    #[test]
    fn what_cannot_be_is_refused_by_the_name_of_its_field() {
        let set = || SetContent {
            reps: Some(5),
            ..SetContent::default()
        };
        assert_eq!(fields(set()), Vec::<&str>::new());
        let bad = SetContent {
            reps: Some(-1),
            weight: Some(-20.0),
            rpe: Some(10.5),
            rir: Some(f64::NAN),
            rest_s: Some(-1),
            duration_s: Some(f64::INFINITY),
            distance_m: Some(-0.1),
            notes: Some("x".repeat(2001)),
            grips: vec!["close".to_owned(); 11],
            ..set()
        };
        assert_eq!(
            fields(bad),
            [
                "/reps",
                "/weight",
                "/weight_unit",
                "/duration_s",
                "/distance_m",
                "/rpe",
                "/rir",
                "/rest_s",
                "/grips",
                "/notes"
            ]
        );
    }

    /// S-04
    #[test]
    fn grips_are_stored_in_one_order_and_once() {
        let set = SetContent {
            reps: Some(1),
            grips: ["wide", "close", "wide"].map(str::to_owned).to_vec(),
            ..SetContent::default()
        };
        assert_eq!(set.checked().unwrap().grips, ["close", "wide"]);
    }

    /// S-10
    #[test]
    fn pounds_are_kilograms_to_a_hundredth_and_back() {
        assert_eq!(WeightUnit::Lb.to_kg(150.0).to_string(), "68.04");
        assert_eq!(WeightUnit::Lb.to_kg(225.0).to_string(), "102.06");
        assert_eq!(WeightUnit::Lb.of_kg(102.06).to_string(), "225");
        assert_eq!(WeightUnit::of_units("imperial"), WeightUnit::Lb);
        assert_eq!(WeightUnit::of_units("metric"), WeightUnit::Kg);
    }

    /// S-14
    #[test]
    fn left_and_right_share_an_index_and_both_take_one_of_their_own() {
        use Side::{Both, Left, Right};
        assert_eq!(next_index(&[], Both), 1);
        assert_eq!(next_index(&[], Left), 1);
        assert_eq!(next_index(&[(1, Left)], Right), 1);
        assert_eq!(next_index(&[(1, Left), (2, Left)], Right), 1);
        assert_eq!(next_index(&[(1, Left), (2, Left), (1, Right)], Right), 2);
        assert_eq!(next_index(&[(1, Left), (1, Right)], Left), 2);
        assert_eq!(next_index(&[(1, Both), (2, Left)], Both), 3);
    }
}
