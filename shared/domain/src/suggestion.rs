//! What could be lifted next: a suggestion, and why.
//!
//! It goes on from the last working set by double progression: repetitions grow within a range, and at its
//! top the weight by the smallest plates. Where there is no such set, something else that is known of the
//! athlete stands in, and it is said what.

use crate::exercise::{Equipment, Measure};
use crate::set::{SetContent, WeightUnit};
use serde::Serialize;

/// The share of what could be lifted once that a first set is suggested with.
const FIRST_SHARE: f64 = 0.75;
/// The repetitions among which a set progresses, where the athlete names none.
pub const RANGE: (i64, i64) = (8, 12);

/// What is known of an athlete and an exercise.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What is counted of it.
    pub measure: Measure,
    /// What it is done with.
    pub equipment: Vec<Equipment>,
    /// The last working set with the grip that is asked for.
    pub last: Option<SetContent>,
    /// What could be lifted once, with any grip, in kilograms.
    pub e1rm_kg: Option<f64>,
    /// The heaviest set, with any grip, in kilograms.
    pub heaviest_kg: Option<f64>,
    /// What the athlete thinks to lift ten times, in kilograms.
    pub ten_rep_max_kg: Option<f64>,
}

/// What a suggestion was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The last working set.
    LastSet,
    /// The record of what could be lifted once.
    E1rmRecord,
    /// The record of the heaviest set.
    HeaviestRecord,
    /// What the athlete thinks.
    Estimate,
    /// Nothing of the athlete: what the equipment weighs at least.
    Default,
}

/// Why exactly this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The last set reached the top of the range: more weight, from its bottom again.
    TopOfRange,
    /// The last set was within the range: one repetition more.
    WithinRange,
    /// The last set was below the range: the same weight, one repetition more.
    BelowRange,
    /// Without weight there are only repetitions to add.
    BodyWeight,
    /// A share of what could be lifted once.
    ShareOfRecord,
    /// What the athlete thinks to lift ten times.
    TenRepMax,
    /// The least that the equipment weighs.
    LightestLoad,
    /// Nothing is known, and the equipment has no least weight.
    NothingKnown,
    /// It is not counted in repetitions.
    NotInReps,
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// What it was made of.
    pub basis: Basis,
    /// Why exactly this.
    pub reason: Why,
    /// Weight, in its unit.
    pub weight: Option<f64>,
    /// The unit that the athlete reads off.
    pub weight_unit: WeightUnit,
    /// Repetitions.
    pub reps: Option<i64>,
    /// Seconds of rest before it; `None` where the last set has no rating.
    pub rest_s: Option<i64>,
}

/// The smallest step of weight.
fn step(unit: WeightUnit) -> f64 {
    match unit {
        WeightUnit::Kg => 2.5,
        WeightUnit::Lb => 5.0,
    }
}

/// A weight that plates make, not above this.
fn plates(weight: f64, unit: WeightUnit) -> f64 {
    // What is a multiple but for its hundredths is that multiple.
    (weight / step(unit) + 0.005).floor() * step(unit)
}

/// Seconds of rest after a set, by how hard it was.
pub fn rest_s(rpe: f64) -> i64 {
    match rpe {
        rpe if rpe >= 9.0 => 300,
        rpe if rpe >= 8.0 => 240,
        rpe if rpe >= 7.0 => 180,
        rpe if rpe >= 6.0 => 120,
        _ => 90,
    }
}

/// The least that equipment weighs, in its unit; `None` of what weighs nothing or anything.
fn lightest(equipment: &[Equipment], unit: WeightUnit) -> Option<f64> {
    let (kg, lb) = match equipment.first()? {
        Equipment::Barbell => (20.0, 45.0),
        Equipment::EzBar | Equipment::Cable | Equipment::Machine => (10.0, 20.0),
        Equipment::Kettlebell => (7.5, 15.0),
        Equipment::Dumbbell => (5.0, 10.0),
        Equipment::Body
        | Equipment::Band
        | Equipment::MedicineBall
        | Equipment::ExerciseBall
        | Equipment::FoamRoll
        | Equipment::Other => return None,
    };
    Some(match unit {
        WeightUnit::Kg => kg,
        WeightUnit::Lb => lb,
    })
}

/// Suggests the next set, of these repetitions, to an athlete who reads off this unit.
pub fn suggest(known: &Known, (low, high): (i64, i64), unit: WeightUnit) -> Suggestion {
    let suggestion = |basis, reason, weight, reps| Suggestion {
        basis,
        reason,
        weight,
        weight_unit: unit,
        reps,
        rest_s: None,
    };
    if known.measure != Measure::Reps {
        return suggestion(Basis::Default, Why::NotInReps, None, None);
    }
    if let Some(last) = &known.last
        && let Some(reps) = last.reps
    {
        return Suggestion {
            rest_s: last.rpe.or(last.rir.map(|rir| 10.0 - rir)).map(rest_s),
            ..progress(last, reps, (low, high), unit)
        };
    }
    let records = [
        (known.e1rm_kg, Basis::E1rmRecord),
        (known.heaviest_kg, Basis::HeaviestRecord),
    ];
    for (kg, basis) in records {
        if let Some(kg) = kg {
            let weight = plates(unit.of_kg(kg * FIRST_SHARE), unit);
            return suggestion(basis, Why::ShareOfRecord, Some(weight), Some(low));
        }
    }
    if let Some(kg) = known.ten_rep_max_kg {
        let weight = plates(unit.of_kg(kg), unit);
        return suggestion(Basis::Estimate, Why::TenRepMax, Some(weight), Some(low));
    }
    match lightest(&known.equipment, unit) {
        Some(weight) => suggestion(Basis::Default, Why::LightestLoad, Some(weight), Some(low)),
        None => suggestion(Basis::Default, Why::NothingKnown, None, Some(low)),
    }
}

/// Double progression from the last set.
fn progress(last: &SetContent, reps: i64, (low, high): (i64, i64), unit: WeightUnit) -> Suggestion {
    let weight = last.weight.filter(|weight| *weight > 0.0).map(|weight| {
        if last.weight_unit == Some(unit) {
            weight
        } else {
            plates(unit.of_kg(last.weight_kg().unwrap_or(weight)), unit)
        }
    });
    let more = reps.saturating_add(1);
    let (reason, weight, reps) = match weight {
        None => (Why::BodyWeight, None, more),
        Some(weight) if reps >= high => (Why::TopOfRange, Some(weight + step(unit)), low),
        Some(weight) if reps >= low => (Why::WithinRange, Some(weight), more),
        Some(weight) => (Why::BelowRange, Some(weight), more),
    };
    Suggestion {
        basis: Basis::LastSet,
        reason,
        weight,
        weight_unit: unit,
        reps: Some(reps),
        rest_s: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Known {
        Known {
            measure: Measure::Reps,
            equipment: vec![Equipment::Barbell],
            last: None,
            e1rm_kg: None,
            heaviest_kg: None,
            ten_rep_max_kg: None,
        }
    }

    fn set(weight: Option<f64>, reps: i64, rpe: Option<f64>) -> Option<SetContent> {
        Some(SetContent {
            reps: Some(reps),
            weight,
            weight_unit: weight.map(|_| WeightUnit::Kg),
            rpe,
            ..SetContent::default()
        })
    }

    #[track_caller]
    fn assert_suggests(known: &Known, basis: Basis, reason: Why, weight: Option<f64>, reps: i64) {
        let made = suggest(known, RANGE, WeightUnit::Kg);
        assert_eq!(
            (made.basis, made.reason, made.weight, made.reps),
            (basis, reason, weight, Some(reps))
        );
    }

    /// S-21
    #[test]
    fn what_is_known_best_of_an_athlete_is_what_a_suggestion_is_made_of() {
        let mut known = nothing();
        assert_suggests(&known, Basis::Default, Why::LightestLoad, Some(20.0), 8);
        known.ten_rep_max_kg = Some(61.0);
        assert_suggests(&known, Basis::Estimate, Why::TenRepMax, Some(60.0), 8);
        known.heaviest_kg = Some(100.0);
        assert_suggests(
            &known,
            Basis::HeaviestRecord,
            Why::ShareOfRecord,
            Some(75.0),
            8,
        );
        known.e1rm_kg = Some(120.0);
        assert_suggests(&known, Basis::E1rmRecord, Why::ShareOfRecord, Some(90.0), 8);
        known.last = set(Some(80.0), 9, None);
        assert_suggests(&known, Basis::LastSet, Why::WithinRange, Some(80.0), 10);
    }

    /// S-21
    #[test]
    fn repetitions_grow_within_the_range_and_at_its_top_the_weight() {
        for (weight, reps, why, next_weight, next_reps) in [
            (Some(80.0), 8, Why::WithinRange, Some(80.0), 9),
            (Some(80.0), 11, Why::WithinRange, Some(80.0), 12),
            (Some(80.0), 12, Why::TopOfRange, Some(82.5), 8),
            (Some(80.0), 15, Why::TopOfRange, Some(82.5), 8),
            (Some(80.0), 5, Why::BelowRange, Some(80.0), 6),
            (None, 20, Why::BodyWeight, None, 21),
        ] {
            let known = Known {
                last: set(weight, reps, None),
                ..nothing()
            };
            assert_suggests(&known, Basis::LastSet, why, next_weight, next_reps);
        }
        let known = Known {
            last: set(Some(100.0), 12, None),
            ..nothing()
        };
        // 220.46 lb are 220 of plates, and 5 more.
        let made = suggest(&known, RANGE, WeightUnit::Lb);
        assert_eq!(
            (made.weight, made.weight_unit),
            (Some(225.0), WeightUnit::Lb)
        );
        let made = suggest(&known, (3, 5), WeightUnit::Kg);
        assert_eq!((made.weight, made.reps), (Some(102.5), Some(3)));
    }

    /// S-21
    #[test]
    fn the_harder_the_set_was_the_longer_the_rest() {
        let rest = |rpe, rir| {
            let last = set(Some(80.0), 9, rpe).map(|set| SetContent { rir, ..set });
            suggest(&Known { last, ..nothing() }, RANGE, WeightUnit::Kg).rest_s
        };
        let rests = [10.0, 9.0, 8.5, 7.0, 6.5, 5.0].map(|rpe| rest(Some(rpe), None).unwrap());
        assert_eq!(rests, [300, 300, 240, 180, 120, 90]);
        assert_eq!(rest(None, Some(1.0)), Some(300));
        assert_eq!(rest(None, None), None);
    }

    /// S-21
    #[test]
    fn nothing_is_suggested_where_nothing_is_known() {
        let known = Known {
            equipment: vec![Equipment::Body],
            ..nothing()
        };
        assert_suggests(&known, Basis::Default, Why::NothingKnown, None, 8);
        let plank = Known {
            measure: Measure::Time,
            last: set(None, 1, Some(9.0)),
            ..nothing()
        };
        let made = suggest(&plank, RANGE, WeightUnit::Kg);
        assert_eq!((made.reason, made.reps), (Why::NotInReps, None));
    }
}
