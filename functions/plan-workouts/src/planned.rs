//! `/planned-workouts`: create, list, get, replace, delete.

use crate::Done;
use crate::forms::{self, Sent};
use chrono::NaiveDate;
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::MatchReason;
use domain::plan::{PlannedWorkout, text};
use lambda_http::http::{HeaderValue, StatusCode, header};
use platform::http::{self, Request, date, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use store::plans::{self, PlanPage, Planned};
use store::{Tx, athletes, attach};
use uuid::Uuid;

/// The most plans of one page.
const PAGE: i64 = 100;

/// A plan as clients see it.
#[derive(Serialize)]
struct PlanView {
    #[serde(flatten)]
    planned: PlannedWorkout,
    /// Its steps as text.
    text: String,
    /// The workout that is attached to it.
    workout_id: Option<WorkoutId>,
}

impl From<Planned> for PlanView {
    fn from(row: Planned) -> Self {
        let plan = &row.planned.plan;
        Self {
            text: text::print(&plan.steps, plan.pool_length_m),
            planned: row.planned,
            workout_id: row.workout_id,
        }
    }
}

#[derive(Serialize)]
struct PlanList {
    planned_workouts: Vec<PlanView>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &["from", "to", "cursor"])?;
    let from = date(request, "from")?.unwrap_or(NaiveDate::MIN);
    let to = date(request, "to")?.unwrap_or(NaiveDate::MAX);
    let after = match request.query("cursor") {
        Some(cursor) => read_cursor(&cursor).ok_or_else(|| {
            Problem::malformed("bad_cursor", "cursor must be a next_cursor of this list")
        })?,
        None => (NaiveDate::MIN, PlannedId(Uuid::nil())),
    };
    // PostgreSQL's dates end before chrono's.
    let postgres = |date: NaiveDate| {
        let first = NaiveDate::from_ymd_opt(-4712, 1, 1).unwrap_or_default();
        let last = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default();
        date.clamp(first, last)
    };
    let page = PlanPage {
        from: postgres(from),
        to: postgres(to),
        after: (postgres(after.0), after.1),
        limit: PAGE + 1,
    };
    let mut rows = plans::list_plans(tx, user, page).await?;
    let more = rows.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next_cursor = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{}_{}", last.planned.plan.date, last.planned.planned_id));
    let planned_workouts = rows.into_iter().map(PlanView::from).collect();
    let body = PlanList {
        planned_workouts,
        next_cursor,
    };
    Ok(Done::reading(http::json(StatusCode::OK, &body)))
}

pub(crate) async fn create(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    let plan = Sent::read(request)?.after(&[])?;
    let planned_id = PlannedId(Uuid::now_v7());
    tx.lock_user(user).await?;
    plans::insert_plan(tx, user, planned_id, &plan).await?;
    let changed = attach::rematch_near(tx, user, plan.date).await?;

    let mut response = http::json(StatusCode::CREATED, &view(tx, user, planned_id).await?);
    if let Ok(location) = HeaderValue::from_str(&format!("/planned-workouts/{planned_id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(Done { response, changed })
}

pub(crate) async fn find(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let planned_id: PlannedId = request.id(id)?;
    let row = plans::find_plan(tx, user, planned_id)
        .await?
        .ok_or_else(no_plan)?;
    let mut response = if forms::wants_file(request) {
        let profile = athletes::find_profile(tx, user).await?;
        let limits = profile.on(row.planned.plan.date).thresholds;
        forms::file(&row.planned, &limits)?
    } else {
        http::json(StatusCode::OK, &PlanView::from(row))
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(Done::reading(response))
}

pub(crate) async fn replace(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let planned_id: PlannedId = request.id(id)?;
    let sent = Sent::read(request)?;
    tx.lock_user(user).await?;
    let before = plans::find_plan(tx, user, planned_id)
        .await?
        .ok_or_else(no_plan)?;
    let plan = sent.after(&before.planned.plan.steps)?;

    let mut changed = Vec::new();
    if let Some(edited) = plans::update_plan(tx, user, planned_id, &plan).await? {
        if let Some(holder) = before.workout_id
            && attach::reconsider(tx, user, holder, edited.is_news).await?
        {
            changed.push(holder);
        }
        changed.extend(attach::rematch_near(tx, user, before.planned.plan.date).await?);
        if plan.date != before.planned.plan.date {
            changed.extend(attach::rematch_near(tx, user, plan.date).await?);
        }
    }
    let response = http::json(StatusCode::OK, &view(tx, user, planned_id).await?);
    Ok(Done { response, changed })
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let planned_id: PlannedId = request.id(id)?;
    tx.lock_user(user).await?;
    let before = plans::find_plan(tx, user, planned_id)
        .await?
        .ok_or_else(no_plan)?;

    let date = before.planned.plan.date;
    let mut changed = Vec::new();
    let mut alone = None;
    if let Some(holder) = before.workout_id {
        alone = attach::release_plan(tx, user, holder, MatchReason::PlanDeleted).await?;
        changed.push(holder);
    }
    plans::delete_plan(tx, user, planned_id).await?;
    changed.extend(attach::rematch_near(tx, user, date).await?);
    // The athlete may have attached it to a workout of any day.
    if let Some(day) = alone.filter(|day| *day != date) {
        changed.extend(attach::rematch_date(tx, user, day).await?);
    }
    Ok(Done {
        response: http::empty(StatusCode::NO_CONTENT),
        changed,
    })
}

async fn view(tx: &mut Tx, user: UserId, planned_id: PlannedId) -> Result<PlanView, Problem> {
    let row = plans::find_plan(tx, user, planned_id)
        .await?
        .ok_or_else(no_plan)?;
    Ok(row.into())
}

fn read_cursor(cursor: &str) -> Option<(NaiveDate, PlannedId)> {
    let (date, id) = cursor.split_once('_')?;
    Some((date.parse().ok()?, id.parse().ok()?))
}

fn no_plan() -> Problem {
    Problem::not_found("not_found", "there is no such planned workout")
}
