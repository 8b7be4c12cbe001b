//! Several providers' words of one session, in one workout, inside the caller's transaction.
//!
//! Which sources are one session is [`domain::merging::group`]; here they are read, placed, and made
//! input of the stages. Each source keeps its own row. The one that came first is the workout that
//! clients know, and the others are merged into it; the facts that are shown are those of the one
//! that leads. The caller holds the user's lock.

use crate::records::{self, KeyRow};
use crate::workouts::{Link, sport};
use crate::{StoreError, Tx, athletes, attach, stages, workouts};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::id::{PlannedId, UserId, WorkoutId};
use domain::matching::{Decision, MatchReason};
use domain::merging::{Preference, Sets, Source, group, lead, whose_sets};
use sqlx::FromRow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What an upload is stored under: its provider is nobody, its id is its content's hash.
pub const UPLOAD: &str = "upload";
/// Sessions that begin this far from a change are looked at again. A change passes on from source to
/// source by at most [`domain::merging::START_TOLERANCE`], once for each provider.
const TOUCHED: TimeDelta = TimeDelta::minutes(10);
/// What is read around a change, so that whatever is touched is whole.
const LOOK: TimeDelta = TimeDelta::minutes(20);
/// The most sources that are weighed against each other. More do not begin in 40 minutes of anybody's
/// life.
const MOST_SOURCES: i64 = 200;

#[derive(Debug, FromRow)]
struct SourceRow {
    id: Uuid,
    provider: String,
    sport: String,
    started_at: DateTime<Utc>,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    kept_apart: bool,
    merged_into: Option<Uuid>,
    lead_id: Option<Uuid>,
    samples: i32,
    source_sha256: Vec<u8>,
    sets: i64,
    loaded_sets: i64,
}

impl TryFrom<SourceRow> for Source {
    type Error = StoreError;

    fn try_from(row: SourceRow) -> Result<Self, StoreError> {
        let many = |count| usize::try_from(count).unwrap_or_default();
        Ok(Self {
            workout_id: WorkoutId(row.id),
            uploaded: row.provider == UPLOAD,
            provider: row.provider,
            kept_apart: row.kept_apart,
            sport: sport(&row.sport)?,
            started_at: row.started_at,
            duration_s: row.duration_s,
            distance_m: row.distance_m,
            samples: row.samples,
            source_sha256: row.source_sha256,
            sets: Sets {
                loaded: many(row.loaded_sets),
                all: many(row.sets),
            },
            merged_into: row.merged_into.map(WorkoutId),
            lead: row.lead_id.map(WorkoutId),
        })
    }
}

/// What grouping changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Regrouped {
    /// Workouts whose stages were requested.
    pub(crate) requested: Vec<WorkoutId>,
    /// Workouts that are merged into others now, and are not computed by themselves.
    pub(crate) merged: Vec<WorkoutId>,
}

/// Groups anew what was told of about a time, where `changed` came, changed or went.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn regroup(
    tx: &mut Tx,
    user: UserId,
    moment: DateTime<Utc>,
    changed: WorkoutId,
) -> Result<Regrouped, StoreError> {
    let query = tx
        .query_as::<SourceRow>(include_str!("../queries/merging/list_sources.sql"))
        .bind(user.0)
        .bind(moment - LOOK)
        .bind(moment + LOOK)
        .bind(MOST_SOURCES);
    let sources = read(tx.fetch_all(query).await?)?;
    let near = |source: &Source| (source.started_at - moment).abs() <= TOUCHED;
    let mut groups = group(sources);
    groups.retain(|sources| sources.iter().any(near));
    settle(tx, user, groups, Some(changed)).await
}

/// Lets the preferred source lead in every session that several tell of, and answers the workouts
/// whose input that changed.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn apply_preference(tx: &mut Tx, user: UserId) -> Result<Vec<WorkoutId>, StoreError> {
    let groups = list_merged(tx, user).await?;
    Ok(settle(tx, user, groups, None).await?.requested)
}

/// Lists the sources of every session that several tell of, session by session.
async fn list_merged(tx: &mut Tx, user: UserId) -> Result<Vec<Vec<Source>>, StoreError> {
    let query = tx
        .query_as::<SourceRow>(include_str!("../queries/merging/list_merged.sql"))
        .bind(user.0);
    let mut groups: BTreeMap<WorkoutId, Vec<Source>> = BTreeMap::new();
    for source in read(tx.fetch_all(query).await?)? {
        let head = source.merged_into.unwrap_or(source.workout_id);
        groups.entry(head).or_default().push(source);
    }
    Ok(groups.into_values().collect())
}

/// Parts what a provider tells from what others tell of the same sessions, because it goes, and answers
/// the workouts that are computed without it now.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn part_from(
    tx: &mut Tx,
    user: UserId,
    provider: &str,
) -> Result<Vec<WorkoutId>, StoreError> {
    part(tx, user, |source| source.provider == provider).await
}

/// Parts workouts from what others tell of the same sessions, because they go, and answers the workouts
/// that are computed without them now.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn part_workouts(
    tx: &mut Tx,
    user: UserId,
    workouts: &BTreeSet<WorkoutId>,
) -> Result<Vec<WorkoutId>, StoreError> {
    part(tx, user, |source| workouts.contains(&source.workout_id)).await
}

async fn part(
    tx: &mut Tx,
    user: UserId,
    goes: impl Fn(&Source) -> bool,
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut parted = Vec::new();
    for mut sources in list_merged(tx, user).await? {
        if sources.iter().any(&goes) {
            for source in &mut sources {
                source.kept_apart |= goes(source);
            }
            parted.extend(group(sources));
        }
    }
    Ok(settle(tx, user, parted, None).await?.requested)
}

/// Takes a workout that several sources tell of apart, for good, and answers the workouts that those
/// are now; `None` when there is no such workout.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn take_apart(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Vec<WorkoutId>>, StoreError> {
    let members = list_group(tx, user, workout).await?;
    if members.is_empty() {
        return Ok(None);
    }
    let merged: Vec<WorkoutId> = members
        .iter()
        .filter(|member| member.is_merged)
        .map(Member::workout_id)
        .collect();
    keep_apart(tx, user, &merged, true).await?;
    regroup_members(tx, user, &members).await.map(Some)
}

/// Undoes [`take_apart`] for one workout, and answers the workouts whose input that changed; `None`
/// when there is no such workout.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn let_merge(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Vec<WorkoutId>>, StoreError> {
    let members = list_group(tx, user, workout).await?;
    if members.is_empty() {
        return Ok(None);
    }
    let all: Vec<WorkoutId> = members.iter().map(Member::workout_id).collect();
    keep_apart(tx, user, &all, false).await?;
    regroup_members(tx, user, &members).await.map(Some)
}

#[derive(Debug, FromRow)]
struct Member {
    id: Uuid,
    started_at: DateTime<Utc>,
    is_merged: bool,
}

impl Member {
    fn workout_id(&self) -> WorkoutId {
        WorkoutId(self.id)
    }
}

async fn list_group(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Vec<Member>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/merging/list_group.sql"))
        .bind(workout.0)
        .bind(user.0);
    tx.fetch_all(query).await
}

async fn regroup_members(
    tx: &mut Tx,
    user: UserId,
    members: &[Member],
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut requested = BTreeSet::new();
    for member in members {
        let regrouped = regroup(tx, user, member.started_at, member.workout_id()).await?;
        requested.extend(regrouped.requested);
        for merged in regrouped.merged {
            requested.remove(&merged);
        }
    }
    Ok(requested.into_iter().collect())
}

async fn keep_apart(
    tx: &mut Tx,
    user: UserId,
    workouts: &[WorkoutId],
    apart: bool,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = workouts.iter().map(|workout| workout.0).collect();
    let query = tx
        .query(include_str!("../queries/merging/keep_apart.sql"))
        .bind(ids)
        .bind(user.0)
        .bind(apart);
    tx.execute(query).await?;
    Ok(())
}

fn read(rows: Vec<SourceRow>) -> Result<Vec<Source>, StoreError> {
    rows.into_iter().map(Source::try_from).collect()
}

/// Where a source is to be.
struct Place {
    source: Source,
    merged_into: Option<WorkoutId>,
    lead: Option<WorkoutId>,
}

impl Place {
    fn is_new(&self) -> bool {
        self.merged_into != self.source.merged_into || self.lead != self.source.lead
    }
}

/// A session: where each of its sources is to be.
struct Session {
    head: WorkoutId,
    places: Vec<Place>,
    /// Whether what the head is computed from changed.
    is_new: bool,
    /// Whose strength sets count; `None` where there are none.
    whose_sets: Option<WorkoutId>,
}

impl Session {
    /// `None` of no sources.
    fn new(sources: Vec<Source>, preference: &str, changed: Option<WorkoutId>) -> Option<Self> {
        let merged = sources.len() > 1;
        // The workout that clients know stays the one they know.
        let head = sources
            .iter()
            .min_by_key(|source| (source.merged_into.is_some(), source.workout_id))?
            .workout_id;
        let lead = lead(&sources, Preference::from_name(preference))
            .map(|source| source.workout_id)
            .filter(|_| merged);
        let whose_sets = whose_sets(&sources, Preference::from_name(preference));
        let has_changed =
            merged && (sources.iter()).any(|source| Some(source.workout_id) == changed);
        let places: Vec<Place> = sources
            .into_iter()
            .map(|source| {
                let is_head = source.workout_id == head;
                Place {
                    merged_into: (!is_head).then_some(head),
                    lead: lead.filter(|_| is_head),
                    source,
                }
            })
            .collect();
        Some(Self {
            head,
            is_new: has_changed || places.iter().any(Place::is_new),
            places,
            whose_sets,
        })
    }
}

/// Places each source where its group wants it, lets go and takes up plans, and requests the stages
/// of whatever changed.
async fn settle(
    tx: &mut Tx,
    user: UserId,
    groups: Vec<Vec<Source>>,
    changed: Option<WorkoutId>,
) -> Result<Regrouped, StoreError> {
    let preference = if groups.iter().any(|group| group.len() > 1) {
        athletes::find_source_preference(tx, user).await?
    } else {
        String::new()
    };
    let mut sessions: Vec<Session> = groups
        .into_iter()
        .filter_map(|sources| Session::new(sources, &preference, changed))
        .collect();
    sessions.retain(|session| session.is_new);
    sessions.sort_by_key(|session| session.head);

    let new: Vec<&Place> = sessions
        .iter()
        .flat_map(|session| &session.places)
        .filter(|place| place.is_new())
        .collect();
    let let_go = empty(tx, user, &new).await?;
    let merged = fill(tx, user, &new).await?;
    let mut requested = Vec::new();
    for session in &sessions {
        let wish = let_go.wishes.get(&session.head).copied();
        take_up(tx, user, session.head, wish).await?;
        requested.push(session.head);
        count_sets(tx, user, session).await?;
    }
    for date in let_go.dates {
        requested.extend(attach::rematch_date(tx, user, date).await?);
    }
    Ok(Regrouped { requested, merged })
}

/// Lets the sets of one of a session's sources count, and makes the records anew of those that do now or
/// did.
async fn count_sets(tx: &mut Tx, user: UserId, session: &Session) -> Result<(), StoreError> {
    let Some(whose) = session.whose_sets else {
        return Ok(());
    };
    let sources = session.places.iter().map(|place| place.source.workout_id.0);
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/merging/count_sets.sql"))
        .bind(user.0)
        .bind(sources.collect::<Vec<Uuid>>())
        .bind(whose.0);
    let changed = tx.fetch_all(query).await?;
    // What cannot be made now is noted, and made later.
    records::keep(tx, user, &records::keys(changed))
        .await
        .map(drop)
}

/// The plans that were let go because their workouts were merged into others.
#[derive(Default)]
struct LetGo {
    /// Their dates, whose other workouts they may be.
    dates: BTreeSet<NaiveDate>,
    /// Those that the athlete chose, by the workout that is to have them.
    wishes: BTreeMap<WorkoutId, PlannedId>,
}

/// Takes every source out of the place that it leaves, before any comes into its own: a place has
/// room for one of a provider.
async fn empty(tx: &mut Tx, user: UserId, places: &[&Place]) -> Result<LetGo, StoreError> {
    let mut let_go = LetGo::default();
    for place in places {
        let workout = place.source.workout_id;
        if let (Some(head), None) = (place.merged_into, place.source.merged_into)
            && let Some(own) = workouts::find_for_attach(tx, user, workout).await?
        {
            if let Some(planned) = own.planned_id {
                let_go.dates.insert(own.local_date);
                if own.pinned {
                    let_go.wishes.insert(head, planned);
                }
            }
            let decision = Decision::without_weighing(MatchReason::Merged, None);
            workouts::set_plan(tx, user, workout, &decision, Link::default()).await?;
        }
        put(tx, user, workout, None, None).await?;
    }
    Ok(let_go)
}

/// Puts every source into its place, and answers those that are merged into others now.
async fn fill(tx: &mut Tx, user: UserId, places: &[&Place]) -> Result<Vec<WorkoutId>, StoreError> {
    let mut merged = Vec::new();
    for place in places {
        let workout = place.source.workout_id;
        put(tx, user, workout, place.merged_into, place.lead).await?;
        if place.merged_into.is_some() {
            stages::delete_computing_runs(tx, user, workout).await?;
            merged.push(workout);
        }
    }
    Ok(merged)
}

/// Decides the plan of a workout whose facts changed, or keeps the one that the athlete chose, and
/// requests its stages.
async fn take_up(
    tx: &mut Tx,
    user: UserId,
    head: WorkoutId,
    wish: Option<PlannedId>,
) -> Result<(), StoreError> {
    let Some(own) = workouts::find_for_attach(tx, user, head).await? else {
        return Ok(());
    };
    match wish.filter(|_| !own.pinned) {
        Some(planned) => {
            let decision = Decision::without_weighing(MatchReason::Attached, Some(planned));
            let link = Link {
                pinned: true,
                anew: false,
            };
            workouts::set_plan(tx, user, head, &decision, link).await?;
            attach::renew(tx, user, head).await?;
        }
        None if own.decision.reason == MatchReason::PerSession => {
            attach::renew(tx, user, head).await?;
        }
        None => {
            attach::reconsider(tx, user, head, true).await?;
        }
    }
    Ok(())
}

async fn put(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    merged_into: Option<WorkoutId>,
    lead: Option<WorkoutId>,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/merging/place.sql"))
        .bind(workout.0)
        .bind(user.0)
        .bind(merged_into.map(|id| id.0))
        .bind(lead.map(|id| id.0));
    tx.execute(query).await?;
    Ok(())
}
