//! `/athlete/coaches`: whom an athlete lets read the logs.

use crate::Done;
use crate::body::field;
use crate::failure::Failure;
use domain::id::UserId;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use store::Tx;
use store::coaches::{self, Coach};

#[derive(Serialize)]
struct CoachList {
    coaches: Vec<Coach>,
}

pub(crate) async fn list(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let coaches = coaches::list_coaches(tx, user).await?;
    Ok(Done::quiet(http::json(
        StatusCode::OK,
        &CoachList { coaches },
    )))
}

pub(crate) async fn allow(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let coach: UserId = request.id(id)?;
    if coach == user {
        return Err(field("/user_id", "must be somebody else").into());
    }
    tx.lock_user(user).await?;
    if coaches::allow_coach(tx, user, coach).await? {
        Ok(Done::quiet(http::empty(StatusCode::NO_CONTENT)))
    } else {
        Err(no_coach().into())
    }
}

pub(crate) async fn forbid(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    tx.lock_user(user).await?;
    if coaches::forbid_coach(tx, user, request.id(id)?).await? {
        Ok(Done::quiet(http::empty(StatusCode::NO_CONTENT)))
    } else {
        Err(no_coach().into())
    }
}

fn no_coach() -> Problem {
    Problem::not_found("not_found", "there is no such coach")
}
