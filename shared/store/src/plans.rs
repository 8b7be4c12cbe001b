//! Planned workouts, one function per statement.

use crate::workouts::sport;
use crate::{StoreError, Tx};
use chrono::NaiveDate;
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::Candidate;
use domain::plan::{Plan, PlannedWorkout, StepOrRepeat};
use domain::units::{Metres, Seconds};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

/// A planned workout, and the workout that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What was asked for.
    pub planned: PlannedWorkout,
    /// The live workout that is attached to it.
    pub workout_id: Option<WorkoutId>,
}

/// Where a page of plans begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct PlanPage {
    /// First date, inclusive.
    pub from: NaiveDate,
    /// Last date, inclusive.
    pub to: NaiveDate,
    /// The last plan of the page before.
    pub after: (NaiveDate, PlannedId),
    /// Most rows.
    pub limit: i64,
}

#[derive(Debug, FromRow)]
struct CandidateRow {
    id: Uuid,
    sport: String,
    sub_sport: Option<String>,
    total_duration_s: Option<f64>,
    total_distance_m: Option<f64>,
    taken: bool,
}

/// A plan as columns; the totals are what the steps add up to, or what was stated.
#[derive(Debug)]
pub(crate) struct PlanColumns {
    pub(crate) id: Uuid,
    pub(crate) date: NaiveDate,
    pub(crate) sport: String,
    pub(crate) sub_sport: Option<String>,
    pub(crate) name: String,
    pub(crate) steps: Json<Vec<StepOrRepeat>>,
    pub(crate) duration_s: Option<f64>,
    pub(crate) distance_m: Option<f64>,
}

impl TryFrom<PlanColumns> for PlannedWorkout {
    type Error = StoreError;

    fn try_from(row: PlanColumns) -> Result<Self, StoreError> {
        Ok(Self {
            planned_id: PlannedId(row.id),
            plan: Plan {
                date: row.date,
                sport: sport(&row.sport)?,
                sub_sport: row.sub_sport,
                name: row.name,
                steps: row.steps.0,
                total_duration_s: row
                    .duration_s
                    .map(Seconds::parse)
                    .transpose()
                    .map_err(StoreError::corrupt)?,
                total_distance_m: row
                    .distance_m
                    .map(Metres::parse)
                    .transpose()
                    .map_err(StoreError::corrupt)?,
            },
        })
    }
}

#[derive(Debug, FromRow)]
struct PlanRow {
    id: Uuid,
    date: NaiveDate,
    sport: String,
    sub_sport: Option<String>,
    name: String,
    steps: Json<Vec<StepOrRepeat>>,
    total_duration_s: Option<f64>,
    total_distance_m: Option<f64>,
    workout_id: Option<Uuid>,
}

impl TryFrom<PlanRow> for Planned {
    type Error = StoreError;

    fn try_from(row: PlanRow) -> Result<Self, StoreError> {
        let columns = PlanColumns {
            id: row.id,
            date: row.date,
            sport: row.sport,
            sub_sport: row.sub_sport,
            name: row.name,
            steps: row.steps,
            duration_s: row.total_duration_s,
            distance_m: row.total_distance_m,
        };
        let workout_id = row.workout_id.map(WorkoutId);
        Ok(Self {
            planned: columns.try_into()?,
            workout_id,
        })
    }
}

/// Lists the plans of a date, each with whether another live workout holds it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_candidates(
    tx: &mut Tx,
    user: UserId,
    date: NaiveDate,
    workout: WorkoutId,
) -> Result<Vec<Candidate>, StoreError> {
    let query = tx
        .query_as::<CandidateRow>(include_str!("../queries/plans/list_candidates.sql"))
        .bind(user.0)
        .bind(date)
        .bind(workout.0);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Candidate {
                planned_id: PlannedId(row.id),
                sport: sport(&row.sport)?,
                sub_sport: row.sub_sport,
                duration_s: row.total_duration_s,
                distance_m: row.total_distance_m,
                taken: row.taken,
            })
        })
        .collect()
}

/// Finds one plan.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_plan(
    tx: &mut Tx,
    user: UserId,
    planned: PlannedId,
) -> Result<Option<Planned>, StoreError> {
    let query = tx
        .query_as::<PlanRow>(include_str!("../queries/plans/find_plan.sql"))
        .bind(planned.0)
        .bind(user.0);
    tx.fetch_optional(query)
        .await?
        .map(Planned::try_from)
        .transpose()
}

/// Lists plans by date.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_plans(
    tx: &mut Tx,
    user: UserId,
    page: PlanPage,
) -> Result<Vec<Planned>, StoreError> {
    let query = tx
        .query_as::<PlanRow>(include_str!("../queries/plans/list_plans.sql"))
        .bind(user.0)
        .bind(page.from)
        .bind(page.to)
        .bind(page.after.0)
        .bind(page.after.1.0)
        .bind(page.limit);
    tx.fetch_all(query)
        .await?
        .into_iter()
        .map(Planned::try_from)
        .collect()
}

/// Lists the plans of some days that no workout holds, by date.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_open_plans(
    tx: &mut Tx,
    user: UserId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<PlannedWorkout>, StoreError> {
    let query = tx
        .query_as::<PlanRow>(include_str!("../queries/plans/list_open_plans.sql"))
        .bind(user.0)
        .bind(from)
        .bind(to);
    tx.fetch_all(query)
        .await?
        .into_iter()
        .map(|row| Ok(Planned::try_from(row)?.planned))
        .collect()
}

/// Stores a new plan with the totals of its steps.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_plan(
    tx: &mut Tx,
    user: UserId,
    planned: PlannedId,
    plan: &Plan,
) -> Result<(), StoreError> {
    write_plan(
        tx,
        include_str!("../queries/plans/insert_plan.sql"),
        user,
        planned,
        plan,
    )
    .await?;
    Ok(())
}

/// Replaces a plan; `false` when it already said the same.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn update_plan(
    tx: &mut Tx,
    user: UserId,
    planned: PlannedId,
    plan: &Plan,
) -> Result<bool, StoreError> {
    let sql = include_str!("../queries/plans/update_plan.sql");
    Ok(write_plan(tx, sql, user, planned, plan).await? > 0)
}

async fn write_plan(
    tx: &mut Tx,
    sql: &'static str,
    user: UserId,
    planned: PlannedId,
    plan: &Plan,
) -> Result<u64, StoreError> {
    let totals = plan.totals();
    let query = tx
        .query(sql)
        .bind(planned.0)
        .bind(user.0)
        .bind(plan.date)
        .bind(plan.sport.as_str())
        .bind(plan.sub_sport.clone())
        .bind(plan.name.clone())
        .bind(Json(plan.steps.clone()))
        .bind(totals.duration_s)
        .bind(totals.distance_m);
    tx.execute(query).await
}

/// Deletes a plan; `false` when there is none.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete_plan(
    tx: &mut Tx,
    user: UserId,
    planned: PlannedId,
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/plans/delete_plan.sql"))
        .bind(planned.0)
        .bind(user.0);
    Ok(tx.execute(query).await? > 0)
}
