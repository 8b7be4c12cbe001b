//! Reading logs: one's own, and those of athletes who let one read.

use crate::Done;
use crate::failure::Failure;
use chrono::NaiveDate;
use domain::id::{LogId, ProgramId, UserId};
use lambda_http::http::StatusCode;
use platform::cursor;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use store::logs::{self, Log, LogPage, Summary};
use store::{Tx, coaches};
use uuid::Uuid;

/// Logs of one page.
const PAGE: usize = 50;

#[derive(Serialize)]
struct LogList {
    logs: Vec<Summary>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Failure> {
    only_parameters(request, &["program_id", "athlete_id", "cursor"])?;
    let program: Option<ProgramId> = id_parameter(request, "program_id")?.map(ProgramId);
    let athlete = match id_parameter(request, "athlete_id")?.map(UserId) {
        None => user,
        Some(athlete) if athlete == user => user,
        Some(athlete) if coaches::may_read(tx, athlete, user).await? => athlete,
        Some(_) => return Err(Problem::not_found("not_found", "there is no such athlete").into()),
    };
    let after = match request.query("cursor") {
        None => (last_date(), LogId(Uuid::max())),
        Some(text) => {
            let (date, id) = cursor::read(&text)?;
            let date = date.parse().ok().filter(|date| *date <= last_date());
            (date.ok_or_else(cursor::bad)?, LogId(id))
        }
    };
    let page = LogPage {
        after,
        program,
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
    };
    let mut logs = logs::list_logs(tx, athlete, page).await?;
    let more = logs.len() > PAGE;
    logs.truncate(PAGE);
    let last = logs.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor::write(&last.details.date.to_string(), last.log_id.0));
    Ok(Done::quiet(http::json(
        StatusCode::OK,
        &LogList { logs, next_cursor },
    )))
}

pub(crate) async fn find(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let id: LogId = request.id(id)?;
    if let Some(log) = logs::find_log(tx, user, id, None).await? {
        return Ok(show(&log));
    }
    let athlete = coaches::find_athlete_of_log(tx, user, id).await?;
    let athlete = athlete.ok_or_else(no_log)?;
    let log = logs::find_log(tx, athlete, id, None).await?;
    Ok(show(&log.ok_or_else(no_log)?))
}

/// Answers with a log.
pub(crate) fn show(log: &Log) -> Done {
    Done::quiet(http::json(StatusCode::OK, log))
}

pub(crate) fn no_log() -> Problem {
    Problem::not_found("not_found", "there is no such log")
}

fn id_parameter(request: &Request, name: &str) -> Result<Option<Uuid>, Problem> {
    let text = request.query(name);
    text.map(|text| text.parse()).transpose().map_err(|_| {
        Problem::malformed(
            "bad_id",
            format!("{name} must be the id of one, as it is written"),
        )
    })
}

/// The last date of all that can be logged.
fn last_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()
}
