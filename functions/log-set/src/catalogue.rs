//! `/exercises` and `/grips`: what sets are of.

use crate::Done;
use domain::exercise::{Equipment, Muscle};
use domain::id::{ExerciseId, UserId};
use lambda_http::http::StatusCode;
use platform::cursor;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use store::Tx;
use store::exercises::{self, Exercise, Grip, Search};
use uuid::Uuid;

/// The most exercises of one page.
const PAGE: usize = 100;
/// Longest name, in characters.
const LONGEST_NAME: usize = 120;

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
