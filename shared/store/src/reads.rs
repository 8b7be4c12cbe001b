//! What clients read: the views over the ledger, for the owner only.

use crate::{StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{UserId, WorkoutId};
use domain::matching::{Decision, MatchReason};
use domain::purpose::Purpose;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

/// The nine status fields and the generation they are of.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct Status {
    /// Version of the workout's input.
    pub generation: i64,
    /// `pending`, `processing`, `complete` or `failed`.
    pub summary_status: String,
    /// `code: one line` when it failed.
    pub summary_error: Option<String>,
    /// When it last moved.
    pub summary_updated_at: DateTime<Utc>,
    /// `pending`, `processing`, `complete` or `failed`.
    pub analysis_status: String,
    /// `code: one line` when it failed.
    pub analysis_error: Option<String>,
    /// When it last moved.
    pub analysis_updated_at: DateTime<Utc>,
    /// `pending`, `processing`, `complete` or `failed`.
    pub metrics_status: String,
    /// `code: one line` when it failed.
    pub metrics_error: Option<String>,
    /// When it last moved.
    pub metrics_updated_at: DateTime<Utc>,
}

/// Why something that a provider told is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyWithheld {
    /// Its terms forbid to show it to an AI.
    NoAi,
    /// Its terms forbid to keep it for so long, and it was not told again since.
    Expired,
}

/// A source of which nothing is shown, nor anything that was computed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Who told it.
    pub provider: String,
    /// Why it is not shown.
    pub reason: WhyWithheld,
}

/// A workout as clients see it. What a provider told is `None` where it is withheld.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkoutView {
    /// Its id.
    pub workout_id: WorkoutId,
    /// The workout of the whole activity, if this is one of its sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<WorkoutId>,
    /// Who reported it.
    pub provider: String,
    /// The provider's own id.
    pub provider_activity_id: String,
    /// The sport.
    pub sport: Option<String>,
    /// Finer kind of sport.
    pub sub_sport: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// Local time minus UTC.
    pub utc_offset_s: Option<i32>,
    /// The athlete's date, fixed when it first came.
    pub local_date: Option<NaiveDate>,
    /// Seconds of activity.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// Whether the source was damaged.
    pub partial: Option<bool>,
    /// The plan, and why this one.
    pub plan: PlanView,
    /// When we first heard of it.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Statuses and generation.
    #[serde(flatten)]
    pub status: Status,
    /// How far asking the provider has come; `null` where nothing had to be asked.
    pub fetch: Option<FetchView>,
    /// What the stages made of it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<serde_json::Value>,
    /// Who tells of it, the one whose facts these are first; absent unless there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceView>,
    /// Which sources' terms keep something from being shown, and why; absent unless any do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// By what lists are in order; the start that the first source told.
    #[serde(skip)]
    pub listed_at: DateTime<Utc>,
    /// Its sessions in order, without what is computed; absent unless there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Self>,
}

/// The link to the plan with the decision behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanView {
    /// Whether the athlete chose it.
    pub pinned: bool,
    /// The decision: reason, plan, candidates.
    #[serde(flatten)]
    pub decision: Decision,
    /// When the link was made: what the plan said then is what the workout is judged by.
    pub as_asked_at: Option<DateTime<Utc>>,
    /// Whether the plan says something else by now; `None` without a plan.
    pub edited_since: Option<bool>,
    /// What the plan said then; absent in lists, and without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<serde_json::Value>,
}

/// One of several providers that tell of a session.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct SourceView {
    /// Which workout shows it.
    #[serde(skip)]
    pub workout_id: Uuid,
    /// Who tells of it.
    pub provider: String,
    /// The provider's own id.
    pub provider_activity_id: String,
    /// What people call it there.
    pub name: Option<String>,
    /// When it began, by this source.
    pub started_at: Option<DateTime<Utc>>,
    /// Whether its facts are the workout's.
    pub leads: bool,
}

/// How far asking the provider has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FetchView {
    /// `pending`, `processing`, `complete` or `failed`.
    pub status: String,
    /// `code: one line` when it failed, or why it waits.
    pub error: Option<String>,
    /// When it last moved.
    pub updated_at: Option<DateTime<Utc>>,
    /// When the provider will be asked again, if that is known.
    pub not_before: Option<DateTime<Utc>>,
}

/// What keeps a source from being shown.
#[derive(Debug, Deserialize)]
struct Limit {
    provider: String,
    reason: WhyWithheld,
    /// Whether its facts are the workout's.
    leads: bool,
}

#[derive(Debug, FromRow)]
struct WorkoutRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    provider: String,
    provider_activity_id: String,
    sport: String,
    sub_sport: Option<String>,
    name: Option<String>,
    started_at: DateTime<Utc>,
    utc_offset_s: Option<i32>,
    local_date: NaiveDate,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    partial: bool,
    planned_id: Option<Uuid>,
    plan_pinned: bool,
    plan_decision: Json<Decision>,
    plan_linked_at: Option<DateTime<Utc>>,
    plan_edited: Option<bool>,
    plan_asked: Option<Json<serde_json::Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    listed_at: DateTime<Utc>,
    is_merged: bool,
    #[sqlx(flatten)]
    status: Status,
    fetch_status: Option<String>,
    fetch_error: Option<String>,
    fetch_updated_at: Option<DateTime<Utc>>,
    fetch_not_before: Option<DateTime<Utc>>,
    computed: Option<Json<serde_json::Value>>,
    limits: Option<Json<Vec<Limit>>>,
}

impl From<WorkoutRow> for WorkoutView {
    fn from(row: WorkoutRow) -> Self {
        let mut decision = row.plan_decision.0;
        // The link is the column; the decision only remembers how it came about.
        decision.planned_id = row.planned_id.map(domain::id::PlannedId);
        let mut view = Self {
            workout_id: WorkoutId(row.id),
            parent_id: row.parent_id.map(WorkoutId),
            provider: row.provider,
            provider_activity_id: row.provider_activity_id,
            sport: Some(row.sport),
            sub_sport: row.sub_sport,
            name: row.name,
            started_at: Some(row.started_at),
            utc_offset_s: row.utc_offset_s,
            local_date: Some(row.local_date),
            duration_s: row.duration_s,
            distance_m: row.distance_m,
            partial: Some(row.partial),
            plan: PlanView {
                pinned: row.plan_pinned,
                as_asked_at: row.plan_linked_at.filter(|_| row.planned_id.is_some()),
                edited_since: row.plan_edited.filter(|_| row.planned_id.is_some()),
                asked: row
                    .plan_asked
                    .filter(|_| row.planned_id.is_some())
                    .map(|asked| asked.0),
                decision,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            status: row.status,
            fetch: row.fetch_status.map(|status| FetchView {
                status,
                error: row.fetch_error,
                updated_at: row.fetch_updated_at,
                not_before: row.fetch_not_before,
            }),
            computed: row.computed.map(|json| json.0),
            sources: Vec::new(),
            withheld: Vec::new(),
            listed_at: row.listed_at,
            sessions: Vec::new(),
        };
        if let Some(Json(limits)) = row.limits {
            view.withhold(limits);
        }
        view
    }
}

impl WorkoutView {
    /// Takes away what limited sources told, and everything that is computed of a workout that any of
    /// them tells of: no figure can be told apart from those it was made of.
    fn withhold(&mut self, limits: Vec<Limit>) {
        if limits.iter().any(|limit| limit.leads) {
            self.sport = None;
            self.sub_sport = None;
            self.name = None;
            self.started_at = None;
            self.utc_offset_s = None;
            self.local_date = None;
            self.duration_s = None;
            self.distance_m = None;
            self.partial = None;
        }
        self.plan.decision.candidates.clear();
        self.computed = None;
        let withheld = limits.into_iter().map(|limit| Withheld {
            provider: limit.provider,
            reason: limit.reason,
        });
        self.withheld = withheld.collect();
    }

    /// Adds one of several sources, of which nothing is shown where it is withheld.
    fn add_source(&mut self, mut source: SourceView) {
        let mut withheld = self.withheld.iter();
        if withheld.any(|withheld| withheld.provider == source.provider) {
            source.name = None;
            source.started_at = None;
        }
        self.sources.push(source);
    }
}

/// Reads the statuses of a live workout.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_status(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Status>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/reads/find_status.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Reads a live workout with everything computed so far that may be had for a purpose.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_workout(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    purpose: Purpose,
) -> Result<Option<WorkoutView>, StoreError> {
    let query = tx
        .query_as::<WorkoutRow>(include_str!("../queries/reads/find_workout.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(purpose.as_str());
    let rows = tx.fetch_optional(query).await?.into_iter().collect();
    Ok(show(tx, user, rows, purpose).await?.pop())
}

/// Lists live workouts, newest first, after the last of the page before, with what may be had for a
/// purpose.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_workouts(
    tx: &mut Tx,
    user: UserId,
    after: (DateTime<Utc>, WorkoutId),
    limit: i64,
    purpose: Purpose,
) -> Result<Vec<WorkoutView>, StoreError> {
    let query = tx
        .query_as::<WorkoutRow>(include_str!("../queries/reads/list_workouts.sql"))
        .bind(user.0)
        .bind(after.0)
        .bind(after.1.0)
        .bind(limit)
        .bind(purpose.as_str());
    let rows = tx.fetch_all(query).await?;
    show(tx, user, rows, purpose).await
}

/// Makes views of rows, with their sources and sessions.
async fn show(
    tx: &mut Tx,
    user: UserId,
    rows: Vec<WorkoutRow>,
    purpose: Purpose,
) -> Result<Vec<WorkoutView>, StoreError> {
    let merged = rows.iter().filter(|row| row.is_merged);
    let merged: Vec<Uuid> = merged.map(|row| row.id).collect();
    let mut workouts: Vec<WorkoutView> = rows.into_iter().map(WorkoutView::from).collect();
    add_sources(tx, user, merged, &mut workouts).await?;
    add_sessions(tx, user, purpose, &mut workouts).await?;
    Ok(workouts)
}

/// Puts the sources inside the workouts that several tell of.
async fn add_sources(
    tx: &mut Tx,
    user: UserId,
    merged: Vec<Uuid>,
    workouts: &mut [WorkoutView],
) -> Result<(), StoreError> {
    if merged.is_empty() {
        return Ok(());
    }
    let query = tx
        .query_as::<SourceView>(include_str!("../queries/reads/list_sources.sql"))
        .bind(user.0)
        .bind(merged);
    for source in tx.fetch_all(query).await? {
        let whole = workouts
            .iter_mut()
            .find(|workout| workout.workout_id.0 == source.workout_id);
        if let Some(whole) = whole {
            whole.add_source(source);
        }
    }
    Ok(())
}

/// Puts the sessions inside the workouts of several.
async fn add_sessions(
    tx: &mut Tx,
    user: UserId,
    purpose: Purpose,
    workouts: &mut [WorkoutView],
) -> Result<(), StoreError> {
    let several = |workout: &WorkoutView| workout.plan.decision.reason == MatchReason::PerSession;
    let parents: Vec<Uuid> = workouts
        .iter()
        .filter(|workout| several(workout))
        .map(|workout| workout.workout_id.0)
        .collect();
    if parents.is_empty() {
        return Ok(());
    }
    let query = tx
        .query_as::<WorkoutRow>(include_str!("../queries/reads/list_sessions.sql"))
        .bind(user.0)
        .bind(parents)
        .bind(purpose.as_str());
    for session in tx
        .fetch_all(query)
        .await?
        .into_iter()
        .map(WorkoutView::from)
    {
        let whole = workouts
            .iter_mut()
            .find(|workout| Some(workout.workout_id) == session.parent_id);
        if let Some(whole) = whole {
            whole.sessions.push(session);
        }
    }
    Ok(())
}
