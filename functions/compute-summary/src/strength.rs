//! Figures of a strength workout (rule X1).

use domain::reason::Reason;
use domain::recording::{Recording, StrengthSet};
use domain::sport::Sport;

/// A strength workout in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Strength {
    pub(crate) sets: usize,
    pub(crate) reps: Option<u32>,
    pub(crate) volume_kg: Option<f64>,
}

/// Adds up the active sets; a set without a load adds nothing to the volume.
pub(crate) fn strength(recording: &Recording) -> Result<Strength, Reason> {
    if recording.sport != Sport::Strength {
        return Err(Reason::NotForThisSport);
    }
    if recording.sets.is_empty() {
        return Err(Reason::NotReported);
    }
    let active: Vec<&StrengthSet> = recording.sets.iter().filter(|set| set.active).collect();
    let reps = active.iter().filter_map(|set| set.reps).map(u32::from);
    let loads = active
        .iter()
        .filter_map(|set| Some(f64::from(set.reps?) * set.weight_kg?));
    Ok(Strength {
        sets: active.len(),
        reps: reps.reduce(u32::saturating_add),
        volume_kg: loads.reduce(|sum, load| sum + load),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::Format;

    fn set(active: bool, reps: Option<u16>, weight_kg: Option<f64>) -> StrengthSet {
        StrengthSet {
            start_s: 0.0,
            duration_s: None,
            active,
            reps,
            weight_kg,
            category: None,
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
}
