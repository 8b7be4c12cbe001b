//! Reading a plan out of JSON that a client sent, so that what is wrong is found.

use super::check::invalid;
use super::text::{self, TextError};
use super::{InvalidPlan, Plan, Repeat, Step, StepOrRepeat, intervals};
use crate::sport::Sport;
use crate::units::{Metres, Seconds};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The deepest JSON of steps that is followed: more than [`super::DEEPEST_REPEAT`], so that
/// validation says what is wrong.
const DEEPEST: usize = 8;

/// A plan whose steps are written as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanText {
    /// The athlete's local date.
    pub date: NaiveDate,
    /// The sport.
    pub sport: Sport,
    /// Finer kind of sport (`pool`, `open_water`, …).
    #[serde(default)]
    pub sub_sport: Option<String>,
    /// What people call it.
    pub name: String,
    /// Metres of one length of the pool, unless the text says it.
    #[serde(default)]
    pub pool_length_m: Option<Metres>,
    /// The steps.
    pub text: String,
    /// What the text is written in; told by the text where it is absent.
    #[serde(default)]
    pub text_format: Option<TextFormat>,
    /// Seconds in all, where the steps leave it open.
    #[serde(default)]
    pub total_duration_s: Option<Seconds>,
    /// Metres in all, where the steps leave it open.
    #[serde(default)]
    pub total_distance_m: Option<Metres>,
}

/// What the text of a plan is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// Ours.
    Paceline,
    /// That of Intervals.icu's workout builder.
    Intervals,
}

impl TextFormat {
    /// What a text is written in: only that of Intervals.icu begins steps with a hyphen.
    pub fn of(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim_start);
        if lines.any(|line| line.starts_with('-')) {
            Self::Intervals
        } else {
            Self::Paceline
        }
    }
}

impl PlanText {
    /// Reads the text.
    ///
    /// # Errors
    /// [`TextError`] says where the text cannot be read, and what was expected there.
    pub fn read(self) -> Result<Plan, TextError> {
        let format = self.text_format.unwrap_or(TextFormat::of(&self.text));
        let read = match format {
            TextFormat::Paceline => text::parse(&self.text, self.sport)?,
            TextFormat::Intervals => text::Parsed {
                steps: intervals::parse(&self.text, self.sport)?,
                pool_length_m: None,
            },
        };
        Ok(Plan {
            date: self.date,
            sport: self.sport,
            sub_sport: self.sub_sport,
            name: self.name,
            pool_length_m: read.pool_length_m.or(self.pool_length_m),
            steps: read.steps,
            total_duration_s: self.total_duration_s,
            total_distance_m: self.total_distance_m,
        })
    }
}

impl Plan {
    /// Reads a plan, or one whose steps are text.
    ///
    /// # Errors
    /// [`InvalidPlan`] names the field, a step or the text, that cannot be read.
    pub fn read(mut document: Value) -> Result<Self, InvalidPlan> {
        let Some(members) = document.as_object_mut() else {
            return Err(invalid("", "must be an object"));
        };
        if members.contains_key("text") {
            if members.contains_key("steps") {
                return Err(invalid("/text", "a plan has steps or text, not both"));
            }
            let plan: PlanText = member(members, "")?;
            return plan
                .read()
                .map_err(|error| invalid("/text", error.to_string()));
        }
        let steps = members.remove("steps");
        let plan = Self {
            steps: Vec::new(),
            ..member(members, "")?
        };
        let steps = match steps {
            None => Vec::new(),
            Some(Value::Array(steps)) => read_steps(steps, "/steps", 0)?,
            Some(_) => return Err(invalid("/steps", "must be an array")),
        };
        Ok(Self { steps, ..plan })
    }
}

fn member<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    field: &str,
) -> Result<T, InvalidPlan> {
    let value = Value::Object(std::mem::take(members));
    serde_json::from_value(value).map_err(|error| invalid(field, error.to_string()))
}

fn read_steps(
    steps: Vec<Value>,
    path: &str,
    depth: usize,
) -> Result<Vec<StepOrRepeat>, InvalidPlan> {
    let read = |(index, mut step): (usize, Value)| {
        let field = format!("{path}/{index}");
        let Some(members) = step.as_object_mut() else {
            return Err(invalid(field, "must be an object"));
        };
        if !members.contains_key("repeat") {
            return member::<Step>(members, &field).map(StepOrRepeat::Step);
        }
        let inside = match members.insert("steps".to_owned(), Value::Array(Vec::new())) {
            Some(Value::Array(inside)) if depth < DEEPEST => inside,
            Some(Value::Array(_)) => {
                return Err(invalid(field, "must hold steps, at most 4 levels deep"));
            }
            _ => return Err(invalid(field + "/steps", "must be an array")),
        };
        let group: Repeat = member(members, &field)?;
        let steps = read_steps(inside, &format!("{field}/steps"), depth + 1)?;
        Ok(StepOrRepeat::Repeat(Repeat { steps, ..group }))
    };
    steps.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(steps: Value) -> String {
        let plan = json!({"date": "2026-11-21", "sport": "run", "name": "x", "steps": steps});
        let refused = Plan::read(plan).and_then(|mut plan| plan.validate());
        refused.unwrap_err().field
    }

    #[test]
    fn what_is_wrong_is_named_by_a_pointer() {
        let step = |target: Value| json!({"kind": "work", "duration": {"type": "time", "value": 1}, "target": target});
        let good = step(json!({"type": "hr", "low": 120}));
        assert_eq!(refused(json!([good, {"kind": "jog"}])), "/steps/1");
        assert_eq!(
            refused(json!([good, {"repeat": 2, "steps": [good, 7]}])),
            "/steps/1/steps/1"
        );
        assert_eq!(refused(json!([{"repeat": 2}])), "/steps/0/steps");
        assert_eq!(refused(json!({})), "/steps");
        let unit = step(json!({"type": "power", "low": 1, "unit": "horses"}));
        assert_eq!(refused(json!([unit])), "/steps/0/target/unit");
        let zone = step(json!({"type": "hr", "low": 6, "unit": "zone"}));
        assert_eq!(refused(json!([zone])), "/steps/0/target/low");
        let nothing = step(json!({"type": "hr"}));
        assert_eq!(refused(json!([nothing])), "/steps/0/target");
        let mut lift = step(json!({}));
        lift["exercise"] = json!({"name": "Row", "sets": 0});
        assert_eq!(refused(json!([lift])), "/steps/0/exercise");
        lift["kind"] = json!("strength");
        assert_eq!(refused(json!([lift])), "/steps/0/exercise/sets");
    }

    #[test]
    fn steps_and_text_together_are_refused() {
        let both = json!({"date": "2026-11-21", "sport": "run", "name": "x", "steps": [], "text": "10min"});
        assert_eq!(Plan::read(both).unwrap_err().field, "/text");
    }

    #[test]
    fn a_deep_nest_is_refused_and_not_followed() {
        let step = json!({"kind": "rest", "duration": {"type": "lap_button"}});
        let nested = (0..100).fold(step, |inner, _| json!({"repeat": 1, "steps": [inner]}));
        assert!(refused(json!([nested])).starts_with("/steps/0/steps/0"));
    }
}
