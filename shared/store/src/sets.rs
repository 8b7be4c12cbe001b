//! Sets of workouts: logged, changed and deleted by one path each, with their records.
//!
//! The caller holds the user's lock and commits. A set, its grips and its records are true together.

use crate::records::{self, Kept, KeyRow, RecordKey};
use crate::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use domain::merging::ATHLETE;
use domain::set::{MOST_SETS, SetContent, SetKind, Side, WeightUnit, next_index};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A set that is to be logged; its content was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSet {
    /// The client's id, so that a retry is the same set.
    pub set_id: SetId,
    /// What was done.
    pub exercise_id: ExerciseId,
    /// Which side did it.
    pub side: Side,
    /// How much.
    pub content: SetContent,
    /// When, where that was said.
    pub performed_at: Option<DateTime<Utc>>,
}

/// A set as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Its id.
    pub set_id: SetId,
    /// The workout that it is of.
    pub workout_id: WorkoutId,
    /// What was done.
    pub exercise_id: ExerciseId,
    /// Its place among the sets of its exercise, from 1; both sides share one.
    pub set_index: i32,
    /// Which side did it.
    pub side: Side,
    /// How much.
    pub content: SetContent,
    /// The weight in kilograms, as the database converts it.
    pub weight_kg: Option<f64>,
    /// The grips as records tell them apart.
    pub grip_key: String,
    /// When.
    pub performed_at: DateTime<Utc>,
    /// `athlete`, or the provider whose recording it is of.
    pub told_by: String,
    /// Whether it counts; of a session that several sources tell of, the sets of one of them do.
    pub counts: bool,
}

impl Set {
    /// The records that it may be of.
    pub fn record_key(&self) -> RecordKey {
        RecordKey {
            exercise_id: self.exercise_id,
            grip_key: self.grip_key.clone(),
        }
    }

    /// Whether logging this again is a retry of what this set is.
    fn is_same(&self, workout: WorkoutId, new: &NewSet) -> bool {
        self.workout_id == workout
            && self.exercise_id == new.exercise_id
            && self.side == new.side
            && self.content == new.content
            && new.performed_at.is_none_or(|at| at == self.performed_at)
    }
}

#[derive(Debug, FromRow)]
struct SetRow {
    id: Uuid,
    workout_id: Uuid,
    exercise_id: Uuid,
    set_index: i32,
    side: String,
    kind: String,
    reps: Option<i32>,
    weight: Option<f64>,
    weight_unit: String,
    weight_kg: Option<f64>,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    rpe: Option<f64>,
    rir: Option<f64>,
    grips: Vec<String>,
    grip_key: String,
    notes: Option<String>,
    rest_s: Option<i32>,
    is_completed: bool,
    performed_at: DateTime<Utc>,
    told_by: String,
    counts: bool,
}

impl TryFrom<SetRow> for Set {
    type Error = StoreError;

    fn try_from(row: SetRow) -> Result<Self, StoreError> {
        let unknown = |word: &str| StoreError::corrupt(format!("unknown word {word} of a set"));
        let unit =
            WeightUnit::from_name(&row.weight_unit).ok_or_else(|| unknown(&row.weight_unit))?;
        Ok(Self {
            set_id: SetId(row.id),
            workout_id: WorkoutId(row.workout_id),
            exercise_id: ExerciseId(row.exercise_id),
            set_index: row.set_index,
            side: Side::from_name(&row.side).ok_or_else(|| unknown(&row.side))?,
            content: SetContent {
                kind: SetKind::from_name(&row.kind).ok_or_else(|| unknown(&row.kind))?,
                reps: row.reps.map(i64::from),
                weight: row.weight,
                weight_unit: row.weight.map(|_| unit),
                duration_s: row.duration_s,
                distance_m: row.distance_m,
                rpe: row.rpe,
                rir: row.rir,
                grips: row.grips,
                notes: row.notes,
                rest_s: row.rest_s.map(i64::from),
                is_completed: row.is_completed,
            },
            weight_kg: row.weight_kg,
            grip_key: row.grip_key,
            performed_at: row.performed_at,
            told_by: row.told_by,
            counts: row.counts,
        })
    }
}

/// Why sets are not logged; each names the set by its place in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such exercise.
    NoExercise(usize),
    /// There is no such grip.
    NoGrip(usize, String),
    /// The id is that of another set, or of the same with another content.
    IdTaken(usize),
    /// The workout would have too many sets.
    TooMany,
}

/// What became of sets that were logged.
#[derive(Debug)]
pub struct Logged {
    /// The sets, in the order in which they were sent.
    pub sets: Vec<Set>,
    /// Whether any of them was not there before.
    pub is_new: bool,
    /// What became of their records.
    pub kept: Kept,
}

/// Who tells of sets, and whether they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teller<'a> {
    /// `athlete`, or a provider.
    pub told_by: &'a str,
    /// Whether the sets count.
    pub counts: bool,
}

impl Teller<'_> {
    /// The athlete, whose sets count.
    pub const ATHLETE: Self = Self {
        told_by: ATHLETE,
        counts: true,
    };
}

/// Logs sets in a workout, all of them or none, and makes their records.
///
/// What is there already as it is sent changes nothing. `now` is when a set was done that does not say.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn log(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    teller: Teller<'_>,
    now: DateTime<Utc>,
    sets: &[NewSet],
) -> Result<Result<Logged, Refused>, StoreError> {
    let ids: Vec<SetId> = sets.iter().map(|set| set.set_id).collect();
    let known: BTreeMap<SetId, Set> = list_known(tx, user, &ids)
        .await?
        .into_iter()
        .map(|set| (set.set_id, set))
        .collect();
    let mut new: Vec<(usize, &NewSet)> = Vec::new();
    let mut seen: BTreeMap<SetId, &NewSet> = BTreeMap::new();
    for (index, set) in sets.iter().enumerate() {
        let is_again = match (known.get(&set.set_id), seen.insert(set.set_id, set)) {
            (_, Some(before)) => before == set,
            (Some(known), None) => known.is_same(workout, set),
            (None, None) => {
                new.push((index, set));
                true
            }
        };
        if !is_again {
            return Ok(Err(Refused::IdTaken(index)));
        }
    }
    let mut kept = Kept::default();
    if !new.is_empty() {
        match insert(tx, user, workout, teller, now, &new).await? {
            // Records that wait to be made are made with these.
            Ok((keys, true)) => kept = records::keep(tx, user, &keys).await?,
            Ok((keys, false)) => kept = records::keep_added(tx, user, &keys, workout).await?,
            Err(refused) => return Ok(Err(refused)),
        }
    }
    let stored: BTreeMap<SetId, Set> = if new.is_empty() {
        known
    } else {
        let stored = list_known(tx, user, &ids).await?;
        stored.into_iter().map(|set| (set.set_id, set)).collect()
    };
    Ok(Ok(Logged {
        // One that was sent twice is answered twice.
        sets: ids
            .iter()
            .filter_map(|id| stored.get(id).cloned())
            .collect(),
        is_new: !new.is_empty(),
        kept,
    }))
}

#[derive(Debug, FromRow)]
struct Circumstances {
    no_exercises: Vec<Uuid>,
    no_grips: Vec<String>,
    sets: i64,
    places: Json<Vec<(ExerciseId, i32, Side)>>,
    has_repairs: bool,
}

/// Gives each new set its place and inserts them all; answers whose records they may be of, and whether
/// some of those wait to be made.
async fn insert(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    teller: Teller<'_>,
    now: DateTime<Utc>,
    new: &[(usize, &NewSet)],
) -> Result<Result<(BTreeSet<RecordKey>, bool), Refused>, StoreError> {
    let exercises: BTreeSet<Uuid> = new.iter().map(|(_, set)| set.exercise_id.0).collect();
    let grips: BTreeSet<String> = new
        .iter()
        .flat_map(|(_, set)| set.content.grips.iter().cloned())
        .collect();
    let query = tx
        .query_as::<Circumstances>(include_str!("../queries/sets/weigh_sets.sql"))
        .bind(user.0)
        .bind(workout.0)
        .bind(exercises.into_iter().collect::<Vec<_>>())
        .bind(grips.into_iter().collect::<Vec<_>>());
    let around = tx.fetch_one(query).await?;
    for (index, set) in new {
        if around.no_exercises.contains(&set.exercise_id.0) {
            return Ok(Err(Refused::NoExercise(*index)));
        }
        let unknown = |grip: &&String| around.no_grips.contains(grip);
        if let Some(grip) = set.content.grips.iter().find(unknown) {
            return Ok(Err(Refused::NoGrip(*index, grip.clone())));
        }
    }
    let before = usize::try_from(around.sets).unwrap_or(usize::MAX);
    if before.saturating_add(new.len()) > MOST_SETS {
        return Ok(Err(Refused::TooMany));
    }

    let mut taken: BTreeMap<ExerciseId, Vec<(i32, Side)>> = BTreeMap::new();
    for (exercise, index, side) in around.places.0 {
        taken.entry(exercise).or_default().push((index, side));
    }
    let mut rows = Vec::new();
    let mut at = now;
    for (_, set) in new {
        // Of sets that are sent at once without a time, the order is what is known.
        at += TimeDelta::microseconds(1);
        let taken = taken.entry(set.exercise_id).or_default();
        let index = next_index(taken, set.side);
        taken.push((index, set.side));
        rows.push(Row {
            set_id: set.set_id,
            exercise_id: set.exercise_id,
            set_index: index,
            side: set.side,
            told_by: teller.told_by,
            counts: teller.counts,
            columns: Columns {
                content: &set.content,
                performed_at: set.performed_at.unwrap_or(at),
            },
        });
    }
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/sets/insert_sets.sql"))
        .bind(user.0)
        .bind(workout.0)
        .bind(Json(rows));
    let keys = tx.fetch_all(query).await?;
    Ok(Ok((records::keys(keys), around.has_repairs)))
}

/// What changes of a set, as a statement takes it.
#[derive(Debug, Serialize)]
struct Columns<'a> {
    #[serde(flatten)]
    content: &'a SetContent,
    performed_at: DateTime<Utc>,
}

/// A set as a statement takes it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    set_id: SetId,
    exercise_id: ExerciseId,
    set_index: i32,
    side: Side,
    told_by: &'a str,
    counts: bool,
    #[serde(flatten)]
    columns: Columns<'a>,
}

async fn list_known(tx: &mut Tx, user: UserId, ids: &[SetId]) -> Result<Vec<Set>, StoreError> {
    let query = tx
        .query_as::<SetRow>(include_str!("../queries/sets/list_known.sql"))
        .bind(user.0)
        .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>());
    let rows = tx.fetch_all(query).await?;
    rows.into_iter().map(Set::try_from).collect()
}

/// Finds a set.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find(tx: &mut Tx, user: UserId, set: SetId) -> Result<Option<Set>, StoreError> {
    Ok(list_known(tx, user, &[set]).await?.pop())
}

#[derive(Debug, FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    set: SetRow,
    exercise_name: String,
}

/// A set with the name of its exercise.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The set.
    pub set: Set,
    /// What people call its exercise.
    pub exercise_name: String,
}

/// Lists the sets of a workout and of what is merged into it, exercise by exercise.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Vec<Listed>, StoreError> {
    let query = tx
        .query_as::<ListedRow>(include_str!("../queries/sets/list_sets.sql"))
        .bind(user.0)
        .bind(workout.0);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Listed {
                set: row.set.try_into()?,
                exercise_name: row.exercise_name,
            })
        })
        .collect()
}

/// Why a set is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// There is no such grip.
    NoGrip(String),
    /// It went meanwhile.
    Gone,
}

/// Replaces what a set says, and makes the records anew of which it was and is.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn replace(
    tx: &mut Tx,
    user: UserId,
    before: &Set,
    content: &SetContent,
    performed_at: DateTime<Utc>,
) -> Result<Result<Kept, NotChanged>, StoreError> {
    if *content == before.content && performed_at == before.performed_at {
        return Ok(Ok(Kept::default()));
    }
    let query = tx
        .query_as::<Circumstances>(include_str!("../queries/sets/weigh_sets.sql"))
        .bind(user.0)
        .bind(before.workout_id.0)
        .bind(Vec::<Uuid>::new())
        .bind(content.grips.clone());
    let around = tx.fetch_one(query).await?;
    if let Some(grip) = around.no_grips.into_iter().next() {
        return Ok(Err(NotChanged::NoGrip(grip)));
    }
    let query = tx
        .query_as::<KeyRow>(include_str!("../queries/sets/update_set.sql"))
        .bind(user.0)
        .bind(before.set_id.0)
        .bind(Json(Columns {
            content,
            performed_at,
        }));
    let mut keys = records::keys(tx.fetch_all(query).await?);
    if keys.is_empty() {
        return Ok(Err(NotChanged::Gone));
    }
    keys.insert(before.record_key());
    Ok(Ok(records::keep(tx, user, &keys).await?))
}

/// Deletes a set, closes the gap that it leaves, and makes its records anew of the others.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete(tx: &mut Tx, user: UserId, set: &Set) -> Result<Kept, StoreError> {
    let query = tx
        .query_as::<(Uuid, String, i32)>(include_str!("../queries/sets/delete_set.sql"))
        .bind(user.0)
        .bind(set.set_id.0);
    let Some((exercise, grip_key, set_index)) = tx.fetch_optional(query).await? else {
        return Ok(Kept::default());
    };
    // Where it stands now: what was deleted since it was read may have moved it.
    let query = tx
        .query(include_str!("../queries/sets/close_gap.sql"))
        .bind(user.0)
        .bind(set.workout_id.0)
        .bind(exercise)
        .bind(set_index);
    tx.execute(query).await?;
    let key = RecordKey {
        exercise_id: ExerciseId(exercise),
        grip_key,
    };
    records::keep(tx, user, &BTreeSet::from([key])).await
}

/// Finds the last set of an exercise with these grips that was work and was counted.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_last_working(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    grips: &[String],
) -> Result<Option<Set>, StoreError> {
    let query = tx
        .query_as::<SetRow>(include_str!("../queries/sets/last_working_set.sql"))
        .bind(user.0)
        .bind(exercise.0)
        .bind(grips.to_vec());
    tx.fetch_optional(query)
        .await?
        .map(Set::try_from)
        .transpose()
}

/// Puts the exercises of a workout into this order; `false` when one of them is none, and then the
/// transaction is to be rolled back.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn place_exercises(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
    order: &[ExerciseId],
) -> Result<bool, StoreError> {
    let query = tx
        .query(include_str!("../queries/sets/clear_places.sql"))
        .bind(user.0)
        .bind(workout.0);
    tx.execute(query).await?;
    let query = tx
        .query(include_str!("../queries/sets/place_exercises.sql"))
        .bind(user.0)
        .bind(workout.0)
        .bind(order.iter().map(|id| id.0).collect::<Vec<_>>());
    Ok(usize::try_from(tx.execute(query).await?) == Ok(order.len()))
}

/// A workout as logging sees it.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Session {
    #[serde(rename = "workout_id")]
    id: Uuid,
    /// Who tells of it.
    pub provider: String,
    /// The teller's own id of it.
    pub provider_activity_id: String,
    /// What people call it.
    pub name: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The athlete's time minus UTC, where it was said.
    pub utc_offset_s: Option<i32>,
    /// Seconds; `None` until it is finished.
    pub duration_s: Option<f64>,
    /// Version of its input; 0 while it goes on.
    pub generation: i64,
    /// Whether it is being logged.
    pub is_active: bool,
}

impl Session {
    /// Its id.
    pub fn workout_id(&self) -> WorkoutId {
        WorkoutId(self.id)
    }

    /// Whether the athlete tells of it.
    pub fn is_by_hand(&self) -> bool {
        self.provider == ATHLETE
    }
}

/// Finds a live workout as logging sees it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_session(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<Option<Session>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/sessions/find_session.sql"))
        .bind(user.0)
        .bind(workout.0);
    tx.fetch_optional(query).await
}

/// Finds the workout that is being logged.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_active(tx: &mut Tx, user: UserId) -> Result<Option<WorkoutId>, StoreError> {
    let query = tx
        .query_as::<(Uuid,)>(include_str!("../queries/sessions/find_active.sql"))
        .bind(user.0);
    Ok(tx.fetch_optional(query).await?.map(|(id,)| WorkoutId(id)))
}

/// Lets a workout be the one that is being logged.
///
/// # Errors
/// [`StoreError::Constraint`] `active_workouts_pkey` when there is one.
pub async fn begin_session(
    tx: &mut Tx,
    user: UserId,
    workout: WorkoutId,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/sessions/begin_session.sql"))
        .bind(user.0)
        .bind(workout.0);
    tx.execute(query).await?;
    Ok(())
}

/// Ends the logging of a workout.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn end_session(tx: &mut Tx, user: UserId, workout: WorkoutId) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/sessions/end_session.sql"))
        .bind(user.0)
        .bind(workout.0);
    tx.execute(query).await?;
    Ok(())
}
