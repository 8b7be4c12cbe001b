//! The catalogue of exercises, an athlete's own among them, and grips.

use crate::{StoreError, Tx};
use domain::exercise::{Category, Equipment, Measure, Mechanics, Muscle};
use domain::id::{ExerciseId, UserId};
use serde::Serialize;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// What people call it.
    pub name: String,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// The kind of exercise.
    pub category: Category,
    /// What is counted of it.
    pub measure: Measure,
    /// Whether one joint moves or several do, where that is known.
    pub mechanics: Option<Mechanics>,
    /// What it is done with.
    pub equipment: Vec<Equipment>,
    /// The muscles that it is for.
    pub primary_muscles: Vec<Muscle>,
    /// The muscles that help.
    pub secondary_muscles: Vec<Muscle>,
    /// Whether it is done with one side at a time.
    pub is_unilateral: bool,
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
