//! `/programs`: create, list, get, replace, delete.

use crate::Done;
use crate::body::field;
use crate::failure::Failure;
use chrono::DateTime;
use domain::id::{ProgramId, UserId};
use lambda_http::http::{HeaderValue, StatusCode, header};
use platform::cursor;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::programs::{self, Outline, Program};
use uuid::Uuid;

/// Programs of one page.
const PAGE: usize = 50;
/// The longest program: ten years.
const MOST_WEEKS: i32 = 520;

/// A program as clients send it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramInput {
    name: String,
    weeks: i32,
    days: i32,
}

#[derive(Serialize)]
struct ProgramList {
    programs: Vec<Program>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Failure> {
    only_parameters(request, &["cursor"])?;
    let after = match request.query("cursor") {
        None => (DateTime::UNIX_EPOCH, ProgramId(Uuid::nil())),
        Some(text) => {
            let (moment, id) = cursor::read_moment(&text)?;
            (moment, ProgramId(id))
        }
    };
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut programs = programs::list_programs(tx, user, after, limit).await?;
    let more = programs.len() > PAGE;
    programs.truncate(PAGE);
    let next_cursor = programs
        .last()
        .filter(|_| more)
        .map(|last| cursor::write_moment(last.created_at, last.program_id.0));
    let list = ProgramList {
        programs,
        next_cursor,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &list)))
}

pub(crate) async fn create(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: ProgramId,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let outline = read(request)?;
    tx.lock_user(user).await?;
    programs::insert_program(tx, user, id, &outline).await?;

    let mut done = show(tx, user, id, StatusCode::CREATED).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("/programs/{id}")) {
        let headers = done.response.headers_mut();
        headers.insert(header::LOCATION, location);
    }
    Ok(done)
}

pub(crate) async fn find(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    show(tx, user, request.id(id)?, StatusCode::OK).await
}

pub(crate) async fn replace(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let id = request.id(id)?;
    let outline = read(request)?;
    tx.lock_user(user).await?;
    programs::update_program(tx, user, id, &outline).await?;
    show(tx, user, id, StatusCode::OK).await
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let id = request.id(id)?;
    tx.lock_user(user).await?;
    if programs::delete_program(tx, user, id).await? {
        Ok(Done::quiet(http::empty(StatusCode::NO_CONTENT)))
    } else {
        Err(no_program().into())
    }
}

async fn show(
    tx: &mut Tx,
    user: UserId,
    id: ProgramId,
    status: StatusCode,
) -> Result<Done, Failure> {
    let program = programs::find_program(tx, user, id).await?;
    let program = program.ok_or_else(no_program)?;
    Ok(Done::quiet(http::json(status, &program)))
}

fn read(request: &Request) -> Result<Outline, Problem> {
    let ProgramInput { name, weeks, days } = request.json()?;
    let is_name = !name.trim().is_empty() && name.chars().count() <= 200 && !name.contains('\0');
    if !is_name {
        return Err(field(
            "/name",
            "must be a text of 1 to 200 characters, none of them NUL",
        ));
    }
    if !(1..=MOST_WEEKS).contains(&weeks) {
        return Err(field("/weeks", "must be from 1 to 520"));
    }
    if !(1..=7).contains(&days) {
        return Err(field("/days", "must be from 1 to 7"));
    }
    Ok(Outline { name, weeks, days })
}

fn no_program() -> Problem {
    Problem::not_found("not_found", "there is no such program")
}
