//! Figures of a strength workout (rule X1).

use crate::reason::Reason;
use crate::recording::{Recording, StrengthSet};
use crate::sport::Sport;

/// A strength workout in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// Active sets.
    pub sets: usize,
    /// Repetitions; `None` where none were counted.
    pub reps: Option<u32>,
    /// Repetitions times load in kilograms; `None` where no load was entered.
    pub volume_kg: Option<f64>,
}

/// Adds up the active sets; a set without a load adds nothing to the volume.
///
/// # Errors
/// `not_for_this_sport`, or `not_reported` without sets.
pub fn strength(recording: &Recording) -> Result<Strength, Reason> {
    if recording.sport != Sport::Strength {
        return Err(Reason::NotForThisSport);
    }
    if recording.sets.is_empty() {
        return Err(Reason::NotReported);
    }
    let active: Vec<&StrengthSet> = recording.sets.iter().filter(|set| set.active).collect();
    let reps = active.iter().filter_map(|set| set.reps).map(u32::from);
    let loads = active.iter().filter_map(|set| volume_kg(set));
    Ok(Strength {
        sets: active.len(),
        reps: reps.reduce(u32::saturating_add),
        volume_kg: loads.reduce(|sum, load| sum + load),
    })
}

/// Repetitions times load of one set in kilograms; `None` where either was not entered.
pub fn volume_kg(set: &StrengthSet) -> Option<f64> {
    Some(f64::from(set.reps?) * set.weight_kg?)
}

/// The most repetitions from which a single one can be told.
const MOST_REPS: u16 = 12;

/// The load in kilograms that a set says could be lifted once (Epley; rule X1).
///
/// `w (1 + r / 30)`, the load itself for one repetition; `None` without repetitions or a load, and
/// beyond twelve repetitions, where every such formula is a guess (`LeSuer` et al. 1997, JSCR
/// 11:211).
pub fn e1rm_kg(set: &StrengthSet) -> Option<f64> {
    let weight = set.weight_kg?;
    match set.reps? {
        0 => None,
        1 => Some(weight),
        reps if reps <= MOST_REPS => Some(weight * (1.0 + f64::from(reps) / 30.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Format;
    use chrono::DateTime;

    fn set(active: bool, reps: Option<u16>, weight_kg: Option<f64>) -> StrengthSet {
        StrengthSet {
            start_s: 0.0,
            duration_s: None,
            active,
            reps,
            weight_kg,
            category: None,
            ..StrengthSet::default()
        }
    }

    #[test]
    fn volume_is_the_sum_of_repetitions_times_load_of_active_sets() {
        let mut recording = Recording::empty(Format::Fit, Sport::Strength, DateTime::UNIX_EPOCH);
        recording.sets = vec![
            set(true, Some(10), Some(14.0)),
            set(false, Some(99), Some(99.0)),
            set(true, Some(15), None),
            set(true, Some(5), Some(20.5)),
        ];
        let expected = Strength {
            sets: 3,
            reps: Some(30),
            volume_kg: Some(242.5),
        };
        assert_eq!(strength(&recording), Ok(expected));
    }

    #[test]
    fn no_volume_is_claimed_when_no_load_was_entered() {
        let mut recording = Recording::empty(Format::Fit, Sport::Strength, DateTime::UNIX_EPOCH);
        recording.sets = vec![set(true, Some(10), None)];
        assert_eq!(strength(&recording).unwrap().volume_kg, None);
    }

    #[test]
    fn ten_repetitions_of_100_kg_tell_the_published_single() {
        let single = |reps| e1rm_kg(&set(true, Some(reps), Some(100.0)));
        let near = |reps, expected: f64| {
            let kg = single(reps).unwrap();
            assert!((kg - expected).abs() < 0.05, "{kg} of {reps}");
        };
        near(1, 100.0);
        near(5, 116.7);
        near(10, 133.3);
        near(12, 140.0);
        assert_eq!((single(0), single(13)), (None, None));
        assert_eq!(e1rm_kg(&set(true, Some(5), None)), None);
    }
}
