//! `/exercises` and `/grips`: what sets are of.

use crate::Done;
use domain::exercise::{Equipment, Muscle};
use domain::id::{ExerciseId, UserId};
use lambda_http::http::{HeaderValue, StatusCode, header};
use platform::cursor;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use serde_json::{Map, Value};
use store::Tx;
use store::exercises::{self, Definition, Dropped, Exercise, Grip, NotStored, Search};
use uuid::Uuid;

/// The most exercises of one page.
const PAGE: usize = 100;
/// The most characters of a name.
const LONGEST_NAME: usize = 120;
/// The most other names, pieces of equipment and muscles of an exercise of one's own.
const MOST_WORDS: usize = 20;

#[derive(Serialize)]
struct ExerciseList {
    exercises: Vec<Exercise>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct GripList {
    grips: Vec<Grip>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &["name", "muscle", "equipment", "cursor"])?;
    let muscle = request.query("muscle");
    let muscle = muscle.map(|name| {
        Muscle::from_name(&name)
            .ok_or_else(|| Problem::malformed("unknown_muscle", "there is no such muscle"))
    });
    let equipment = request.query("equipment");
    let equipment = equipment.map(|name| {
        Equipment::from_name(&name)
            .ok_or_else(|| Problem::malformed("unknown_equipment", "there is no such equipment"))
    });
    let name = request.query("name");
    let length = name.as_ref().map(|name| name.chars().count());
    if length.is_some_and(|length| !(1..=LONGEST_NAME).contains(&length)) {
        let detail = format!("name must be 1 to {LONGEST_NAME} characters");
        return Err(Problem::malformed("bad_name", detail));
    }
    let after = match request.query("cursor") {
        Some(text) => cursor::read(&text)?,
        None => (String::new(), Uuid::nil()),
    };
    let search = Search {
        // PostgreSQL's text holds no NUL.
        name: name.map(|name| name.replace('\0', " ")),
        muscle: muscle.transpose()?,
        equipment: equipment.transpose()?,
        after: (after.0, ExerciseId(after.1)),
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
    };
    let mut exercises = exercises::list_exercises(tx, user, search).await?;
    let more = exercises.len() > PAGE;
    exercises.truncate(PAGE);
    let next_cursor = exercises
        .last()
        .filter(|_| more)
        .map(|last| cursor::write(&last.name_key, last.exercise_id.0));
    let list = ExerciseList {
        exercises,
        next_cursor,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &list)))
}

pub(crate) async fn find(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let exercise = exercises::find_exercise(tx, user, request.id(id)?)
        .await?
        .ok_or_else(no_exercise)?;
    Ok(Done::quiet(http::json(StatusCode::OK, &exercise)))
}

pub(crate) async fn grips(tx: &mut Tx, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let grips = exercises::list_grips(tx).await?;
    Ok(Done::quiet(http::json(StatusCode::OK, &GripList { grips })))
}

pub(crate) fn no_exercise() -> Problem {
    Problem::not_found("not_found", "there is no such exercise")
}

pub(crate) async fn create(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let definition = check(request.json()?)?;
    let exercise_id = ExerciseId(Uuid::now_v7());
    tx.lock_user(user).await?;
    let stored = exercises::insert_exercise(tx, user, exercise_id, &definition).await?;
    stored.map_err(not_stored)?;
    let exercise = exercises::find_exercise(tx, user, exercise_id).await?;
    let mut response = http::json(StatusCode::CREATED, &exercise.ok_or_else(no_exercise)?);
    if let Ok(location) = HeaderValue::from_str(&format!("/exercises/{exercise_id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(Done::quiet(response))
}

pub(crate) async fn change(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let exercise_id: ExerciseId = request.id(id)?;
    let patch: Map<String, Value> = request.json()?;
    tx.lock_user(user).await?;
    let before = exercises::find_exercise(tx, user, exercise_id).await?;
    // What is everybody's is nobody's to change.
    let before = before
        .filter(|before| before.is_own)
        .ok_or_else(no_exercise)?;
    let fields = http::patched(&before.definition, patch)?;
    let definition = serde_json::from_value(Value::Object(fields))
        .map_err(|error| Problem::unprocessable("invalid", error.to_string()))?;
    let definition = check(definition)?;
    let stored = exercises::update_exercise(tx, user, exercise_id, &definition).await?;
    stored.map_err(not_stored)?;
    let exercise = exercises::find_exercise(tx, user, exercise_id).await?;
    Ok(Done::quiet(http::json(
        StatusCode::OK,
        &exercise.ok_or_else(no_exercise)?,
    )))
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let exercise_id: ExerciseId = request.id(id)?;
    tx.lock_user(user).await?;
    match exercises::delete_exercise(tx, user, exercise_id).await? {
        Dropped::Absent => Err(no_exercise()),
        Dropped::Deleted | Dropped::Archived => {
            Ok(Done::quiet(http::empty(StatusCode::NO_CONTENT)))
        }
    }
}

fn check(mut definition: Definition) -> Result<Definition, Problem> {
    let wrong = |field: &'static str, problem: &'static str| {
        Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
    };
    let is_name = |name: &str| {
        (1..=LONGEST_NAME).contains(&name.trim().chars().count()) && !name.contains('\0')
    };
    if !is_name(&definition.name) {
        return Err(wrong("/name", "must be text of 1 to 120 characters"));
    }
    if definition.aliases.len() > MOST_WORDS
        || !definition.aliases.iter().all(|alias| is_name(alias))
    {
        return Err(wrong(
            "/aliases",
            "must be at most 20 texts of 1 to 120 characters",
        ));
    }
    for (field, words) in [
        ("/equipment", definition.equipment.len()),
        ("/primary_muscles", definition.primary_muscles.len()),
        ("/secondary_muscles", definition.secondary_muscles.len()),
    ] {
        if words > MOST_WORDS {
            return Err(wrong(field, "there are more than 20"));
        }
    }
    definition.name = definition.name.trim().to_owned();
    for alias in &mut definition.aliases {
        *alias = alias.trim().to_owned();
    }
    Ok(definition)
}

fn not_stored(not_stored: NotStored) -> Problem {
    let taken = |field: &str, problem: &str| {
        Problem::conflict("exercise_exists", format!("{field} {problem}"))
            .with_field(field, problem)
    };
    match not_stored {
        NotStored::Absent => no_exercise(),
        NotStored::NameTaken => taken("/name", "is that of another exercise of yours"),
        NotStored::AliasTaken => taken(
            "/aliases",
            "one is there twice, or that of another exercise of yours",
        ),
        NotStored::NoName => {
            Problem::unprocessable("invalid", "a name has no letters and no digits")
        }
    }
}
