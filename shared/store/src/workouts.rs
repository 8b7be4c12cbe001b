//! Workouts and their recordings, one function per statement.

use crate::{StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::{Decision, Executed};
use domain::recording::{Format, PlanHint, Recording};
use domain::sport::Sport;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

/// What makes two activities the same: one row per provider's activity and session.
#[derive(Debug, Clone, Copy)]
pub struct ProviderKey<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The provider's own id.
    pub activity_id: &'a str,
    /// Which session of the activity, from 1; 0 for the activity as a whole.
    pub session_index: i16,
}

impl<'a> ProviderKey<'a> {
    /// An activity as a whole.
    pub fn activity(provider: &'a str, activity_id: &'a str) -> Self {
        Self {
            provider,
            activity_id,
            session_index: 0,
        }
    }

    /// One of its sessions, counted from 1.
    #[must_use]
    pub fn session(self, session_index: i16) -> Self {
        Self {
            session_index,
            ..self
        }
    }
}

/// A workout as ingest finds it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Known {
    id: Uuid,
    /// Which session of the activity it is; 0 for the activity as a whole.
    pub session_index: i16,
    /// Version of its input; 0 while it is only announced.
    pub generation: i64,
    /// SHA-256 of what the provider said.
    pub content_sha256: Vec<u8>,
    /// The provider's own time of that.
    pub provider_time: Option<DateTime<Utc>>,
    /// The athlete's date, fixed when it first came.
    pub local_date: NaiveDate,
    planned_id: Option<Uuid>,
    /// Whether the athlete chose the plan, or none.
    pub plan_pinned: bool,
    /// Whether it is a tombstone.
    pub deleted: bool,
    /// When it began.
    pub started_at: DateTime<Utc>,
    merged_into: Option<Uuid>,
    lead_id: Option<Uuid>,
    /// Whether it has strength sets, whoever tells of them.
    pub has_sets: bool,
}

impl Known {
    /// Its id.
    pub fn workout_id(&self) -> WorkoutId {
        WorkoutId(self.id)
    }

    /// The plan it holds.
    pub fn planned_id(&self) -> Option<PlannedId> {
        self.planned_id.map(PlannedId)
    }

    /// Whether it is shown in another workout.
    pub fn is_merged(&self) -> bool {
        self.merged_into.is_some()
    }

    /// Whether other sources tell of the same session.
    pub fn is_shared(&self) -> bool {
        self.is_merged() || self.lead_id.is_some()
    }
}

/// What the provider says of a workout.
#[derive(Debug)]
pub struct Reported<'a> {
    /// The samples and totals.
    pub recording: &'a Recording,
    /// What people call it.
    pub name: Option<&'a str>,
    /// What was done, for matching and listing.
    pub executed: &'a Executed,
    /// The recording as it is stored.
    pub columns: &'a [u8],
    /// SHA-256 of what it was read from.
    pub source_sha256: &'a [u8],
    /// SHA-256 of all that the provider says.
    pub content_sha256: &'a [u8],
    /// The provider's own time of it.
    pub provider_time: Option<DateTime<Utc>>,
}

/// Finds the workout that a provider's activity became, tombstones included.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_by_provider(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
) -> Result<Option<Known>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/workouts/find_by_provider.sql"))
        .bind(user.0)
        .bind(key.provider.to_owned())
        .bind(key.activity_id.to_owned())
        .bind(key.session_index);
    tx.fetch_optional(query).await
}

/// Lists the live sessions of a multi-session workout, in order.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_sessions(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Vec<Known>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/workouts/list_sessions.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.fetch_all(query).await
}

/// A workout that was not known, but for what its provider reports.
#[derive(Debug, Clone, Copy)]
pub struct NewWorkout<'a> {
    /// Its id.
    pub workout_id: WorkoutId,
    /// What makes it the same again.
    pub key: ProviderKey<'a>,
    /// The workout of the whole activity, if it is a session.
    pub parent: Option<WorkoutId>,
    /// The athlete's date.
    pub local_date: NaiveDate,
}

/// Stores a workout that was not known, at generation 1.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_workout(
    tx: &mut Tx,
    user: UserId,
    new: NewWorkout<'_>,
    reported: &Reported<'_>,
    decision: &Decision,
) -> Result<(), StoreError> {
    let recording = reported.recording;
    let query = tx
        .query(include_str!("../queries/workouts/insert_workout.sql"))
        .bind(new.workout_id.0)
        .bind(user.0)
        .bind(new.key.provider.to_owned())
        .bind(new.key.activity_id.to_owned())
        .bind(new.key.session_index)
        .bind(new.parent.map(|parent| parent.0))
        .bind(recording.sport.as_str())
        .bind(recording.sub_sport.clone())
        .bind(reported.name.map(str::to_owned))
        .bind(recording.start_utc)
        .bind(recording.utc_offset_s)
        .bind(new.local_date)
        .bind(reported.executed.duration_s)
        .bind(reported.executed.distance_m)
        .bind(recording.partial)
        .bind(reported.executed.exercises.clone())
        .bind(reported.executed.hint.clone().map(Json))
        .bind(decision.planned_id.map(|p| p.0))
        .bind(Json(decision.clone()))
        .bind(reported.content_sha256.to_owned())
        .bind(reported.provider_time);
    tx.execute(query).await?;
    Ok(())
}

/// What is known of a workout that has not come yet.
#[derive(Debug, Clone, Copy)]
pub struct Announced<'a> {
    /// When it was told of; of one that the athlete logs, when it began.
    pub at: DateTime<Utc>,
    /// The athlete's time minus UTC, where it is known.
    pub utc_offset_s: Option<i32>,
    /// The sport; `other` where it is not known.
    pub sport: Sport,
    /// What people call it.
    pub name: Option<&'a str>,
}

/// Stores a workout of which only an announcement is known, at generation 0.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_announced(
    tx: &mut Tx,
    user: UserId,
    new: NewWorkout<'_>,
    announced: &Announced<'_>,
    decision: &Decision,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/workouts/insert_announced.sql"))
        .bind(new.workout_id.0)
        .bind(user.0)
        .bind(new.key.provider.to_owned())
        .bind(new.key.activity_id.to_owned())
        .bind(announced.at)
        .bind(new.local_date)
        .bind(Json(decision.clone()))
        .bind(announced.sport.as_str())
        .bind(announced.name.map(str::to_owned))
        .bind(announced.utc_offset_s);
    tx.execute(query).await?;
    Ok(())
}

/// Replaces what the provider owns, and raises the generation, which it answers. The date counts
/// when this is the first that comes.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn update_workout(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    reported: &Reported<'_>,
    local_date: NaiveDate,
) -> Result<i64, StoreError> {
    let recording = reported.recording;
    let query = tx
        .query_as::<(i64,)>(include_str!("../queries/workouts/update_workout.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(recording.sport.as_str())
        .bind(recording.sub_sport.clone())
        .bind(reported.name.map(str::to_owned))
        .bind(recording.start_utc)
        .bind(recording.utc_offset_s)
        .bind(reported.executed.duration_s)
        .bind(reported.executed.distance_m)
        .bind(recording.partial)
        .bind(reported.executed.exercises.clone())
        .bind(reported.executed.hint.clone().map(Json))
        .bind(reported.content_sha256.to_owned())
        .bind(reported.provider_time)
        .bind(local_date);
    let row = tx.fetch_optional(query).await?;
    row.map(|(generation,)| generation)
        .ok_or_else(|| StoreError::corrupt(format!("workout {workout} vanished under its lock")))
}

/// Notes that the provider still says the same at a later time; inputs and results stay.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn confirm_workout(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    provider_time: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/workouts/confirm_workout.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(provider_time);
    tx.execute(query).await?;
    Ok(())
}

/// Stores the recording, compressed, in place of an earlier one.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn upsert_recording(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    reported: &Reported<'_>,
) -> Result<(), StoreError> {
    let format = match reported.recording.format {
        Format::Fit => "fit",
        Format::Tcx => "tcx",
        Format::Gpx => "gpx",
        Format::Json => "json",
    };
    let samples = i32::try_from(reported.recording.samples()).unwrap_or(i32::MAX);
    let query = tx
        .query(include_str!("../queries/workouts/upsert_recording.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(format)
        .bind(reported.source_sha256.to_owned())
        .bind(samples)
        .bind(reported.columns.to_owned());
    tx.execute(query).await?;
    Ok(())
}

/// Leaves a tombstone: the row stays, without plan, recording and results.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn tombstone_workout(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    provider_time: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    for sql in [
        include_str!("../queries/workouts/delete_recording.sql"),
        include_str!("../queries/stages/delete_runs.sql"),
    ] {
        let query = tx.query(sql).bind(workout.0).bind(user.0);
        tx.execute(query).await?;
    }
    let query = tx
        .query(include_str!("../queries/workouts/tombstone_workout.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(provider_time);
    tx.execute(query).await?;
    Ok(())
}

/// Raises the generation of a live workout; `None` when there is no such workout.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn raise_generation(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<i64>, StoreError> {
    let query = tx
        .query_as::<(i64,)>(include_str!("../queries/workouts/raise_generation.sql"))
        .bind(workout.0)
        .bind(user.0);
    Ok(tx
        .fetch_optional(query)
        .await?
        .map(|(generation,)| generation))
}

/// Lists the live workouts with their local dates, newest first.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_dates(
    tx: &mut Tx,
    user: UserId,
) -> Result<Vec<(WorkoutId, NaiveDate)>, StoreError> {
    let query = tx
        .query_as::<(Uuid, NaiveDate)>(include_str!("../queries/workouts/list_dates.sql"))
        .bind(user.0);
    let rows = tx.fetch_all(query).await?;
    Ok(rows
        .into_iter()
        .map(|(id, date)| (WorkoutId(id), date))
        .collect())
}

/// A workout as matching sees it.
#[derive(Debug, Clone)]
pub struct Attachable {
    /// Its id.
    pub workout_id: WorkoutId,
    /// The athlete's date.
    pub local_date: NaiveDate,
    /// What was done.
    pub executed: Executed,
    /// The plan it holds.
    pub planned_id: Option<PlannedId>,
    /// Whether the athlete chose that.
    pub pinned: bool,
    /// The choice as it is stored.
    pub decision: Decision,
    /// Whether the plan was edited since it was linked, so that the workout keeps what was asked.
    pub has_snapshot: bool,
}

#[derive(Debug, FromRow)]
struct AttachableRow {
    id: Uuid,
    sport: String,
    sub_sport: Option<String>,
    local_date: NaiveDate,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    exercises: Vec<String>,
    plan_hint: Option<Json<PlanHint>>,
    planned_id: Option<Uuid>,
    plan_pinned: bool,
    plan_decision: Json<Decision>,
    has_snapshot: bool,
}

impl TryFrom<AttachableRow> for Attachable {
    type Error = StoreError;

    fn try_from(row: AttachableRow) -> Result<Self, StoreError> {
        Ok(Self {
            workout_id: WorkoutId(row.id),
            local_date: row.local_date,
            executed: Executed {
                sport: sport(&row.sport)?,
                sub_sport: row.sub_sport,
                duration_s: row.duration_s,
                distance_m: row.distance_m,
                exercises: row.exercises,
                hint: row.plan_hint.map(|hint| hint.0),
            },
            planned_id: row.planned_id.map(PlannedId),
            pinned: row.plan_pinned,
            decision: row.plan_decision.0,
            has_snapshot: row.has_snapshot,
        })
    }
}

/// Finds a live workout as matching sees it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_for_attach(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Attachable>, StoreError> {
    let query = tx
        .query_as::<AttachableRow>(include_str!("../queries/workouts/find_for_attach.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.fetch_optional(query)
        .await?
        .map(Attachable::try_from)
        .transpose()
}

/// Lists the live workouts from one date to another that hold no plan and were not told to, and
/// those of any date that wait for the plan that their provider named.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_unattached(
    tx: &mut Tx,
    user: UserId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Attachable>, StoreError> {
    let query = tx
        .query_as::<AttachableRow>(include_str!("../queries/workouts/list_unattached.sql"))
        .bind(user.0)
        .bind(from)
        .bind(to);
    tx.fetch_all(query)
        .await?
        .into_iter()
        .map(Attachable::try_from)
        .collect()
}

/// How a link to a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    /// Whether the athlete chose it.
    pub pinned: bool,
    /// Whether it is made anew even where it is there, so that what the plan says now is what was
    /// asked.
    pub anew: bool,
}

/// Writes the link to the plan and the decision behind it.
///
/// # Errors
/// [`StoreError::Constraint`] `workouts_planned_id_key` when another live workout holds the plan.
pub async fn set_plan(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    decision: &Decision,
    link: Link,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/workouts/set_plan.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(decision.planned_id.map(|p| p.0))
        .bind(link.pinned)
        .bind(Json(decision.clone()))
        .bind(link.anew);
    tx.execute(query).await?;
    Ok(())
}

/// Reads a sport's name back.
pub(crate) fn sport(name: &str) -> Result<Sport, StoreError> {
    Sport::from_name(name).ok_or_else(|| StoreError::corrupt(format!("unknown sport {name}")))
}

/// What a fetch has to know of its workout.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Fetchable {
    /// The provider's name.
    pub provider: String,
    /// The provider's own id of the activity.
    pub provider_activity_id: String,
    /// Version of its input; 0 while it is only announced.
    pub generation: i64,
    /// How often the provider was asked and not ready.
    pub postponed: i16,
    /// Whether somebody just did this, or changed it; otherwise it is of the past, or only asked for
    /// again.
    pub is_live: bool,
}

/// Finds what a fetch has to know, of a tombstone too; `None` when nothing is to be fetched.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_fetched(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Fetchable>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/workouts/find_fetched.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.fetch_optional(query).await
}
