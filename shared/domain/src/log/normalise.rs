//! From what a client sends to what is meant: lists as long as there are sets, and nothing invented.

use super::{AddedType, Hundredths, MOST_EXERCISES, MOST_SETS, Wanted, Work};
use crate::id::{ExerciseId, LogExerciseId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The greatest weight that is believed, in any unit.
pub const MOST_WEIGHT: i32 = 10_000;
/// The most repetitions of a set that are believed.
const MOST_REPS: f64 = 10_000.0;
/// The greatest weight of an athlete that is believed, in any unit.
const MOST_BODYWEIGHT: i32 = 2000;
/// The longest note.
const LONGEST_NOTES: usize = 2000;
/// The last place that a plan may give an exercise.
const LAST_PLACE: f64 = 1000.0;

/// An exercise as a client sends it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExerciseInput {
    /// Its row, when it is known; a client may make the id of a new one.
    #[serde(default)]
    pub id: Option<LogExerciseId>,
    /// The revision that it was edited from.
    #[serde(default)]
    pub revision: Option<i64>,
    /// Which exercise.
    pub exercise_id: ExerciseId,
    /// How many sets.
    pub sets: f64,
    /// Repetitions of each.
    #[serde(default)]
    pub reps: Vec<Option<f64>>,
    /// Weight of each.
    #[serde(default)]
    pub weights: Vec<Option<f64>>,
    /// Which were done.
    #[serde(default)]
    pub completed: Vec<Option<bool>>,
    /// The athlete's own weight.
    #[serde(default)]
    pub bodyweight: Option<f64>,
    /// In the athlete's words.
    #[serde(default)]
    pub notes: Option<String>,
    /// How it came into the session.
    #[serde(default)]
    pub added_type: Option<AddedType>,
    /// Its place in the plan.
    #[serde(default)]
    pub original_index: Option<f64>,
}

/// What was made of a value that is not stored as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// A list was shorter than there are sets: what is missing is not known, or not done.
    Padded,
    /// A list was longer than there are sets.
    Cut,
    /// A weight had more than two decimals.
    Rounded,
    /// An empty text is none.
    Emptied,
    /// Whether a set was done was not said: it was not.
    NotDone,
}

/// A value that is not stored as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Corrected {
    /// JSON pointer of the value.
    pub field: String,
    /// What was made of it.
    pub correction: Correction,
    /// What it was; of a list its length.
    pub was: Value,
    /// What it is; of a list its length.
    pub is: Value,
}

/// A value that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// JSON pointer of the value.
    pub field: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// What is meant, and what was corrected on the way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normalised {
    /// The exercises in their order.
    pub exercises: Vec<Wanted>,
    /// What is not stored as it was sent.
    pub corrections: Vec<Corrected>,
}

/// Reads the exercises of a save.
///
/// # Errors
/// Every [`Invalid`] value; nothing is put in its place.
pub fn normalise(inputs: &[ExerciseInput]) -> Result<Normalised, Vec<Invalid>> {
    let mut reader = Reader::default();
    if inputs.len() > MOST_EXERCISES {
        reader.refuse("/exercises".to_owned(), "there are more than 100 exercises");
        return Err(reader.invalid);
    }
    let mut ids = HashSet::new();
    let mut exercises = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let field = format!("/exercises/{index}");
        if input.id.is_some_and(|id| !ids.insert(id)) {
            reader.refuse(format!("{field}/id"), "another exercise has this id");
        }
        if input.revision.is_some_and(|revision| revision < 1) {
            reader.refuse(format!("{field}/revision"), "must be from 1 on");
        }
        if let Some(work) = reader.read(&field, input) {
            exercises.push(Wanted {
                id: input.id,
                revision: input.revision,
                work,
            });
        }
    }
    if reader.invalid.is_empty() {
        Ok(Normalised {
            exercises,
            corrections: reader.corrections,
        })
    } else {
        Err(reader.invalid)
    }
}

#[derive(Default)]
struct Reader {
    corrections: Vec<Corrected>,
    invalid: Vec<Invalid>,
}

impl Reader {
    fn refuse(&mut self, field: String, problem: &'static str) {
        self.invalid.push(Invalid { field, problem });
    }

    fn correct(&mut self, field: String, correction: Correction, was: Value, is: Value) {
        self.corrections.push(Corrected {
            field,
            correction,
            was,
            is,
        });
    }

    /// What an exercise means; `None` when something in it is invalid.
    fn read(&mut self, field: &str, input: &ExerciseInput) -> Option<Work> {
        let before = self.invalid.len();
        let sets = whole(input.sets).filter(|sets| (1..=MOST_SETS).contains(&usize::from(*sets)));
        let Some(sets) = sets else {
            self.refuse(
                format!("{field}/sets"),
                "must be a whole number from 1 to 100",
            );
            return None;
        };
        let reps = self.list(
            &format!("{field}/reps"),
            &input.reps,
            sets,
            |reader, field, reps| {
                reps.and_then(|reps| {
                    let known = whole(reps).filter(|_| reps <= MOST_REPS);
                    if known.is_none() {
                        reader.refuse(field, "must be a whole number from 0 to 10000");
                    }
                    known
                })
            },
        );
        let weights = self.list(
            &format!("{field}/weights"),
            &input.weights,
            sets,
            |reader, field, weight| {
                weight.and_then(|weight| {
                    reader.weight(
                        field,
                        weight,
                        MOST_WEIGHT,
                        "must be a number from 0 to 10000",
                    )
                })
            },
        );
        let completed = self.list(
            &format!("{field}/completed"),
            &input.completed,
            sets,
            |reader, field, completed| {
                if completed.is_none() {
                    reader.correct(field, Correction::NotDone, Value::Null, json!(false));
                }
                completed
            },
        );
        let bodyweight = input.bodyweight.and_then(|weight| {
            let field = format!("{field}/bodyweight");
            let problem = "must be a number above 0, at most 2000";
            let read = self.weight(field.clone(), weight, MOST_BODYWEIGHT, problem);
            if read.is_some_and(|read| read.get() <= 0.0) {
                self.refuse(field, problem);
            }
            read
        });
        let notes = input.notes.as_deref();
        let notes = notes.and_then(|notes| self.text(format!("{field}/notes"), notes));
        let original_index = input.original_index.and_then(|place| {
            let known = whole(place).filter(|_| place <= LAST_PLACE);
            if known.is_none() {
                let problem = "must be a whole number from 0 to 1000";
                self.refuse(format!("{field}/original_index"), problem);
            }
            known
        });
        (self.invalid.len() == before).then(|| Work {
            exercise_id: input.exercise_id,
            sets,
            reps,
            weights,
            completed: completed
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect(),
            bodyweight,
            notes,
            added_type: input.added_type,
            original_index,
        })
    }

    /// A list with an entry for each set: `None` where nothing was sent.
    fn list<T: Copy, U: Clone>(
        &mut self,
        field: &str,
        values: &[T],
        sets: u16,
        mut read: impl FnMut(&mut Self, String, T) -> Option<U>,
    ) -> Vec<Option<U>> {
        let length = usize::from(sets);
        let mut list: Vec<Option<U>> = values
            .iter()
            .take(length)
            .enumerate()
            .map(|(index, value)| read(self, format!("{field}/{index}"), *value))
            .collect();
        list.resize(length, None);
        // What is not there at all is no list of the wrong length.
        if !values.is_empty() && values.len() != length {
            let correction = if values.len() < length {
                Correction::Padded
            } else {
                Correction::Cut
            };
            self.correct(
                field.to_owned(),
                correction,
                json!(values.len()),
                json!(length),
            );
        }
        list
    }

    fn weight(
        &mut self,
        field: String,
        number: f64,
        most: i32,
        problem: &'static str,
    ) -> Option<Hundredths> {
        let Some(nearest) = Hundredths::nearest(number, most) else {
            self.refuse(field, problem);
            return None;
        };
        if (nearest.get() - number).abs() > 0.000_001 {
            self.correct(
                field,
                Correction::Rounded,
                json!(number),
                json!(nearest.get()),
            );
        }
        Some(nearest)
    }

    fn text(&mut self, field: String, text: &str) -> Option<String> {
        if text.is_empty() {
            self.correct(field, Correction::Emptied, json!(""), Value::Null);
            return None;
        }
        if text.contains('\0') || text.chars().count() > LONGEST_NOTES {
            self.refuse(
                field,
                "must be a text of at most 2000 characters, none of them NUL",
            );
            return None;
        }
        Some(text.to_owned())
    }
}

/// A number without a fraction, from 0 to what the type holds.
fn whole(number: f64) -> Option<u16> {
    let index = crate::signal::number::to_index(number);
    let exact = (crate::signal::number::from_count(index) - number).abs() <= 0.0;
    u16::try_from(index).ok().filter(|_| exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input(fields: &Value) -> ExerciseInput {
        let mut exercise = json!({"exercise_id": uuid::Uuid::nil(), "sets": 3});
        let members = exercise.as_object_mut().unwrap();
        members.extend(fields.as_object().unwrap().clone());
        serde_json::from_value(exercise).unwrap()
    }

    fn read(fields: &Value) -> (Work, Vec<Value>) {
        let read = normalise(&[input(fields)]).unwrap();
        let corrections = read.corrections.iter();
        let corrections = corrections.map(|corrected| serde_json::to_value(corrected).unwrap());
        (read.exercises[0].work.clone(), corrections.collect())
    }

    /// L-18
    #[test]
    fn lists_are_padded_and_cut_to_the_sets_and_it_is_said() {
        let (work, corrections) = read(&json!({
            "reps": [8, 8], "weights": [100, 100, 100, 100], "completed": [true],
        }));

        assert_eq!(work.reps, [Some(8), Some(8), None]);
        let hundred = Hundredths::nearest(100.0, MOST_WEIGHT);
        assert_eq!(work.weights, [hundred; 3]);
        assert_eq!(work.completed, [true, false, false]);
        assert_eq!(
            corrections,
            [
                json!({"field": "/exercises/0/reps", "correction": "padded", "was": 2, "is": 3}),
                json!({"field": "/exercises/0/weights", "correction": "cut", "was": 4, "is": 3}),
                json!({"field": "/exercises/0/completed", "correction": "padded", "was": 1, "is": 3}),
            ]
        );
    }

    /// L-18
    #[test]
    fn zero_stays_zero_and_what_is_missing_is_not_known() {
        let (work, corrections) = read(&json!({
            "reps": [0, null, 5], "weights": [0, null, 0.5], "original_index": 0,
        }));

        assert_eq!(work.reps, [Some(0), None, Some(5)]);
        let zero = Hundredths::nearest(0.0, 1);
        assert_eq!(work.weights, [zero, None, Hundredths::nearest(0.5, 1)]);
        assert_eq!(work.original_index, Some(0));
        assert_eq!(work.completed, [false; 3]);
        assert_eq!(corrections, Vec::<Value>::new());
    }

    /// L-18
    #[test]
    fn a_third_decimal_and_an_empty_note_are_corrected_aloud() {
        let (work, corrections) = read(&json!({
            "weights": [102.058, 102.06, 102.064], "notes": "", "completed": [null, true, true],
        }));

        assert_eq!(work.weights, [Hundredths::nearest(102.06, MOST_WEIGHT); 3]);
        assert_eq!(work.notes, None);
        let said: Vec<&Value> = corrections.iter().map(|said| &said["correction"]).collect();
        assert_eq!(said, ["rounded", "rounded", "not_done", "emptied"]);
        assert_eq!(corrections[0]["field"], "/exercises/0/weights/0");
        assert_eq!(corrections[0]["was"], 102.058);
        assert_eq!(corrections[0]["is"], 102.06);
    }

    /// L-19
    #[test]
    fn what_is_no_number_of_its_kind_is_refused_by_field_and_nothing_is_put_in_its_place() {
        for (fields, field) in [
            (json!({"sets": 0}), "/sets"),
            (json!({"sets": 101}), "/sets"),
            (json!({"sets": 2.5}), "/sets"),
            (json!({"sets": -1}), "/sets"),
            (json!({"sets": 1e300}), "/sets"),
            (json!({"reps": [-1]}), "/reps/0"),
            (json!({"reps": [8, 8.5]}), "/reps/1"),
            (json!({"reps": [10_001]}), "/reps/0"),
            (json!({"weights": [-0.01]}), "/weights/0"),
            (json!({"weights": [1, 2, 10_001]}), "/weights/2"),
            (json!({"bodyweight": 0}), "/bodyweight"),
            (json!({"bodyweight": -80}), "/bodyweight"),
            (json!({"bodyweight": 2001}), "/bodyweight"),
            (json!({"original_index": -1}), "/original_index"),
            (json!({"notes": "a\u{0}b"}), "/notes"),
            (json!({"notes": "x".repeat(2001)}), "/notes"),
            (json!({"revision": 0}), "/revision"),
        ] {
            let refused = normalise(&[input(&fields)]).unwrap_err();
            let [refused] = refused.as_slice() else {
                panic!("{fields}: {refused:?}")
            };
            assert_eq!(refused.field, format!("/exercises/0{field}"), "{fields}");
        }
    }

    /// L-19
    #[test]
    fn an_id_that_is_there_twice_and_too_many_exercises_are_refused() {
        let twice = input(&json!({"id": uuid::Uuid::max()}));
        let refused = normalise(&[twice.clone(), twice]).unwrap_err();
        assert_eq!(refused[0].field, "/exercises/1/id");

        let many = vec![input(&json!({})); MOST_EXERCISES + 1];
        assert_eq!(normalise(&many).unwrap_err()[0].field, "/exercises");
        assert!(normalise(&many[1..]).is_ok());
    }

    proptest! {
        /// L-18: whatever lists are sent, what is stored is as long as there are sets and says the
        /// same where something was sent.
        #[test]
        fn every_list_is_as_long_as_there_are_sets(
            sets in 1_u16..=100,
            reps in proptest::collection::vec(proptest::option::of(0_u16..=10_000), 0..120),
        ) {
            let read = normalise(&[ExerciseInput {
                sets: f64::from(sets),
                reps: reps.iter().map(|reps| reps.map(f64::from)).collect(),
                ..input(&json!({}))
            }]);
            let work = read.unwrap().exercises.remove(0).work;
            let length = usize::from(sets);
            prop_assert_eq!(work.reps.len(), length);
            prop_assert_eq!(work.weights.len(), length);
            prop_assert_eq!(work.completed.len(), length);
            for (index, stored) in work.reps.iter().enumerate() {
                prop_assert_eq!(*stored, reps.get(index).copied().flatten());
            }
        }
    }
}
