//! What was lifted against what was planned, exercise by exercise.
//!
//! A set has no place of its own in a plan: what counts is how many, how often and how heavy.

use super::{nearness, ratio};
use crate::exercises::{Exercise, pairs, words};
use crate::plan::{Load, Step};
use crate::reason::Reason;
use crate::recording::Recording;
use crate::signal::number::{from_count, mean};
use crate::units::POUND_KG;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Sets of one exercise, added up; what is open or not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Lifted {
    sets: usize,
    reps: Option<f64>,
    /// Mean weight of a repetition in kilograms.
    weight_kg: Option<f64>,
}

/// One exercise of a plan, and what was done of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoneExercise {
    /// What the plan calls it.
    pub name: String,
    /// The steps that ask for it.
    pub step_ids: Vec<String>,
    /// Sets that were asked for.
    pub planned_sets: usize,
    /// Sets that were done.
    pub done_sets: usize,
    /// Least repetitions that were asked for in all; absent where one set leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_reps: Option<f64>,
    /// Most of them, where the plan names a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_reps_high: Option<f64>,
    /// Repetitions that were done; absent where no set tells them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_reps: Option<f64>,
    /// Mean weight of a repetition that was asked for, in kilograms; absent where a set leaves it open,
    /// or says it by what only the athlete knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_weight_kg: Option<f64>,
    /// Mean weight of a repetition that was done, in kilograms; absent where no set tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_weight_kg: Option<f64>,
    /// How near the repetitions lie to those that were asked for, 0 to 100; the sets where these are
    /// open.
    pub length_score: f64,
    /// How near the weight lies to the one that was asked for, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity_score: Option<f64>,
}

/// A session of strength against its plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lifting {
    /// The exercises of the plan, in its order.
    pub exercises: Vec<DoneExercise>,
    /// What the source calls those that were done and not planned, by the alphabet.
    pub unplanned: Vec<String>,
}

#[derive(Default)]
struct Asked {
    name: String,
    step_ids: Vec<String>,
    sets: usize,
    /// Least and most repetitions.
    reps: Option<(f64, f64)>,
    /// Kilograms times repetitions; of an open number of repetitions each set counts once.
    weight: Option<(f64, f64)>,
}

impl Lifting {
    /// `None` where the plan names no exercise, or the recording no set of a named one.
    pub(super) fn of(recording: &Recording, steps: &[&Step]) -> Option<Self> {
        let asked = asked(steps);
        let done = done(recording);
        if asked.is_empty() || done.is_empty() {
            return None;
        }
        let planned: BTreeSet<Exercise> = asked.iter().map(|(words, _)| words.clone()).collect();
        let lifted: BTreeSet<Exercise> = done.keys().cloned().collect();
        let pairs: BTreeMap<&Exercise, &Exercise> = pairs(&planned, &lifted).into_iter().collect();
        let met: BTreeSet<&Exercise> = pairs.values().copied().collect();
        let unplanned = done.iter().filter(|(words, _)| !met.contains(words));
        Some(Self {
            unplanned: unplanned.map(|(_, (name, _))| name.clone()).collect(),
            exercises: asked
                .into_iter()
                .map(|(words, asked)| {
                    let found = pairs.get(&words).and_then(|of| done.get(*of));
                    asked.against(found.map(|(_, lifted)| *lifted).unwrap_or_default())
                })
                .collect(),
        })
    }

    /// Whether nothing that was planned was done.
    pub(super) fn is_mismatch(&self) -> bool {
        self.exercises
            .iter()
            .all(|exercise| exercise.done_sets == 0)
    }

    /// Exercises of which something was done.
    pub fn done_exercises(&self) -> usize {
        let done = self
            .exercises
            .iter()
            .filter(|exercise| exercise.done_sets > 0);
        done.count()
    }

    /// Sets that were asked for and done, in all.
    pub fn sets(&self) -> (usize, usize) {
        let sum = |sets: fn(&DoneExercise) -> usize| self.exercises.iter().map(sets).sum();
        (
            sum(|exercise| exercise.planned_sets),
            sum(|exercise| exercise.done_sets),
        )
    }

    /// The mean of the exercises' nearness in length; what was not done counts as 0.
    pub(super) fn length(&self) -> Result<f64, Reason> {
        mean(self.exercises.iter().map(|exercise| exercise.length_score)).ok_or(Reason::NotPlanned)
    }

    /// The mean of the exercises' nearness in weight, of those where both are known.
    pub(super) fn intensity(&self) -> Result<f64, Reason> {
        let scores = self
            .exercises
            .iter()
            .filter_map(|exercise| exercise.intensity_score);
        mean(scores).ok_or(Reason::NoTarget)
    }
}

impl Asked {
    fn against(self, done: Lifted) -> DoneExercise {
        let weight_kg = self.weight.map(|(moved, reps)| moved / reps);
        let reps = self.reps.filter(|_| done.reps.is_some() || done.sets == 0);
        let length_score = match (reps, done.reps) {
            (Some((least, most)), reps) => within(reps.unwrap_or(0.0), least, most),
            (None, _) => within(
                from_count(done.sets),
                from_count(self.sets),
                from_count(self.sets),
            ),
        };
        let heavy = ratio(done.weight_kg, weight_kg).filter(|ratio| *ratio > 0.0);
        DoneExercise {
            name: self.name,
            step_ids: self.step_ids,
            planned_sets: self.sets,
            done_sets: done.sets,
            planned_reps: self.reps.map(|(least, _)| least),
            planned_reps_high: self
                .reps
                .filter(|(least, most)| least < most)
                .map(|(_, most)| most),
            done_reps: done.reps,
            planned_weight_kg: weight_kg,
            done_weight_kg: done.weight_kg,
            length_score,
            intensity_score: heavy.map(nearness),
        }
    }
}

/// 100 between two ends, and less the farther it lies outside.
fn within(done: f64, least: f64, most: f64) -> f64 {
    if done <= 0.0 {
        0.0
    } else if done < least {
        nearness(done / least)
    } else if done > most {
        nearness(done / most)
    } else {
        100.0
    }
}

/// The exercises of a plan with what all its steps ask of each, in the order of the plan.
fn asked(steps: &[&Step]) -> Vec<(Exercise, Asked)> {
    let mut all: Vec<(Exercise, Asked)> = Vec::new();
    for step in steps {
        let Some(exercise) = &step.exercise else {
            continue;
        };
        let key = words(&exercise.name);
        let sets = usize::from(exercise.sets);
        let each = exercise.reps.map(|least| {
            let most = exercise.reps_high.unwrap_or(least);
            (f64::from(least), f64::from(most))
        });
        let reps = each.map(|(least, most)| (least * from_count(sets), most * from_count(sets)));
        let kg = match exercise.load {
            Some(Load::Kg(kg)) => Some(kg),
            Some(Load::Lb(lb)) => Some(lb * POUND_KG),
            Some(Load::PctOneRepMax(_) | Load::Rpe(_) | Load::Bodyweight) | None => None,
        };
        let weighs = reps.map_or(from_count(sets), |(least, most)| f64::midpoint(least, most));
        let weight = kg.map(|kg| (kg * weighs, weighs));
        let add = |one: (f64, f64), other: (f64, f64)| (one.0 + other.0, one.1 + other.1);
        if let Some((_, asked)) = all.iter_mut().find(|(words, _)| *words == key) {
            asked.sets += sets;
            asked.reps = asked.reps.zip(reps).map(|(one, other)| add(one, other));
            asked.weight = asked.weight.zip(weight).map(|(one, other)| add(one, other));
            if !asked.step_ids.contains(&step.id) {
                asked.step_ids.push(step.id.clone());
            }
        } else if !key.is_empty() {
            let asked = Asked {
                name: exercise.name.clone(),
                step_ids: vec![step.id.clone()],
                sets,
                reps,
                weight,
            };
            all.push((key, asked));
        }
    }
    all
}

/// What was lifted of each named exercise, with what the source calls it.
fn done(recording: &Recording) -> BTreeMap<Exercise, (String, Lifted)> {
    #[derive(Default)]
    struct Sum {
        name: String,
        sets: usize,
        reps: Option<f64>,
        moved: f64,
        weighed: f64,
    }
    let mut sums: BTreeMap<Exercise, Sum> = BTreeMap::new();
    for set in recording.sets.iter().filter(|set| set.active) {
        let Some(name) = &set.category else {
            continue;
        };
        let sum = sums.entry(words(name)).or_default();
        if sum.name.is_empty() {
            sum.name.clone_from(name);
        }
        sum.sets += 1;
        let reps = set.reps.map(f64::from);
        sum.reps = sum
            .reps
            .or(reps.map(|_| 0.0))
            .map(|all| all + reps.unwrap_or(0.0));
        if let Some(kg) = set.weight_kg {
            let weighs = reps.unwrap_or(1.0);
            sum.moved += kg * weighs;
            sum.weighed += weighs;
        }
    }
    let named = sums.into_iter().filter(|(words, _)| !words.is_empty());
    named
        .map(|(words, sum)| {
            let lifted = Lifted {
                sets: sum.sets,
                reps: sum.reps,
                weight_kg: (sum.weighed > 0.0).then(|| sum.moved / sum.weighed),
            };
            (words, (sum.name, lifted))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, StepOrRepeat};
    use crate::recording::{Format, StrengthSet};
    use crate::sport::Sport;
    use chrono::DateTime;

    fn lifted(sets: &[(&str, u16, f64)]) -> Recording {
        let start = DateTime::UNIX_EPOCH;
        let mut recording = Recording::empty(Format::Fit, Sport::Strength, start);
        recording.sets = sets
            .iter()
            .map(|(name, reps, kg)| StrengthSet {
                start_s: 0.0,
                duration_s: None,
                active: true,
                reps: Some(*reps),
                weight_kg: (*kg > 0.0).then_some(*kg),
                category: Some((*name).to_owned()),
                ..StrengthSet::default()
            })
            .collect();
        recording
    }

    fn lifting(sets: &[(&str, u16, f64)], exercises: &[&str]) -> Option<Lifting> {
        let steps: Vec<String> = (exercises.iter())
            .map(|exercise| {
                format!(
                    r#"{{"id":"x","kind":"strength","duration":{{"type":"lap_button"}},"exercise":{exercise}}}"#
                )
            })
            .collect();
        let json = format!(
            r#"{{"date":"2026-11-21","sport":"strength","name":"x","steps":[{}]}}"#,
            steps.join(",")
        );
        let plan: Plan = serde_json::from_str(&json).unwrap();
        let steps = plan.steps.iter().map(|step| match step {
            StepOrRepeat::Step(step) => step,
            StepOrRepeat::Repeat(_) => panic!("there is none"),
        });
        Lifting::of(&lifted(sets), &steps.collect::<Vec<_>>())
    }

    const SQUAT: &str = r#"{"name":"Squat","sets":3,"reps":5,"load":{"unit":"kg","value":100}}"#;
    const PRESS: &str = r#"{"name":"Bench Press","sets":2,"reps":8,"reps_high":12,"load":{"unit":"rpe","value":8}}"#;

    /// P-55
    #[test]
    fn what_was_lifted_as_planned_scores_100_and_too_much_costs_as_much_as_too_little() {
        let score = |sets: &[(&str, u16, f64)]| {
            let lifting = lifting(sets, &[SQUAT]).unwrap();
            (lifting.length().unwrap(), lifting.intensity().unwrap())
        };
        assert_eq!(score(&[("squat", 5, 100.0); 3]), (100.0, 100.0));
        assert_eq!(score(&[("squat", 10, 200.0); 3]), (50.0, 50.0));
        assert_eq!(score(&[("squat", 5, 50.0); 3]), (100.0, 50.0));
        // One repetition more here and one less there are as many.
        let mixed = [
            ("squat", 4, 100.0),
            ("squat", 6, 100.0),
            ("squat", 5, 100.0),
        ];
        assert_eq!(score(&mixed), (100.0, 100.0));
    }

    /// P-55
    #[test]
    fn what_was_left_out_counts_as_nothing_and_what_was_not_asked_for_is_named() {
        let sets = [
            ("squat", 5, 100.0),
            ("squat", 5, 100.0),
            ("squat", 5, 100.0),
            ("curl", 8, 12.0),
        ];
        let lifting = lifting(&sets, &[SQUAT, PRESS]).unwrap();
        assert_eq!(lifting.length(), Ok(50.0));
        assert_eq!(lifting.intensity(), Ok(100.0));
        assert_eq!(lifting.unplanned, ["curl"]);
        assert_eq!((lifting.done_exercises(), lifting.sets()), (1, (5, 3)));
        assert!(!lifting.is_mismatch());
    }

    /// P-53
    #[test]
    fn a_session_without_any_planned_exercise_is_a_mismatch() {
        let lifting = lifting(&[("curl", 8, 12.0)], &[SQUAT, PRESS]).unwrap();
        assert!(lifting.is_mismatch());
    }

    /// P-55
    #[test]
    fn a_range_is_met_anywhere_in_it_and_a_weight_by_exertion_is_not_judged() {
        let of_reps = |reps: u16| {
            let lifting = lifting(&[("bench_press", reps, 60.0); 2], &[PRESS]).unwrap();
            assert_eq!(lifting.intensity(), Err(Reason::NoTarget));
            lifting.length().unwrap()
        };
        for (reps, score) in [(8, 100.0), (10, 100.0), (12, 100.0), (4, 50.0), (24, 50.0)] {
            assert!((of_reps(reps) - score).abs() < 1e-9, "{reps}");
        }
    }

    #[test]
    fn the_sets_of_one_exercise_are_added_up_and_pounds_are_kilograms() {
        let top = r#"{"name":"Squats","sets":1,"reps":3,"load":{"unit":"lb","value":264.5547155}}"#;
        let lifting = lifting(&[("squat", 5, 100.0)], &[SQUAT, top]).unwrap();
        let [squat] = lifting.exercises.as_slice() else {
            panic!("{lifting:?}");
        };
        assert_eq!((squat.planned_sets, squat.planned_reps), (4, Some(18.0)));
        let weight = squat.planned_weight_kg.unwrap();
        assert!(
            (weight - (15.0 * 100.0 + 3.0 * 120.0) / 18.0).abs() < 1e-6,
            "{weight}"
        );
    }

    #[test]
    fn without_names_on_both_sides_nothing_is_compared() {
        assert_eq!(lifting(&[], &[SQUAT]), None);
        assert_eq!(lifting(&[("squat", 5, 100.0)], &[]), None);
        assert_eq!(lifting(&[("…", 5, 100.0)], &[SQUAT]), None);
    }

    #[test]
    fn sets_count_where_repetitions_are_open() {
        let open = r#"{"name":"Pull-Up","sets":4,"load":{"unit":"bodyweight"}}"#;
        let lifting = lifting(&[("pull_up", 9, 0.0), ("pull_up", 7, 0.0)], &[open]).unwrap();
        assert_eq!(lifting.length(), Ok(50.0));
    }
}
