//! What the plan asked for: a dated workout with structured steps.
//!
//! One model, several forms: JSON is that of the types here, [`text`] is what people type,
//! [`intervals`] reads another platform's text and [`fit`] is what watches take. `docs/plans.md`
//! specifies all of them.

mod check;
pub mod fit;
#[cfg(test)]
pub(crate) mod generated;
mod ids;
pub mod intervals;
mod read;
mod step;
pub mod text;
mod totals;
mod units;

pub use read::{PlanText, TextFormat};
pub use step::{
    Equipment, Exercise, Load, Ramp, Repeat, Step, StepDuration, StepKind, StepOrRepeat, Target,
    TargetKind,
};
pub use totals::PlanTotals;
pub use units::{ZONE, metres_of, unit_of, units, zones};

use crate::id::PlannedId;
use crate::sport::Sport;
use crate::units::{Metres, Seconds};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use thiserror::Error;

/// Most steps a plan may have once its repeats are written out.
pub const MOST_STEPS: usize = 1000;
/// Deepest nesting of repeats.
pub const DEEPEST_REPEAT: usize = 4;
/// Most characters of a name.
pub const LONGEST_NAME: usize = 200;
/// Most characters of a step's note.
pub const LONGEST_NOTE: usize = 200;
/// Most characters of an exercise's name.
pub const LONGEST_EXERCISE: usize = 100;
/// The shortest and the longest pool, in metres.
pub const POOL_M: (f64, f64) = (5.0, 200.0);

/// One planned workout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedWorkout {
    /// Its id.
    pub planned_id: PlannedId,
    /// What it asks for.
    #[serde(flatten)]
    pub plan: Plan,
}

/// What a planned workout asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The athlete's local date.
    pub date: NaiveDate,
    /// The sport.
    pub sport: Sport,
    /// Finer kind of sport (`pool`, `open_water`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_sport: Option<String>,
    /// What people call it.
    pub name: String,
    /// Metres of one length of the pool, of a swim in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_length_m: Option<Metres>,
    /// Structured steps, in order; empty for a plan that only has totals.
    #[serde(default)]
    pub steps: Vec<StepOrRepeat>,
    /// Seconds in all, when there are no steps to add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_duration_s: Option<Seconds>,
    /// Metres in all, when there are no steps to add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_distance_m: Option<Metres>,
}

/// A plan that is well-formed and still not acceptable: which field, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct InvalidPlan {
    /// JSON pointer of the field.
    pub field: String,
    /// What is wrong with it.
    pub problem: Cow<'static, str>,
}

impl Plan {
    /// Checks what the types cannot, writes units out, and gives every step without an id the
    /// `step-N` of its place.
    ///
    /// # Errors
    /// [`InvalidPlan`] names the first field that is wrong.
    pub fn validate(&mut self) -> Result<(), InvalidPlan> {
        check::plan(self)?;
        self.name_steps(BTreeSet::new());
        Ok(())
    }

    /// Does what [`Self::validate`] does for a plan that replaces one with these steps: a step that
    /// is still there, or was edited in its place, keeps its id, and no id comes to mean another.
    ///
    /// # Errors
    /// [`InvalidPlan`] names the first field that is wrong.
    pub fn validate_after(&mut self, before: &[StepOrRepeat]) -> Result<(), InvalidPlan> {
        check::plan(self)?;
        self.keep_ids(before);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(super) fn plan(steps: &str) -> Plan {
        let json = format!(
            r#"{{"date":"2026-11-21","sport":"run","name":"8 min repeats","steps":{steps}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    const REPEATS: &str = r#"[
        {"kind":"warmup","duration":{"type":"time","value":600}},
        {"repeat":3,"steps":[
            {"id":"hard","kind":"work","duration":{"type":"time","value":480},
             "target":{"type":"power","low":237,"high":262,"unit":"w"}},
            {"kind":"recovery","duration":{"type":"time","value":120}}]}]"#;

    #[test]
    fn repeats_are_added_up() {
        let totals = plan(REPEATS).totals();

        assert_eq!(
            totals,
            PlanTotals {
                duration_s: Some(2400.0),
                distance_m: None
            }
        );
    }

    #[test]
    fn a_lap_button_leaves_both_totals_open() {
        let totals = plan(r#"[{"kind":"work","duration":{"type":"lap_button"}}]"#).totals();

        assert_eq!(totals, PlanTotals::default());
    }

    #[test]
    fn steps_without_an_id_get_one_and_the_others_keep_theirs() {
        let mut plan = plan(REPEATS);
        plan.validate().unwrap();
        let first = serde_json::to_string(&plan).unwrap();
        plan.validate().unwrap();

        assert!(first.contains(r#""id":"step-1""#) && first.contains(r#""id":"hard""#));
        assert_eq!(first, serde_json::to_string(&plan).unwrap());
    }

    #[test]
    fn a_bomb_of_nested_repeats_is_refused() {
        let step = r#"{"kind":"work","duration":{"type":"time","value":1}}"#;
        let nest = |inner: &str| format!(r#"{{"repeat":100,"steps":[{inner}]}}"#);
        let mut bomb = plan(&format!("[{}]", nest(&nest(step))));

        assert_eq!(
            bomb.validate().unwrap_err().problem,
            "the plan has more than 1000 steps"
        );
    }
}
