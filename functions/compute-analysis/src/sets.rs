//! The sets of a strength workout.

use domain::reason::Reason;
use domain::recording::Recording;
use domain::signal::strength::{e1rm_kg, volume_kg};
use domain::sport::Sport;
use serde::Serialize;

/// One active set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetFigures {
    /// Its place among the active sets, from 0.
    pub index: usize,
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Kind of exercise, in the source's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Repetitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// Load in kilograms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// Repetitions times load in kilograms (rule X1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_kg: Option<f64>,
    /// The load in kilograms that could be lifted once (Epley; rule X1), up to 12 repetitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e1rm_kg: Option<f64>,
    /// Seconds of rest until the next active set, where the source counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<f64>,
}

/// Describes the active sets, each with the rest behind it.
pub(crate) fn sets(recording: &Recording) -> Result<Vec<SetFigures>, Reason> {
    if recording.sport != Sport::Strength {
        return Err(Reason::NotForThisSport);
    }
    if recording.sets.is_empty() {
        return Err(Reason::NotReported);
    }
    let mut figures: Vec<SetFigures> = Vec::with_capacity(recording.sets.len());
    for set in &recording.sets {
        if set.active {
            figures.push(SetFigures {
                index: figures.len(),
                start_s: set.start_s,
                duration_s: set.duration_s,
                category: set.category.clone(),
                reps: set.reps,
                weight_kg: set.weight_kg,
                volume_kg: volume_kg(set),
                e1rm_kg: e1rm_kg(set),
                rest_s: None,
            });
        } else if let (Some(before), Some(rest)) = (figures.last_mut(), set.duration_s) {
            before.rest_s = Some(before.rest_s.unwrap_or(0.0) + rest);
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, StrengthSet};

    #[test]
    fn an_active_set_has_its_volume_its_single_and_its_rest() {
        let mut recording = Recording::empty(Format::Fit, Sport::Strength, DateTime::UNIX_EPOCH);
        let set = |active, reps, weight_kg| StrengthSet {
            start_s: 5.0,
            duration_s: Some(30.0),
            active,
            reps,
            weight_kg,
            category: None,
            ..StrengthSet::default()
        };
        recording.sets = vec![
            set(false, None, None),
            set(true, Some(10), Some(60.0)),
            set(false, None, None),
            set(false, None, None),
            set(true, Some(15), Some(60.0)),
            set(true, Some(8), None),
        ];
        let sets = sets(&recording).unwrap();
        let figures: Vec<_> = sets
            .iter()
            .map(|set| (set.index, set.volume_kg, set.e1rm_kg, set.rest_s))
            .collect();
        assert_eq!(
            figures,
            [
                (0, Some(600.0), Some(80.0), Some(60.0)),
                (1, Some(900.0), None, None),
                (2, None, None, None),
            ]
        );
    }

    #[test]
    fn sets_are_those_of_a_strength_workout() {
        let of = |sport| {
            let recording = Recording::empty(Format::Fit, sport, DateTime::UNIX_EPOCH);
            sets(&recording).unwrap_err()
        };
        assert_eq!(of(Sport::Strength), Reason::NotReported);
        assert_eq!(of(Sport::Run), Reason::NotForThisSport);
    }
}
