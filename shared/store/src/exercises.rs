//! The catalogue of exercises, an athlete's own among them, and grips.

use crate::{StoreError, Tx};
use domain::exercise::{Category, Equipment, Measure, Mechanics, Muscle};
use domain::id::{ExerciseId, UserId};
use domain::set::WeightUnit;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

/// How a bar is held or a stance is taken.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Grip {
    /// Its name.
    pub slug: String,
    /// `width`, `orientation`, `attachment` or `stance`.
    pub category: String,
}

/// What an exercise is, whoever's it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What people call it.
    pub name: String,
    /// Other names of it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The kind of exercise.
    #[serde(default = "strength")]
    pub category: Category,
    /// What is counted of it.
    #[serde(default = "reps")]
    pub measure: Measure,
    /// Whether one joint moves or several do, where that is known.
    pub mechanics: Option<Mechanics>,
    /// What it is done with.
    #[serde(default)]
    pub equipment: Vec<Equipment>,
    /// The muscles that it is for.
    #[serde(default)]
    pub primary_muscles: Vec<Muscle>,
    /// The muscles that help.
    #[serde(default)]
    pub secondary_muscles: Vec<Muscle>,
    /// Whether it is done with one side at a time.
    #[serde(default)]
    pub is_unilateral: bool,
}

fn strength() -> Category {
    Category::Strength
}

fn reps() -> Measure {
    Measure::Reps
}

/// An exercise that an athlete may log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exercise {
    /// Its id.
    pub exercise_id: ExerciseId,
    /// What it is.
    #[serde(flatten)]
    pub definition: Definition,
    /// Whether the athlete added it; otherwise it is of the catalogue.
    pub is_own: bool,
    /// Whether it is no longer offered, though sets are of it.
    pub is_archived: bool,
    /// Its name in lower case, by which it is listed.
    #[serde(skip)]
    pub name_key: String,
}

#[derive(Debug, FromRow)]
struct ExerciseRow {
    id: Uuid,
    is_own: bool,
    name: String,
    category: String,
    measure: String,
    mechanics: Option<String>,
    equipment: Vec<String>,
    primary_muscles: Vec<String>,
    secondary_muscles: Vec<String>,
    is_unilateral: bool,
    is_archived: bool,
    name_key: String,
    aliases: Vec<String>,
}

/// Reads a word of a closed list back.
fn word<T>(name: &str, from_name: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    from_name(name).ok_or_else(|| StoreError::corrupt(format!("unknown word {name}")))
}

fn words<T>(names: &[String], from_name: fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
    names.iter().map(|name| word(name, from_name)).collect()
}

impl TryFrom<ExerciseRow> for Exercise {
    type Error = StoreError;

    fn try_from(row: ExerciseRow) -> Result<Self, StoreError> {
        let mechanics = row.mechanics.as_deref();
        Ok(Self {
            exercise_id: ExerciseId(row.id),
            definition: Definition {
                name: row.name,
                aliases: row.aliases,
                category: word(&row.category, Category::from_name)?,
                measure: word(&row.measure, Measure::from_name)?,
                mechanics: mechanics
                    .map(|name| word(name, Mechanics::from_name))
                    .transpose()?,
                equipment: words(&row.equipment, Equipment::from_name)?,
                primary_muscles: words(&row.primary_muscles, Muscle::from_name)?,
                secondary_muscles: words(&row.secondary_muscles, Muscle::from_name)?,
                is_unilateral: row.is_unilateral,
            },
            is_own: row.is_own,
            is_archived: row.is_archived,
            name_key: row.name_key,
        })
    }
}

/// Which exercises are listed.
#[derive(Debug, Clone)]
pub struct Search {
    /// Words of a name or an alias.
    pub name: Option<String>,
    /// A muscle that it is for, or that helps.
    pub muscle: Option<Muscle>,
    /// What it is done with.
    pub equipment: Option<Equipment>,
    /// Behind this one, by name and id.
    pub after: (String, ExerciseId),
    /// At most so many.
    pub limit: i64,
}

/// Lists what fits, by name.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_exercises(
    tx: &mut Tx,
    user: UserId,
    search: Search,
) -> Result<Vec<Exercise>, StoreError> {
    let (name, id) = search.after;
    let query = tx
        .query_as::<ExerciseRow>(include_str!("../queries/exercises/list_exercises.sql"))
        .bind(user.0)
        .bind(search.name)
        .bind(search.muscle.map(Muscle::as_str))
        .bind(search.equipment.map(Equipment::as_str))
        .bind(name)
        .bind(id.0)
        .bind(search.limit);
    let rows = tx.fetch_all(query).await?;
    rows.into_iter().map(Exercise::try_from).collect()
}

/// Finds an exercise of the catalogue or of the athlete.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_exercise(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
) -> Result<Option<Exercise>, StoreError> {
    let query = tx
        .query_as::<ExerciseRow>(include_str!("../queries/exercises/find_exercise.sql"))
        .bind(user.0)
        .bind(exercise.0);
    tx.fetch_optional(query)
        .await?
        .map(Exercise::try_from)
        .transpose()
}

/// Lists every grip.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn list_grips(tx: &mut Tx) -> Result<Vec<Grip>, StoreError> {
    let query = tx.query_as(include_str!("../queries/exercises/list_grips.sql"));
    tx.fetch_all(query).await
}

/// Why an athlete's exercise is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// There is no such exercise of the athlete's.
    Absent,
    /// The athlete has one of this name.
    NameTaken,
    /// One of its other names is another exercise's.
    AliasTaken,
    /// A name has no letters and no digits.
    NoName,
}

/// Names what a constraint refused.
fn refused(error: StoreError) -> Result<NotStored, StoreError> {
    if error.is_constraint("exercises_name_key") {
        Ok(NotStored::NameTaken)
    } else if error.is_constraint("exercise_aliases_pkey") {
        Ok(NotStored::AliasTaken)
    } else if error.is_constraint("exercise_has_a_name") || error.is_constraint("alias_has_a_name")
    {
        Ok(NotStored::NoName)
    } else {
        Err(error)
    }
}

/// Stores an exercise of the athlete's own.
///
/// Whoever is refused has to roll back.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn insert_exercise(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    definition: &Definition,
) -> Result<Result<(), NotStored>, StoreError> {
    let sql = include_str!("../queries/exercises/insert_exercise.sql");
    match write(tx, user, exercise, definition, sql).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => refused(error).map(Err),
    }
}

/// Replaces an exercise of the athlete's own, and offers it again if it was archived.
///
/// Whoever is refused has to roll back.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn update_exercise(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    definition: &Definition,
) -> Result<Result<(), NotStored>, StoreError> {
    let sql = include_str!("../queries/exercises/update_exercise.sql");
    match write(tx, user, exercise, definition, sql).await {
        Ok(0) => Ok(Err(NotStored::Absent)),
        Ok(_) => Ok(Ok(())),
        Err(error) => refused(error).map(Err),
    }
}

async fn write(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    definition: &Definition,
    sql: &'static str,
) -> Result<u64, StoreError> {
    fn names<T: Copy>(words: &[T], as_str: fn(T) -> &'static str) -> Vec<&'static str> {
        words.iter().map(|word| as_str(*word)).collect()
    }
    let query = tx
        .query(sql)
        .bind(user.0)
        .bind(exercise.0)
        .bind(definition.name.clone())
        .bind(definition.category.as_str())
        .bind(definition.measure.as_str())
        .bind(definition.mechanics.map(Mechanics::as_str))
        .bind(names(&definition.equipment, Equipment::as_str))
        .bind(names(&definition.primary_muscles, Muscle::as_str))
        .bind(names(&definition.secondary_muscles, Muscle::as_str))
        .bind(definition.is_unilateral);
    let written = tx.execute(query).await?;
    if written > 0 {
        let query = tx
            .query(include_str!("../queries/exercises/delete_aliases.sql"))
            .bind(user.0)
            .bind(exercise.0);
        tx.execute(query).await?;
        let query = tx
            .query(include_str!("../queries/exercises/insert_aliases.sql"))
            .bind(user.0)
            .bind(exercise.0)
            .bind(definition.aliases.clone());
        tx.execute(query).await?;
    }
    Ok(written)
}

/// What became of an exercise that is not wanted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// There was none of the athlete's.
    Absent,
    /// It is gone.
    Deleted,
    /// Sets are of it, so it stays and is no longer offered.
    Archived,
}

/// Deletes an exercise of the athlete's own, or archives it when something is of it.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn delete_exercise(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
) -> Result<Dropped, StoreError> {
    tx.save().await?;
    let query = tx
        .query(include_str!("../queries/exercises/delete_exercise.sql"))
        .bind(user.0)
        .bind(exercise.0);
    match tx.execute(query).await {
        Ok(0) => return Ok(Dropped::Absent),
        Ok(_) => return Ok(Dropped::Deleted),
        Err(StoreError::Constraint { .. }) => tx.undo().await?,
        Err(error) => return Err(error),
    }
    let query = tx
        .query(include_str!("../queries/exercises/archive_exercise.sql"))
        .bind(user.0)
        .bind(exercise.0);
    tx.execute(query).await?;
    Ok(Dropped::Archived)
}

/// Stores what the athlete thinks to lift ten times.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn keep_estimate(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
    weight: f64,
    unit: WeightUnit,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/exercises/upsert_estimate.sql"))
        .bind(user.0)
        .bind(exercise.0)
        .bind(weight)
        .bind(unit.as_str());
    tx.execute(query).await?;
    Ok(())
}

/// Finds what the athlete thinks to lift ten times, in kilograms.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_estimate_kg(
    tx: &mut Tx,
    user: UserId,
    exercise: ExerciseId,
) -> Result<Option<f64>, StoreError> {
    let query = tx
        .query_as::<(f64, String)>(include_str!("../queries/exercises/find_estimate.sql"))
        .bind(user.0)
        .bind(exercise.0);
    let found = tx.fetch_optional(query).await?;
    found
        .map(|(weight, unit)| Ok(word(&unit, WeightUnit::from_name)?.to_kg(weight)))
        .transpose()
}
