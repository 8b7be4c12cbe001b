//! `/records`: what stands, what stood, and the most for each number of repetitions.

use crate::Done;
use crate::catalogue::no_exercise;
use crate::views::{RecordView, unit_of};
use chrono::{DateTime, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use domain::record::RecordKind;
use domain::set::WeightUnit;
use lambda_http::http::StatusCode;
use platform::cursor;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use store::records::{self, Filter, RepMax};
use store::{Tx, exercises};
use uuid::Uuid;

/// The most records of one page.
const PAGE: usize = 100;
/// The most of a history; nobody surpasses an exercise's records more often.
const MOST_HISTORY: i64 = 1000;

#[derive(Serialize)]
struct RecordList {
    records: Vec<RecordView>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct History {
    records: Vec<RecordView>,
}

#[derive(Serialize)]
struct RepMaxView {
    reps: i32,
    weight_kg: f64,
    display_weight: f64,
    display_unit: WeightUnit,
    reps_done: i32,
    performed_at: DateTime<Utc>,
    set_id: SetId,
    workout_id: WorkoutId,
}

impl RepMaxView {
    fn new(max: &RepMax, unit: WeightUnit) -> Self {
        Self {
            reps: max.reps,
            weight_kg: max.weight_kg,
            display_weight: unit.of_kg(max.weight_kg),
            display_unit: unit,
            reps_done: max.reps_done,
            performed_at: max.performed_at,
            set_id: max.set_id(),
            workout_id: max.workout_id(),
        }
    }
}

#[derive(Serialize)]
struct RepMaxList {
    exercise_id: ExerciseId,
    rep_max: Vec<RepMaxView>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &["exercise_id", "kind", "grips", "cursor"])?;
    let filter = filter(request)?;
    let after = match request.query("cursor") {
        None => (DateTime::<Utc>::from_timestamp_nanos(i64::MAX), Uuid::max()),
        Some(text) => cursor::read_moment(&text)?,
    };
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut found = records::list_records(tx, user, &filter, after, limit).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next_cursor = found
        .last()
        .filter(|_| more)
        .map(|last| cursor::write_moment(last.achieved_at, last.id));
    let unit = unit_of(tx, user).await?;
    let list = RecordList {
        records: found
            .into_iter()
            .map(|r| RecordView::new(r, unit))
            .collect(),
        next_cursor,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &list)))
}

pub(crate) async fn history(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &["exercise_id", "kind", "grips"])?;
    let filter = filter(request)?;
    let Some(exercise) = filter.exercise_id else {
        return Err(Problem::malformed(
            "exercise_missing",
            "exercise_id must say of which exercise",
        ));
    };
    let found = records::list_history(tx, user, exercise, &filter, MOST_HISTORY).await?;
    let unit = unit_of(tx, user).await?;
    let history = History {
        records: found
            .into_iter()
            .map(|r| RecordView::new(r, unit))
            .collect(),
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &history)))
}

pub(crate) async fn rep_max(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &["grips"])?;
    let exercise_id: ExerciseId = request.id(id)?;
    if exercises::find_exercise(tx, user, exercise_id)
        .await?
        .is_none()
    {
        return Err(no_exercise());
    }
    let grips = grips(request);
    let found = records::list_rep_max(tx, user, exercise_id, grips.as_deref()).await?;
    let unit = unit_of(tx, user).await?;
    let list = RepMaxList {
        exercise_id,
        rep_max: found.iter().map(|max| RepMaxView::new(max, unit)).collect(),
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &list)))
}

fn filter(request: &Request) -> Result<Filter, Problem> {
    let exercise = request.query("exercise_id");
    let exercise = exercise.map(|id| {
        id.parse()
            .map_err(|_| Problem::malformed("bad_exercise", "exercise_id must be an id"))
    });
    let kind = request.query("kind");
    let kind = kind.map(|name| {
        RecordKind::from_name(&name)
            .ok_or_else(|| Problem::malformed("unknown_kind", "there is no such kind of record"))
    });
    Ok(Filter {
        exercise_id: exercise.transpose()?,
        kind: kind.transpose()?,
        grips: grips(request),
    })
}

/// The grips that are asked for, separated by commas; none of them is `grips=`.
pub(crate) fn grips(request: &Request) -> Option<Vec<String>> {
    let text = request.query("grips")?.replace('\0', " ");
    let grips = text.split(',').map(str::trim);
    let grips = grips.filter(|grip| !grip.is_empty());
    Some(grips.map(str::to_owned).collect())
}
