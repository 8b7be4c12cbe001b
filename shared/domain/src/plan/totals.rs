//! What a plan adds up to.

use super::{Plan, StepDuration, StepOrRepeat, Target, TargetKind, unit_of};
use crate::units::{Metres, Seconds};

/// Planned seconds and metres in all; `None` where a step leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlanTotals {
    /// Seconds.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
}

/// A running sum of what was asked for, and of what that takes at the pace that was asked for.
struct Sums {
    asked: PlanTotals,
    paced: PlanTotals,
}

impl Plan {
    /// Adds up the steps, or takes the stated totals where they leave it open.
    ///
    /// Steps of time alone add up to seconds, steps of distance alone to metres. Where a plan has
    /// both, a step counts in the other unit by the middle of its own absolute pace, and a step
    /// without one leaves that total open. So does a lap button.
    pub fn totals(&self) -> PlanTotals {
        let nothing = PlanTotals {
            duration_s: Some(0.0),
            distance_m: Some(0.0),
        };
        let mut sums = Sums {
            asked: nothing,
            paced: nothing,
        };
        sums.add(&self.steps, 1.0);
        let Sums { asked, mut paced } = sums;
        if asked.duration_s.is_some() || asked.distance_m.is_some() {
            paced = PlanTotals::default();
        }
        let total = |asked: Option<f64>, paced: Option<f64>, stated: Option<f64>| {
            let added_up = asked.or(paced).filter(|_| !self.steps.is_empty());
            added_up.or(stated).filter(|total| *total > 0.0)
        };
        let stated_s = self.total_duration_s.map(Seconds::get);
        let stated_m = self.total_distance_m.map(Metres::get);
        PlanTotals {
            duration_s: total(asked.duration_s, paced.duration_s, stated_s),
            distance_m: total(asked.distance_m, paced.distance_m, stated_m),
        }
    }
}

impl Sums {
    fn add(&mut self, steps: &[StepOrRepeat], times: f64) {
        for step in steps {
            let step = match step {
                StepOrRepeat::Repeat(group) => {
                    self.add(&group.steps, times * f64::from(group.repeat));
                    continue;
                }
                StepOrRepeat::Step(step) => step,
            };
            let speed = speed_mps(&step.target);
            let (seconds, metres, paced_s, paced_m) = match step.duration {
                StepDuration::Time(seconds) => {
                    let seconds = seconds.get();
                    let metres = speed.map(|speed| seconds * speed);
                    (Some(seconds), None, Some(seconds), metres)
                }
                StepDuration::Distance(metres) => {
                    let metres = metres.get();
                    let seconds = speed.map(|speed| metres / speed);
                    (None, Some(metres), seconds, Some(metres))
                }
                StepDuration::LapButton => (None, None, None, None),
            };
            let add = |sum: &mut Option<f64>, more: Option<f64>| {
                *sum = sum.and_then(|sum| Some(sum + times * more?));
            };
            add(&mut self.asked.duration_s, seconds);
            add(&mut self.asked.distance_m, metres);
            add(&mut self.paced.duration_s, paced_s);
            add(&mut self.paced.distance_m, paced_m);
        }
    }
}

/// The middle of an absolute pace, in metres per second.
fn speed_mps(target: &Target) -> Option<f64> {
    if target.kind != TargetKind::Pace {
        return None;
    }
    let middle = match (target.low, target.high) {
        (Some(low), Some(high)) => f64::midpoint(low, high),
        (low, high) => low.or(high)?,
    };
    let speed = match unit_of(target)? {
        "mps" => middle,
        unit => super::units::metres_of(unit)? / middle,
    };
    (speed.is_finite() && speed > 0.0).then_some(speed)
}
