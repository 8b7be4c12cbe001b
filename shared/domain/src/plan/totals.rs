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
    /// What the plan comes to in all: what was asked for, else what its own paces make of that.
    ///
    /// Steps of time alone add up to seconds, steps of distance alone to metres; a rest is of no
    /// metres. Where a plan has both, a step counts in the other unit by the middle of its own
    /// absolute pace, and a step without one leaves that total open. So does a lap button. What was
    /// stated counts where the steps leave it open.
    pub fn totals(&self) -> PlanTotals {
        let sums = Sums::of(self);
        let (asked, paced, stated) = (sums.asked(), sums.paced(), self.stated());
        PlanTotals {
            duration_s: asked.duration_s.or(paced.duration_s).or(stated.duration_s),
            distance_m: asked.distance_m.or(paced.distance_m).or(stated.distance_m),
        }
    }

    /// What the plan asks for in all, which what was done is compared with.
    ///
    /// What follows from its paces is left out: who runs faster than asked has not done less.
    pub fn asked(&self) -> PlanTotals {
        let sums = Sums::of(self);
        let (asked, paced, stated) = (sums.asked(), sums.paced(), self.stated());
        // A total that follows from paces is stored where one is stated, to the bit.
        let unless = |stated: Option<f64>, paced: Option<f64>| {
            stated.filter(|stated| paced.map(f64::to_bits) != Some(stated.to_bits()))
        };
        let stated_s = unless(stated.duration_s, paced.duration_s);
        let stated_m = unless(stated.distance_m, paced.distance_m);
        PlanTotals {
            duration_s: asked.duration_s.or(stated_s),
            distance_m: asked.distance_m.or(stated_m),
        }
    }

    fn stated(&self) -> PlanTotals {
        PlanTotals {
            duration_s: self.total_duration_s.map(Seconds::get),
            distance_m: self.total_distance_m.map(Metres::get),
        }
        .above_nothing()
    }
}

impl PlanTotals {
    fn above_nothing(self) -> Self {
        Self {
            duration_s: self.duration_s.filter(|seconds| *seconds > 0.0),
            distance_m: self.distance_m.filter(|metres| *metres > 0.0),
        }
    }
}

impl Sums {
    fn of(plan: &Plan) -> Self {
        let nothing = PlanTotals {
            duration_s: Some(0.0),
            distance_m: Some(0.0),
        };
        let mut sums = Self {
            asked: nothing,
            paced: nothing,
            has: (false, false),
        };
        sums.add(&plan.steps, 1.0);
        sums
    }

    fn asked(&self) -> PlanTotals {
        self.asked.above_nothing()
    }

    /// What follows from paces, of a plan of both time and distance, beyond what was asked for.
    fn paced(&self) -> PlanTotals {
        if self.has != (true, true) {
            return PlanTotals::default();
        }
        let (asked, paced) = (self.asked(), self.paced.above_nothing());
        PlanTotals {
            duration_s: paced.duration_s.filter(|_| asked.duration_s.is_none()),
            distance_m: paced.distance_m.filter(|_| asked.distance_m.is_none()),
        }
    }

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
        for totals in [plan.totals(), plan.asked()] {
            assert_eq!(totals.duration_s, Some(100.0));
            assert_eq!(totals.distance_m, Some(7.0));
        }
    }

    #[test]
    fn what_follows_from_paces_is_not_asked_for() {
        let mut plan = plan(&format!("[{WAY},{REST}]"));
        let PlanTotals {
            duration_s,
            distance_m,
        } = plan.totals();
        assert_eq!((duration_s, distance_m), (Some(350.0), Some(1000.0)));
        // As it is stored.
        plan.total_duration_s = Seconds::parse(350.0).ok();
        plan.total_distance_m = Metres::parse(1000.0).ok();
        let PlanTotals {
            duration_s,
            distance_m,
        } = plan.asked();
        assert_eq!((duration_s, distance_m), (None, Some(1000.0)));
    }
}
