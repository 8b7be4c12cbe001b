//! Sets and records as clients see them: kilograms, and beside them what the athlete reads off.

use chrono::{DateTime, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use domain::record::RecordKind;
use domain::set::{SetContent, Side, WeightUnit};
use platform::problem::Problem;
use serde::Serialize;
use store::records::{Achieved, Record};
use store::sets::Set;
use store::{Tx, athletes};

/// What the athlete reads off.
pub(crate) async fn unit_of(tx: &mut Tx, user: UserId) -> Result<WeightUnit, Problem> {
    let (units, _) = athletes::find_locale(tx, user).await?;
    Ok(WeightUnit::of_units(&units))
}

/// A set.
#[derive(Serialize)]
pub(crate) struct SetView {
    set_id: SetId,
    workout_id: WorkoutId,
    exercise_id: ExerciseId,
    set_index: i32,
    side: Side,
    #[serde(flatten)]
    content: SetContent,
    weight_kg: Option<f64>,
    display_weight: Option<f64>,
    display_unit: WeightUnit,
    performed_at: DateTime<Utc>,
    told_by: String,
    counts: bool,
}

impl SetView {
    pub(crate) fn new(set: Set, unit: WeightUnit) -> Self {
        // What was entered in this unit is shown as it was entered.
        let entered = set
            .content
            .weight
            .filter(|_| set.content.weight_unit == Some(unit));
        Self {
            set_id: set.set_id,
            workout_id: set.workout_id,
            exercise_id: set.exercise_id,
            set_index: set.set_index,
            side: set.side,
            content: set.content,
            weight_kg: set.weight_kg,
            display_weight: entered.or(set.weight_kg.map(|kg| unit.of_kg(kg))),
            display_unit: unit,
            performed_at: set.performed_at,
            told_by: set.told_by,
            counts: set.counts,
        }
    }
}

/// A value of a record, in its unit and in what the athlete reads off.
#[derive(Serialize)]
pub(crate) struct ValueView {
    kind: RecordKind,
    value: f64,
    unit: &'static str,
    display_value: f64,
    display_unit: &'static str,
}

impl ValueView {
    fn new(kind: RecordKind, value: f64, unit: WeightUnit) -> Self {
        let is_weight = kind.unit() == WeightUnit::Kg.as_str();
        Self {
            kind,
            value,
            unit: kind.unit(),
            display_value: if is_weight { unit.of_kg(value) } else { value },
            display_unit: if is_weight {
                unit.as_str()
            } else {
                kind.unit()
            },
        }
    }
}

/// What a set surpassed.
#[derive(Serialize)]
pub(crate) struct AchievedView {
    #[serde(flatten)]
    value: ValueView,
    previous: Option<f64>,
    /// Whether there was nothing to surpass.
    is_baseline: bool,
}

impl AchievedView {
    pub(crate) fn new(achieved: &Achieved, unit: WeightUnit) -> Self {
        Self {
            value: ValueView::new(achieved.kind, achieved.value, unit),
            previous: achieved.previous,
            is_baseline: achieved.previous.is_none(),
        }
    }
}

/// A record, as it stands or once stood.
#[derive(Serialize)]
pub(crate) struct RecordView {
    exercise_id: ExerciseId,
    exercise_name: String,
    grips: Vec<String>,
    #[serde(flatten)]
    value: ValueView,
    previous: Option<f64>,
    achieved_at: DateTime<Utc>,
    set_id: SetId,
    workout_id: WorkoutId,
}

impl RecordView {
    pub(crate) fn new(record: Record, unit: WeightUnit) -> Self {
        Self {
            exercise_id: record.exercise_id,
            exercise_name: record.exercise_name,
            grips: record.grips,
            value: ValueView::new(record.kind, record.value, unit),
            previous: record.previous,
            achieved_at: record.achieved_at,
            set_id: record.set_id,
            workout_id: record.workout_id,
        }
    }
}
