//! What a plan adds up to.

use super::{Plan, StepDuration, StepKind, StepOrRepeat, Target, TargetKind, unit_of};
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
    /// Whether there are steps of time, and of distance.
    has: (bool, bool),
}

impl Plan {
    /// Adds up the steps, or takes the stated totals where they leave it open.
    ///
    /// Steps of time alone add up to seconds, steps of distance alone to metres; a rest is of no
    /// metres. Where a plan has both, a step counts in the other unit by the middle of its own
    /// absolute pace, and a step without one leaves that total open. So does a lap button.
    pub fn totals(&self) -> PlanTotals {
        let nothing = PlanTotals {
            duration_s: Some(0.0),
            distance_m: Some(0.0),
        };
        let mut sums = Sums {
            asked: nothing,
            paced: nothing,
            has: (false, false),
        };
        sums.add(&self.steps, 1.0);
        let Sums { asked, paced, has } = sums;
        let paced = if has == (true, true) {
            paced
        } else {
            PlanTotals::default()
        };
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
                    let standing = (step.kind == StepKind::Rest).then_some(0.0);
                    self.has.0 = true;
                    (Some(seconds), standing, Some(seconds), standing.or(metres))
                }
                StepDuration::Distance(metres) => {
                    let metres = metres.get();
                    let seconds = speed.map(|speed| metres / speed);
                    self.has.1 = true;
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

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    fn totals(steps: &str) -> (Option<f64>, Option<f64>) {
        let totals = plan(steps).totals();
        (totals.duration_s, totals.distance_m)
    }

    const WAY: &str = r#"{"kind":"work","duration":{"type":"distance","value":1000},
        "target":{"type":"pace","low":240,"high":260,"unit":"s_per_km"}}"#;
    const TIME: &str = r#"{"kind":"recovery","duration":{"type":"time","value":100},
        "target":{"type":"pace","low":2,"high":3,"unit":"mps"}}"#;
    const OPEN: &str = r#"{"kind":"recovery","duration":{"type":"time","value":100}}"#;
    const REST: &str = r#"{"kind":"rest","duration":{"type":"time","value":100}}"#;

    #[test]
    fn a_plan_of_both_counts_by_its_own_paces() {
        assert_eq!(totals(&format!("[{WAY}]")), (None, Some(1000.0)));
        assert_eq!(totals(&format!("[{TIME}]")), (Some(100.0), None));
        assert_eq!(
            totals(&format!("[{WAY},{TIME}]")),
            (Some(350.0), Some(1250.0))
        );
        assert_eq!(totals(&format!("[{WAY},{OPEN}]")), (Some(350.0), None));
        assert_eq!(
            totals(&format!("[{WAY},{REST}]")),
            (Some(350.0), Some(1000.0))
        );
    }

    #[test]
    fn what_was_stated_counts_only_where_the_steps_leave_it_open() {
        let mut plan = plan(&format!("[{TIME}]"));
        plan.total_duration_s = Seconds::parse(7.0).ok();
        plan.total_distance_m = Metres::parse(7.0).ok();
        assert_eq!(plan.totals().duration_s, Some(100.0));
        assert_eq!(plan.totals().distance_m, Some(7.0));
    }
}
