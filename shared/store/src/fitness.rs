//! What is added up over days and compared over years: loads and bests of workouts.
//!
//! Nothing here is stored by anybody but the stages: `stage_runs` keeps the few numbers of each result
//! that are asked for, as columns that PostgreSQL makes of the result itself.

use crate::workouts::sport;
use crate::{StoreError, Tx};
use chrono::NaiveDate;
use domain::id::{UserId, WorkoutId};
use domain::purpose::Purpose;
use domain::sport::Sport;
use sqlx::FromRow;
use uuid::Uuid;

/// What was done on one day, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct DayDone {
    /// The athlete's local date.
    pub date: NaiveDate,
    /// Workouts of that date; of a multi-session one each session.
    pub workouts: i64,
    /// Those whose load is being computed, or whose provider did not bring them yet.
    pub pending: i64,
    /// Those whose load could not be computed for a fault.
    pub failed: i64,
    /// Those that have no load, because no method had its inputs.
    pub without_load: i64,
    /// Those that may not count for the purpose.
    pub withheld: i64,
    /// The loads that are known, added up: 100 for an hour at threshold.
    pub load: f64,
}

/// The bests of one workout, each at its place of the lists of [`domain::bests`].
#[derive(Debug, Clone, PartialEq)]
pub struct WorkoutBests {
    /// The workout.
    pub workout_id: WorkoutId,
    /// Its local date.
    pub local_date: NaiveDate,
    /// Its sport.
    pub sport: Sport,
    /// Whether its analysis is not, or not any more, complete.
    pub is_incomplete: bool,
    /// Whether it may not be shown, for the purpose or at all.
    pub is_withheld: bool,
    /// Seconds over [`domain::bests::EFFORTS_M`].
    pub efforts_s: Vec<Option<f64>>,
    /// Watts over [`domain::bests::POWER_S`].
    pub power_w: Vec<Option<f64>>,
    /// Beats per minute over [`domain::bests::HR_S`].
    pub hr_bpm: Vec<Option<f64>>,
}

#[derive(Debug, FromRow)]
struct BestsRow {
    workout_id: Uuid,
    local_date: NaiveDate,
    sport: String,
    is_incomplete: bool,
    is_withheld: bool,
    best_efforts: Option<Vec<Option<f64>>>,
    best_power: Option<Vec<Option<f64>>>,
    best_hr: Option<Vec<Option<f64>>>,
}

impl TryFrom<BestsRow> for WorkoutBests {
    type Error = StoreError;

    fn try_from(row: BestsRow) -> Result<Self, StoreError> {
        Ok(Self {
            workout_id: WorkoutId(row.workout_id),
            local_date: row.local_date,
            sport: sport(&row.sport)?,
            is_incomplete: row.is_incomplete,
            is_withheld: row.is_withheld,
            efforts_s: row.best_efforts.unwrap_or_default(),
            power_w: row.best_power.unwrap_or_default(),
            hr_bpm: row.best_hr.unwrap_or_default(),
        })
    }
}

/// Adds up the loads of each day on which there was a workout, up to a date, by date.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_days(
    tx: &mut Tx,
    user: UserId,
    purpose: Purpose,
    until: NaiveDate,
) -> Result<Vec<DayDone>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/fitness/list_days.sql"))
        .bind(user.0)
        .bind(until)
        .bind(purpose.as_str());
    tx.fetch_all(query).await
}

/// Lists the bests of each workout of some days, oldest first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_bests(
    tx: &mut Tx,
    user: UserId,
    purpose: Purpose,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<WorkoutBests>, StoreError> {
    let query = tx
        .query_as::<BestsRow>(include_str!("../queries/fitness/list_bests.sql"))
        .bind(user.0)
        .bind(from)
        .bind(to)
        .bind(purpose.as_str());
    let rows = tx.fetch_all(query).await?.into_iter();
    rows.map(WorkoutBests::try_from).collect()
}
