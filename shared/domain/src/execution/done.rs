//! One planned step as it was done, and what it says of itself.

use super::{Adherence, StepTimes};
use crate::plan::{StepDuration, StepKind};
use crate::reason::Reason;
use serde::Serialize;

/// One step as it was done, with how it was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoneStep<'p> {
    /// Which step, and when.
    pub times: StepTimes<'p>,
    /// How its seconds lie to its target; `None` where it has none.
    pub adherence: Option<Result<Adherence, Reason>>,
}

/// The step of the plan that a part of a recording executed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStep {
    /// The step's id; a repeated step has one.
    pub step_id: String,
    /// What the step is for.
    pub step_kind: StepKind,
    /// How long it asked to be.
    #[serde(flatten)]
    pub asked: AskedLength,
    /// Whether at least nine tenths of it were done.
    pub done: bool,
    /// How its seconds lie to its target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adherence: Option<Adherence>,
    /// Why its target was not measured; absent without a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adherence_reason: Option<Reason>,
}

/// Seconds or metres that a step asked for; neither where the lap button ends it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct AskedLength {
    /// Seconds that it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_duration_s: Option<f64>,
    /// Metres that it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_distance_m: Option<f64>,
}

/// How long a step was, against what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct DoneLength {
    /// Seconds that it took by the device's timer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_duration_s: Option<f64>,
    /// Metres, in a pool those of its lengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_distance_m: Option<f64>,
    /// Done over planned, in per cent, of what the step is measured in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_pct: Option<f64>,
    /// How near the two lie, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_score: Option<f64>,
}

impl AskedLength {
    /// What a step's duration asks for.
    pub fn of(duration: StepDuration) -> Self {
        let (planned_duration_s, planned_distance_m) = match duration {
            StepDuration::Time(seconds) => (Some(seconds.get()), None),
            StepDuration::Distance(metres) => (None, Some(metres.get())),
            StepDuration::LapButton => (None, None),
        };
        Self {
            planned_duration_s,
            planned_distance_m,
        }
    }
}

impl DoneStep<'_> {
    /// What was asked for and how near it was met; `None` for what followed the last step.
    pub fn planned(&self) -> Option<PlannedStep> {
        let step = self.times.step?;
        let (adherence, adherence_reason) = match self.adherence {
            Some(Ok(adherence)) => (Some(adherence), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        Some(PlannedStep {
            step_id: step.id.clone(),
            step_kind: step.kind,
            asked: AskedLength::of(step.duration),
            done: self.times.is_done,
            adherence,
            adherence_reason,
        })
    }

    /// How long it was; `None` for what followed the last step.
    pub fn length(&self) -> Option<DoneLength> {
        let done = self.times.length;
        let asked = AskedLength::of(self.times.step?.duration);
        let ratio = super::ratio(done.duration_s, asked.planned_duration_s)
            .or_else(|| super::ratio(done.distance_m, asked.planned_distance_m))
            .filter(|ratio| ratio.is_finite());
        Some(DoneLength {
            done_duration_s: done.duration_s,
            done_distance_m: done.distance_m,
            length_pct: ratio.map(|ratio| ratio * 100.0),
            length_score: ratio.map(super::nearness),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::Amounts;
    use crate::plan::Step;
    use crate::units::{Metres, Seconds};

    fn length(duration: StepDuration, running_s: f64, way_m: Option<f64>) -> DoneLength {
        let step = Step {
            id: "one".to_owned(),
            ..Step::new(StepKind::Work, duration)
        };
        let times = StepTimes {
            step: Some(&step),
            start_s: 100.0,
            end_s: 900.0,
            start_m: None,
            end_m: None,
            length: Amounts {
                duration_s: Some(running_s),
                distance_m: way_m,
            },
            is_done: true,
        };
        let done = DoneStep {
            times,
            adherence: None,
        };
        done.length().unwrap()
    }

    /// P-66
    #[test]
    fn a_step_is_as_far_off_when_too_long_as_when_too_short() {
        let time = |seconds| StepDuration::Time(Seconds::parse(seconds).unwrap());
        let both = |length: DoneLength| length.length_pct.zip(length.length_score);
        let way = Some(400.0);
        assert_eq!(both(length(time(300.0), 600.0, way)), Some((200.0, 50.0)));
        assert_eq!(both(length(time(300.0), 150.0, way)), Some((50.0, 50.0)));
        assert_eq!(both(length(time(300.0), 0.0, way)), Some((0.0, 0.0)));
        let way_of = StepDuration::Distance(Metres::parse(500.0).unwrap());
        assert_eq!(both(length(way_of, 600.0, way)), Some((80.0, 80.0)));
    }

    /// P-66
    #[test]
    fn a_step_without_a_length_of_its_own_has_no_score_of_it() {
        let time = StepDuration::Time(Seconds::parse(0.0).unwrap());
        let way = StepDuration::Distance(Metres::parse(500.0).unwrap());
        for (duration, way_m) in [
            (StepDuration::LapButton, Some(400.0)),
            (time, Some(400.0)),
            (way, None),
        ] {
            let length = length(duration, 60.0, way_m);
            assert_eq!((length.length_pct, length.length_score), (None, None));
            assert_eq!(length.done_distance_m, way_m);
        }
    }
}
