//! How much of the plan was done, part by part.

use domain::athlete::Athlete;
use domain::execution::{Amounts, done};
use domain::plan::PlannedWorkout;
use domain::planned_load::planned_load;
use domain::reason::{Reason, Reasons};
use domain::signal::Signal;
use domain::signal::figure::note;
use serde::Serialize;

/// Done against planned; a part that the plan leaves open, or that was not recorded, is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compliance {
    /// Seconds of the timer (rule T2), else elapsed (rule T1).
    pub duration: Option<Part>,
    /// Metres.
    pub distance: Option<Part>,
    /// Load: that of the workout, against that of the plan's steps.
    pub load: Option<Part>,
}

/// One part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Part {
    /// What was asked for.
    pub planned: f64,
    /// What was done.
    pub done: f64,
    /// Done over planned, in per cent.
    pub percent: f64,
    /// How near to 100 per cent that is.
    pub band: Band,
}

/// The colours of `TrainingPeaks`, on the unrounded percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// 80 to 120 per cent.
    Green,
    /// From 50 to below 80, and above 120 to 150 per cent.
    Yellow,
    /// Everything else.
    Red,
}

impl Band {
    fn of(percent: f64) -> Self {
        if (80.0..=120.0).contains(&percent) {
            Self::Green
        } else if (50.0..=150.0).contains(&percent) {
            Self::Yellow
        } else {
            Self::Red
        }
    }
}

/// Compares what was done, and its load, with the attached plan.
pub(crate) fn compliance(
    signal: &Signal<'_>,
    load: Result<f64, Reason>,
    athlete: &Athlete,
    plan: Option<&PlannedWorkout>,
    reasons: &mut Reasons,
) -> Option<Compliance> {
    let plan = note(reasons, "compliance", plan.ok_or(Reason::NoPlan))?;
    let (done, planned) = (done(signal), Amounts::of(plan.plan.asked()));
    let duration = part(done.duration_s.ok_or(Reason::NoSamples), planned.duration_s);
    let distance = part(
        done.distance_m.ok_or(Reason::NoDistance),
        planned.distance_m,
    );
    let load = planned_load(&plan.plan, athlete).and_then(|(_, planned)| part(load, Some(planned)));
    Some(Compliance {
        duration: note(reasons, "compliance.duration", duration),
        distance: note(reasons, "compliance.distance", distance),
        load: note(reasons, "compliance.load", load),
    })
}

fn part(done: Result<f64, Reason>, planned: Option<f64>) -> Result<Part, Reason> {
    let planned = planned
        .filter(|planned| *planned > 0.0)
        .ok_or(Reason::NotPlanned)?;
    let done = done?;
    let percent = done / planned * 100.0;
    if !percent.is_finite() {
        return Err(Reason::Implausible);
    }
    Ok(Part {
        planned,
        done,
        percent,
        band: Band::of(percent),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_are_those_of_the_published_colours() {
        let bands: Vec<_> = [
            0.0, 49.9, 50.0, 79.9, 80.0, 100.0, 120.0, 120.1, 150.0, 150.1,
        ]
        .into_iter()
        .map(Band::of)
        .collect();
        use Band::{Green, Red, Yellow};
        assert_eq!(
            bands,
            [
                Red, Red, Yellow, Yellow, Green, Green, Green, Yellow, Yellow, Red
            ]
        );
    }

    #[test]
    fn nothing_done_is_zero_per_cent_and_nothing_planned_is_no_part() {
        let nothing = part(Ok(0.0), Some(3600.0)).unwrap();
        assert_eq!((nothing.percent, nothing.band), (0.0, Band::Red));
        assert_eq!(part(Ok(600.0), None), Err(Reason::NotPlanned));
        assert_eq!(part(Ok(600.0), Some(0.0)), Err(Reason::NotPlanned));
        assert_eq!(
            part(Err(Reason::NoDistance), Some(10.0)),
            Err(Reason::NoDistance)
        );
    }
}
