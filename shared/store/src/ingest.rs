//! The ingest transaction: workout, recording, plan link and stage requests, all or nothing.
//!
//! Whoever brings data (a webhook, an upload, later a fetch) ends here. The caller opens the
//! transaction, holds the user's lock, and commits.

use crate::attach::{decide, rematch_date};
use crate::merging::Regrouped;
use crate::stages::RunKey;
use crate::workouts::{self, Announced, Known, Link, NewWorkout, ProviderKey, Reported};
use crate::{StoreError, Tx, deletions, device_sets, merging, stages};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{UserId, WorkoutId};
use domain::local_date::local_date;
use domain::matching::{Decision, MatchReason};
use domain::merging::{ATHLETE, HAND_TOLERANCE, START_TOLERANCE};
use domain::sport::Sport;
use domain::stage::StageName;
use sqlx::FromRow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The activity was not known.
    Created,
    /// The provider says something else than before.
    Changed,
    /// The provider says the same as before; at most the time of its word changed.
    Unchanged,
    /// The provider said something newer before; no row changed.
    Stale,
    /// The workout is a tombstone now.
    Deleted,
    /// There was nothing to delete; what comes later and is not newer will be stale.
    Absent,
    /// The provider will be asked.
    Announced,
    /// It concerns no activity.
    Noted,
}

impl Outcome {
    /// The name used in the database and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Deleted => "deleted",
            Self::Absent => "absent",
            Self::Announced => "announced",
            Self::Noted => "noted",
        }
    }
}

/// What ingest did, and whose doorbells should ring after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The workout; `None` when there is none, because it was deleted before it came.
    pub workout_id: Option<WorkoutId>,
    /// What was done.
    pub outcome: Outcome,
    /// Workouts whose stages were requested.
    pub requested: Vec<WorkoutId>,
    /// Whether the provider is to be asked about the workout.
    pub fetch: bool,
}

impl Ingested {
    /// Without anybody to ask or anything to compute.
    pub fn quiet(workout_id: Option<WorkoutId>, outcome: Outcome) -> Self {
        Self {
            workout_id,
            outcome,
            requested: Vec::new(),
            fetch: false,
        }
    }

    /// The runs whose doorbells should ring after the commit.
    pub fn runs(&self, user: UserId) -> Vec<RunKey> {
        let mut runs = RunKey::computing(user, &self.requested);
        let fetch = self
            .workout_id
            .filter(|_| self.fetch)
            .map(|workout| RunKey {
                user_id: user,
                workout_id: workout,
                stage: StageName::Fetch,
            });
        runs.extend(fetch);
        runs
    }
}

/// Stores what a provider reports, attaches the plan, and requests the stages.
///
/// The sessions of a multi-session recording become workouts of their own under the whole one; a
/// session that the provider no longer reports becomes a tombstone.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn ingest(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    reported: &Reported<'_>,
    sessions: &[Reported<'_>],
) -> Result<Ingested, StoreError> {
    let place = if sessions.is_empty() {
        Place::Alone
    } else {
        Place::Whole
    };
    let mut ingested = store(tx, user, key, place, reported).await?;
    let (Some(whole), Outcome::Created | Outcome::Changed) =
        (ingested.workout_id, ingested.outcome)
    else {
        return Ok(ingested);
    };

    let mut last = 0;
    for (index, session) in (1..).zip(sessions) {
        let stored = store(tx, user, key.session(index), Place::Session(whole), session).await?;
        ingested.requested.extend(stored.requested);
        last = index;
    }
    if ingested.outcome == Outcome::Changed {
        let known = workouts::list_sessions(tx, user, whole).await?;
        let gone = known.iter().filter(|known| known.session_index > last);
        let requested = bury(tx, user, gone, reported.provider_time).await?;
        ingested.requested.extend(requested);
    }
    // Who gave up a plan to another of the same activity is named twice.
    ingested.requested.sort_unstable();
    ingested.requested.dedup();
    Ok(ingested)
}

/// Where a workout stands among the sessions of its activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The activity is one session.
    Alone,
    /// The activity is several, and this is all of them; plans are for each by itself.
    Whole,
    /// One of several, under the workout of all of them.
    Session(WorkoutId),
}

/// Stores one workout with its recording, attaches its plan, and requests its stages.
async fn store(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    place: Place,
    reported: &Reported<'_>,
) -> Result<Ingested, StoreError> {
    let known = workouts::find_by_provider(tx, user, key).await?;
    if let Some(known) = &known
        && let Some(outcome) = already(known, reported)
    {
        let workout = known.workout_id();
        if outcome == Outcome::Unchanged {
            workouts::confirm_workout(tx, user, workout, reported.provider_time).await?;
        }
        return Ok(Ingested::quiet(Some(workout), outcome));
    }
    let recording = reported.recording;
    let around = find_circumstances(tx, user, key, recording.start_utc).await?;
    let is_gone = |at| !is_newer(reported.provider_time, Some(at));
    if known.is_none() && around.deleted_at.is_some_and(is_gone) {
        return Ok(Ingested::quiet(None, Outcome::Stale));
    }

    let workout = known
        .as_ref()
        .map_or_else(|| WorkoutId(Uuid::now_v7()), Known::workout_id);
    // What was only announced comes for the first time now.
    let before = known.as_ref().filter(|known| known.generation > 0);
    let date = match before {
        Some(known) => known.local_date,
        None => around.local_date(recording.start_utc, recording.utc_offset_s),
    };
    // What several sources tell of is matched by all that they say, and computed once.
    let is_merged = known.as_ref().is_some_and(Known::is_merged);
    let is_shared = known.as_ref().is_some_and(Known::is_shared);
    let decision = match place {
        Place::Whole => Decision::without_weighing(MatchReason::PerSession, None),
        Place::Alone | Place::Session(_) if is_shared => {
            Decision::without_weighing(MatchReason::Merged, None)
        }
        Place::Alone | Place::Session(_) => {
            decide(tx, user, date, workout, reported.executed).await?
        }
    };

    let mut requested = if is_merged { Vec::new() } else { vec![workout] };
    let generation = match &known {
        None => {
            let new = NewWorkout {
                workout_id: workout,
                key,
                parent: match place {
                    Place::Session(whole) => Some(whole),
                    Place::Alone | Place::Whole => None,
                },
                local_date: date,
            };
            workouts::insert_workout(tx, user, new, reported, &decision).await?;
            1
        }
        Some(known) => {
            let generation = workouts::update_workout(tx, user, workout, reported, date).await?;
            if !known.plan_pinned && (!is_shared || place == Place::Whole) {
                workouts::set_plan(tx, user, workout, &decision, Link::default()).await?;
                if known.planned_id().is_some() && decision.planned_id != known.planned_id() {
                    requested.extend(rematch_date(tx, user, date).await?);
                }
            }
            generation
        }
    };
    workouts::upsert_recording(tx, user, workout, reported).await?;
    let had_sets = known.as_ref().is_some_and(|known| known.has_sets);
    if key.provider == ATHLETE {
        // They are logged one by one.
    } else if place != Place::Whole {
        let source = device_sets::Source {
            workout_id: workout,
            provider: key.provider,
        };
        device_sets::replace(tx, user, source, recording, had_sets).await?;
    } else if had_sets {
        // What was one session is several now, and each of them tells of its own.
        device_sets::delete_all(tx, user, workout).await?;
    }
    if !is_merged {
        stages::request_stages(tx, user, workout, generation).await?;
    }
    if !matches!(place, Place::Session(_)) {
        let regrouped = merge(tx, user, workout, known.as_ref(), reported, &around).await?;
        requested.extend(regrouped.requested);
        requested.retain(|workout| !regrouped.merged.contains(workout));
    }

    let outcome = if before.is_some() {
        Outcome::Changed
    } else {
        Outcome::Created
    };
    Ok(Ingested {
        workout_id: Some(workout),
        outcome,
        requested,
        fetch: false,
    })
}

/// What else bears on an activity that came.
#[derive(Debug, FromRow)]
struct Circumstances {
    /// When the provider deleted it, if that came first.
    deleted_at: Option<DateTime<Utc>>,
    /// The athlete's IANA time zone, if it is known.
    time_zone: Option<String>,
    /// Whether another provider tells of something that began at about the same time.
    has_neighbour: bool,
}

impl Circumstances {
    /// The athlete's date at a moment: by the source's offset, else by the athlete's zone.
    fn local_date(&self, moment: DateTime<Utc>, utc_offset_s: Option<i32>) -> NaiveDate {
        let zone = self.time_zone.as_deref().and_then(|zone| zone.parse().ok());
        local_date(moment, utc_offset_s, zone)
    }
}

/// Reads all of them in one statement: a delivery is acknowledged the sooner the fewer it asks.
async fn find_circumstances(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    started_at: DateTime<Utc>,
) -> Result<Circumstances, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/ingest/find_circumstances.sql"))
        .bind(user.0)
        .bind(key.provider.to_owned())
        .bind(key.activity_id.to_owned())
        .bind(key.session_index)
        .bind(started_at)
        .bind(START_TOLERANCE)
        .bind(HAND_TOLERANCE)
        .bind(ATHLETE);
    tx.fetch_one(query).await
}

/// Merges a workout with what other providers tell of the same session, or parts it from what is no
/// longer the same.
async fn merge(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    before: Option<&Known>,
    reported: &Reported<'_>,
    around: &Circumstances,
) -> Result<Regrouped, StoreError> {
    let now = reported.recording.start_utc;
    let shared = before.filter(|known| known.is_shared());
    let mut regrouped = Regrouped::default();
    if let Some(before) = shared.filter(|known| known.started_at != now) {
        // Those that it leaves behind.
        regrouped = merging::regroup(tx, user, before.started_at, workout).await?;
    }
    if shared.is_some() || around.has_neighbour {
        let again = merging::regroup(tx, user, now, workout).await?;
        regrouped.requested.extend(again.requested);
        regrouped.merged.extend(again.merged);
    }
    Ok(regrouped)
}

/// Notes that something happened to an activity, and that its provider has to be asked what.
///
/// Of one that is not known, a workout of generation 0 is made. Whatever was said and in whichever
/// order, the answer is what the provider says when it is asked, so nothing here is stale.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn announce(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    announced_at: DateTime<Utc>,
) -> Result<Ingested, StoreError> {
    let known = workouts::find_by_provider(tx, user, key).await?;
    let workout = match known {
        Some(known) => known.workout_id(),
        None => {
            let announced = Announced {
                at: announced_at,
                utc_offset_s: None,
                sport: Sport::Other,
                name: None,
            };
            begin(tx, user, key, &announced).await?
        }
    };
    stages::request_fetch(tx, user, workout).await?;
    Ok(Ingested {
        workout_id: Some(workout),
        outcome: Outcome::Announced,
        requested: Vec::new(),
        fetch: true,
    })
}

/// Makes a workout of generation 0, of which nothing is known but that it is.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn begin(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    announced: &Announced<'_>,
) -> Result<WorkoutId, StoreError> {
    let around = find_circumstances(tx, user, key, announced.at).await?;
    let new = NewWorkout {
        workout_id: WorkoutId(Uuid::now_v7()),
        key,
        parent: None,
        local_date: around.local_date(announced.at, announced.utc_offset_s),
    };
    let decision = Decision::without_weighing(MatchReason::AwaitsData, None);
    workouts::insert_announced(tx, user, new, announced, &decision).await?;
    Ok(new.workout_id)
}

/// Turns a workout and its sessions into tombstones, which frees their plans, or remembers that
/// none may come.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete(
    tx: &mut Tx,
    user: UserId,
    key: ProviderKey<'_>,
    provider_time: Option<DateTime<Utc>>,
) -> Result<Ingested, StoreError> {
    let Some(known) = workouts::find_by_provider(tx, user, key).await? else {
        if let Some(time) = provider_time {
            deletions::remember_early_deletion(tx, user, key, time).await?;
        }
        return Ok(Ingested::quiet(None, Outcome::Absent));
    };
    let workout_id = Some(known.workout_id());
    if known.deleted {
        workouts::confirm_workout(tx, user, known.workout_id(), provider_time).await?;
        return Ok(Ingested::quiet(workout_id, Outcome::Unchanged));
    }
    // At the same time the deletion wins: what is gone cannot be asked for again.
    if is_older(provider_time, known.provider_time) {
        return Ok(Ingested::quiet(workout_id, Outcome::Stale));
    }
    let mut gone = workouts::list_sessions(tx, user, known.workout_id()).await?;
    gone.push(known);
    let requested = bury(tx, user, gone.iter(), provider_time).await?;
    Ok(Ingested {
        workout_id,
        outcome: Outcome::Deleted,
        requested,
        fetch: false,
    })
}

/// Turns workouts into tombstones, and answers whose link changed because their plans are free.
async fn bury(
    tx: &mut Tx,
    user: UserId,
    gone: impl Iterator<Item = &Known>,
    provider_time: Option<DateTime<Utc>>,
) -> Result<Vec<WorkoutId>, StoreError> {
    let mut dates = BTreeSet::new();
    let mut requested = Vec::new();
    for known in gone {
        let workout = known.workout_id();
        if known.has_sets {
            device_sets::delete_all(tx, user, workout).await?;
        }
        workouts::tombstone_workout(tx, user, workout, provider_time).await?;
        dates.insert(known.local_date);
        if known.is_shared() {
            // What other providers tell of the session stays, and is first to take its plan.
            let regrouped = merging::regroup(tx, user, known.started_at, workout).await?;
            requested.extend(regrouped.requested);
        }
    }
    for date in dates {
        requested.extend(rematch_date(tx, user, date).await?);
    }
    Ok(requested)
}

/// Whether nothing is to be done for what is reported, and why.
fn already(known: &Known, reported: &Reported<'_>) -> Option<Outcome> {
    if known.deleted {
        let newer = is_newer(reported.provider_time, known.provider_time);
        return (!newer).then_some(Outcome::Stale);
    }
    if is_older(reported.provider_time, known.provider_time) {
        return Some(Outcome::Stale);
    }
    (known.content_sha256 == reported.content_sha256).then_some(Outcome::Unchanged)
}

/// Whether a report is of a later time than a deletion; one without a time is of now.
fn is_newer(reported: Option<DateTime<Utc>>, deleted: Option<DateTime<Utc>>) -> bool {
    !matches!((reported, deleted), (Some(reported), Some(deleted)) if reported <= deleted)
}

fn is_older(reported: Option<DateTime<Utc>>, known: Option<DateTime<Utc>>) -> bool {
    matches!((reported, known), (Some(reported), Some(known)) if reported < known)
}
