//! What the plan asked for: a dated workout with structured steps.

use crate::id::PlannedId;
use crate::sport::Sport;
use crate::units::{Metres, Seconds};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most steps a plan may have once its repeats are written out.
pub const MOST_STEPS: usize = 1000;
/// Deepest nesting of repeats.
pub const DEEPEST_REPEAT: usize = 4;
/// Most characters of a name.
pub const LONGEST_NAME: usize = 200;

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

/// A step, or a group of steps done several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StepOrRepeat {
    /// A group done `repeat` times.
    Repeat(Repeat),
    /// One step.
    Step(Step),
}

/// Steps done several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How many times, 1 to 100.
    pub repeat: u16,
    /// What is repeated.
    pub steps: Vec<StepOrRepeat>,
}

/// One step of a planned workout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable id, given by the client or by us at creation.
    #[serde(default)]
    pub id: String,
    /// What the step is for.
    pub kind: StepKind,
    /// How long it lasts.
    pub duration: StepDuration,
    /// How hard it should be.
    #[serde(default)]
    pub target: Target,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Easy start.
    Warmup,
    /// The work itself.
    Work,
    /// Active recovery.
    Recovery,
    /// Standing still.
    Rest,
    /// Easy end.
    Cooldown,
    /// Technique.
    Drill,
    /// Lifting.
    Strength,
}

/// How long a step lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum StepDuration {
    /// For so many seconds.
    Time(Seconds),
    /// For so many metres.
    Distance(Metres),
    /// Until the athlete presses the lap button.
    LapButton,
}

/// How hard a step should be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is measured.
    #[serde(rename = "type", default)]
    pub kind: TargetKind,
    /// Lower end, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The unit of both ends, for example `w`, `bpm`, `s_per_km`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// What a target measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Speed, as time per distance.
    Pace,
    /// Power.
    Power,
    /// Heart rate.
    Hr,
    /// Rate of perceived exertion.
    Rpe,
    /// Cadence.
    Cadence,
    /// As the athlete likes.
    #[default]
    Open,
}

/// A plan that is well-formed and still not acceptable: which field, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct InvalidPlan {
    /// JSON pointer of the field.
    pub field: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Planned seconds and metres in all; `None` where a step leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlanTotals {
    /// Seconds.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
}

impl Plan {
    /// Checks what the types cannot, and gives every step without an id the next free `step-N`.
    ///
    /// # Errors
    /// [`InvalidPlan`] names the first field that is wrong.
    pub fn validate(&mut self) -> Result<(), InvalidPlan> {
        let invalid = |field: &str, problem| InvalidPlan {
            field: field.to_owned(),
            problem,
        };
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0') {
            return Err(invalid("/name", "must be 1 to 200 characters without NUL"));
        }
        if self
            .sub_sport
            .as_deref()
            .is_some_and(|s| s.len() > 64 || s.contains('\0'))
        {
            return Err(invalid(
                "/sub_sport",
                "must be at most 64 characters without NUL",
            ));
        }
        let mut walk = Walk::default();
        walk.visit(&mut self.steps, "/steps", 0, 1)?;
        let mut number = 0_usize;
        walk.name_missing(&mut self.steps, &mut number);
        Ok(())
    }

    /// Adds up the steps, or takes the stated totals when there are none.
    pub fn totals(&self) -> PlanTotals {
        if self.steps.is_empty() {
            return PlanTotals {
                duration_s: self.total_duration_s.map(Seconds::get),
                distance_m: self.total_distance_m.map(Metres::get),
            };
        }
        let (mut seconds, mut metres) = (Some(0.0), Some(0.0));
        add_up(&self.steps, 1.0, &mut seconds, &mut metres);
        PlanTotals {
            duration_s: self
                .total_duration_s
                .map(Seconds::get)
                .or(seconds)
                .filter(|s| *s > 0.0),
            distance_m: self
                .total_distance_m
                .map(Metres::get)
                .or(metres)
                .filter(|m| *m > 0.0),
        }
    }
}

fn add_up(steps: &[StepOrRepeat], times: f64, seconds: &mut Option<f64>, metres: &mut Option<f64>) {
    for step in steps {
        match step {
            StepOrRepeat::Repeat(group) => {
                add_up(
                    &group.steps,
                    times * f64::from(group.repeat),
                    seconds,
                    metres,
                );
            }
            StepOrRepeat::Step(step) => match step.duration {
                StepDuration::Time(s) => {
                    *seconds = seconds.map(|sum| sum + times * s.get());
                    *metres = None;
                }
                StepDuration::Distance(m) => {
                    *metres = metres.map(|sum| sum + times * m.get());
                    *seconds = None;
                }
                StepDuration::LapButton => {
                    *seconds = None;
                    *metres = None;
                }
            },
        }
    }
}

#[derive(Default)]
struct Walk {
    ids: std::collections::BTreeSet<String>,
    written_out: usize,
}

impl Walk {
    fn visit(
        &mut self,
        steps: &mut [StepOrRepeat],
        path: &str,
        depth: usize,
        times: usize,
    ) -> Result<(), InvalidPlan> {
        for (index, step) in steps.iter_mut().enumerate() {
            let field = format!("{path}/{index}");
            match step {
                StepOrRepeat::Repeat(group) => {
                    if !(1..=100).contains(&group.repeat) {
                        let field = format!("{field}/repeat");
                        return Err(InvalidPlan {
                            field,
                            problem: "must be 1 to 100",
                        });
                    }
                    if group.steps.is_empty() || depth == DEEPEST_REPEAT {
                        let problem = "must hold steps, at most 4 levels deep";
                        return Err(InvalidPlan { field, problem });
                    }
                    let times = times.saturating_mul(usize::from(group.repeat));
                    self.visit(
                        &mut group.steps,
                        &format!("{field}/steps"),
                        depth + 1,
                        times,
                    )?;
                }
                StepOrRepeat::Step(step) => {
                    self.written_out = self.written_out.saturating_add(times);
                    if self.written_out > MOST_STEPS {
                        let problem = "the plan has more than 1000 steps";
                        return Err(InvalidPlan { field, problem });
                    }
                    if step.id.len() > 64 || step.id.contains('\0') {
                        let field = format!("{field}/id");
                        let problem = "must be at most 64 characters without NUL";
                        return Err(InvalidPlan { field, problem });
                    }
                    if !step.id.is_empty() && !self.ids.insert(step.id.clone()) {
                        let field = format!("{field}/id");
                        return Err(InvalidPlan {
                            field,
                            problem: "is used twice",
                        });
                    }
                    if let (Some(low), Some(high)) = (step.target.low, step.target.high)
                        && low > high
                    {
                        let field = format!("{field}/target");
                        return Err(InvalidPlan {
                            field,
                            problem: "low is above high",
                        });
                    }
                    if step
                        .target
                        .unit
                        .as_deref()
                        .is_some_and(|u| u.len() > 32 || u.contains('\0'))
                    {
                        let field = format!("{field}/target/unit");
                        let problem = "must be at most 32 characters without NUL";
                        return Err(InvalidPlan { field, problem });
                    }
                }
            }
        }
        Ok(())
    }

    fn name_missing(&mut self, steps: &mut [StepOrRepeat], number: &mut usize) {
        for step in steps {
            match step {
                StepOrRepeat::Repeat(group) => self.name_missing(&mut group.steps, number),
                StepOrRepeat::Step(step) => {
                    while step.id.is_empty() {
                        *number += 1;
                        let id = format!("step-{number}");
                        if self.ids.insert(id.clone()) {
                            step.id = id;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &str) -> Plan {
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
