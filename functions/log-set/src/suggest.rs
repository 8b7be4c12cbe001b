//! `GET /exercises/{id}/suggestion`: what could be lifted next, and why.

use crate::Done;
use crate::catalogue::no_exercise;
use crate::records::grips;
use crate::views::{SetView, unit_of};
use domain::id::{ExerciseId, UserId};
use domain::record::RecordKind;
use domain::set::{SetContent, WeightUnit};
use domain::suggestion::{self, Known, RANGE, Suggestion};
use lambda_http::http::StatusCode;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::records::{self, Filter};
use store::{Tx, exercises, sets};
use uuid::Uuid;

/// The most repetitions of a range.
const MOST_REPS: i64 = 100;

/// The numbers that a suggestion came from.
#[derive(Serialize)]
struct From {
    last_set: Option<SetView>,
    e1rm_kg: Option<f64>,
    heaviest_kg: Option<f64>,
    ten_rep_max_kg: Option<f64>,
}

#[derive(Serialize)]
struct SuggestionView {
    exercise_id: ExerciseId,
    /// Always `suggestion`, so that nobody takes it for what was done or prescribed.
    label: &'static str,
    #[serde(flatten)]
    suggestion: Suggestion,
    weight_kg: Option<f64>,
    reps_low: i64,
    reps_high: i64,
    from: From,
}

pub(crate) async fn next(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &["grips", "reps_low", "reps_high"])?;
    let exercise_id: ExerciseId = request.id(id)?;
    let range = range(request)?;
    let exercise = exercises::find_exercise(tx, user, exercise_id).await?;
    let exercise = exercise.ok_or_else(no_exercise)?;
    let grips = grips(request).unwrap_or_default();
    let last = sets::find_last_working(tx, user, exercise_id, &grips).await?;
    let unit = unit_of(tx, user).await?;
    let known = Known {
        measure: exercise.definition.measure,
        equipment: exercise.definition.equipment,
        last: last.as_ref().map(|set| set.content.clone()),
        e1rm_kg: greatest(tx, user, exercise_id, RecordKind::E1rm).await?,
        heaviest_kg: greatest(tx, user, exercise_id, RecordKind::Heaviest).await?,
        ten_rep_max_kg: exercises::find_estimate_kg(tx, user, exercise_id).await?,
    };
    let suggestion = suggestion::suggest(&known, range, unit);
    let view = SuggestionView {
        exercise_id,
        label: "suggestion",
        weight_kg: suggestion.weight.map(|weight| unit.to_kg(weight)),
        suggestion,
        reps_low: range.0,
        reps_high: range.1,
        from: From {
            last_set: last.map(|set| SetView::new(set, unit)),
            e1rm_kg: known.e1rm_kg,
            heaviest_kg: known.heaviest_kg,
            ten_rep_max_kg: known.ten_rep_max_kg,
        },
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &view)))
}

/// The greatest record of a kind, with whichever grip.
async fn greatest(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    kind: RecordKind,
) -> Result<Option<f64>, Problem> {
    let filter = Filter {
        exercise_id: Some(exercise),
        kind: Some(kind),
        grips: None,
    };
    let end = (
        chrono::DateTime::from_timestamp_nanos(i64::MAX),
        Uuid::max(),
    );
    let found = records::list_records(tx, user, &filter, end, i64::MAX).await?;
    Ok(found.iter().map(|record| record.value).reduce(f64::max))
}

fn range(request: &Request) -> Result<(i64, i64), Problem> {
    let bound = |name: &str, otherwise: i64| match request.query(name) {
        None => Some(otherwise),
        Some(text) => text.parse().ok(),
    };
    let bounds = bound("reps_low", RANGE.0).zip(bound("reps_high", RANGE.1));
    bounds
        .filter(|(low, high)| (1..=MOST_REPS).contains(low) && (*low..=MOST_REPS).contains(high))
        .ok_or_else(|| {
            Problem::malformed(
                "bad_range",
                "reps_low and reps_high must be 1 to 100, the low one not above the high one",
            )
        })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Estimate {
    ten_rep_max: f64,
    weight_unit: WeightUnit,
}

#[derive(Serialize)]
struct EstimateView {
    exercise_id: ExerciseId,
    ten_rep_max: f64,
    weight_unit: WeightUnit,
}

pub(crate) async fn keep_estimate(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let exercise_id: ExerciseId = request.id(id)?;
    let estimate: Estimate = request.json()?;
    let checked = SetContent {
        weight: Some(estimate.ten_rep_max),
        weight_unit: Some(estimate.weight_unit),
        reps: Some(10),
        ..SetContent::default()
    }
    .checked();
    let Some(ten_rep_max) = checked.ok().and_then(|set| set.weight) else {
        let problem = "must be 0 to 10000";
        return Err(
            Problem::unprocessable("invalid", format!("/ten_rep_max {problem}"))
                .with_field("/ten_rep_max", problem),
        );
    };
    tx.lock_user(user).await?;
    if exercises::find_exercise(tx, user, exercise_id)
        .await?
        .is_none()
    {
        return Err(no_exercise());
    }
    let weight_unit = estimate.weight_unit;
    exercises::keep_estimate(tx, user, exercise_id, ten_rep_max, weight_unit).await?;
    let view = EstimateView {
        exercise_id,
        ten_rep_max,
        weight_unit,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &view)))
}
