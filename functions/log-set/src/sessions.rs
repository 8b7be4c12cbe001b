//! Workouts that an athlete logs: start, the one that is on, finish, delete.

use crate::Done;
use crate::sets::{believe, not_by_hand};
use chrono::{DateTime, SubsecRound, Utc};
use domain::id::{UserId, WorkoutId};
use domain::merging::ATHLETE;
use domain::sport::Sport;
use lambda_http::http::{HeaderValue, StatusCode, header};
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use platform::{clock, lifting};
use serde::{Deserialize, Serialize};
use store::sets::{self, Session};
use store::workouts::{self, Announced, ProviderKey};
use store::{StoreError, Tx, ingest};
use uuid::Uuid;

/// The most characters of a name.
const LONGEST_NAME: usize = 200;
/// How far any zone's clocks are from UTC, in seconds.
const FARTHEST_OFFSET: i32 = 15 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    client_id: Uuid,
    name: Option<String>,
    started_at: Option<DateTime<Utc>>,
    utc_offset_s: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Finish {
    ended_at: Option<DateTime<Utc>>,
}

/// A workout that an athlete logs, as clients see it.
#[derive(Serialize)]
struct SessionView {
    workout_id: WorkoutId,
    client_id: String,
    name: Option<String>,
    started_at: DateTime<Utc>,
    utc_offset_s: Option<i32>,
    is_active: bool,
    duration_s: Option<f64>,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            workout_id: session.workout_id(),
            client_id: session.provider_activity_id,
            name: session.name,
            started_at: session.started_at,
            utc_offset_s: session.utc_offset_s,
            is_active: session.is_active,
            duration_s: session.duration_s,
        }
    }
}

#[derive(Serialize)]
struct Active {
    active: Option<SessionView>,
}

pub(crate) async fn start(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let start: Start = request.json()?;
    let now = clock::now();
    let name = start.name.as_deref().map(str::trim);
    let wrong = |field: &'static str, problem: &'static str| {
        Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
    };
    if name.is_some_and(|name| {
        name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0')
    }) {
        return Err(wrong("/name", "must be text of 1 to 200 characters"));
    }
    if start
        .utc_offset_s
        .is_some_and(|offset| !(-FARTHEST_OFFSET..=FARTHEST_OFFSET).contains(&offset))
    {
        return Err(wrong("/utc_offset_s", "must be -54000 to 54000"));
    }
    let started_at = believe(start.started_at.unwrap_or(now), "/started_at", now)?;

    tx.lock_user(user).await?;
    let client_id = start.client_id.to_string();
    let key = ProviderKey::activity(ATHLETE, &client_id);
    if let Some(known) = workouts::find_by_provider(tx, user, key).await? {
        if known.deleted {
            return Err(Problem::conflict(
                "session_deleted",
                "the workout of this client_id was deleted; start another under a new one",
            ));
        }
        let view = show(tx, user, known.workout_id()).await?;
        return Ok(Done::quiet(http::json(StatusCode::OK, &view)));
    }
    if let Some(active) = sets::find_active(tx, user).await? {
        return Err(Problem::conflict(
            "session_active",
            format!("the workout {active} is being logged; finish it first"),
        ));
    }
    let announced = Announced {
        at: started_at,
        utc_offset_s: start.utc_offset_s,
        sport: Sport::Strength,
        name,
    };
    let workout = ingest::begin(tx, user, key, &announced).await?;
    sets::begin_session(tx, user, workout).await?;
    let view = show(tx, user, workout).await?;
    let mut response = http::json(StatusCode::CREATED, &view);
    if let Ok(location) = HeaderValue::from_str(&format!("/workouts/{workout}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(Done::quiet(response))
}

async fn show(tx: &mut Tx, user: UserId, workout: WorkoutId) -> Result<SessionView, Problem> {
    let session = sets::find_session(tx, user, workout).await?;
    Ok(session.ok_or_else(no_workout)?.into())
}

pub(crate) async fn active(tx: &mut Tx, user: UserId, request: &Request) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let active = match sets::find_active(tx, user).await? {
        Some(workout) => Some(show(tx, user, workout).await?),
        None => None,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &Active { active })))
}

/// A live workout that the athlete tells of, under the user's lock.
async fn find_by_hand(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Session, Problem> {
    only_parameters(request, &[])?;
    let workout: WorkoutId = request.id(id)?;
    tx.lock_user(user).await?;
    let session = sets::find_session(tx, user, workout).await?;
    let session = session.ok_or_else(no_workout)?;
    if session.is_by_hand() {
        Ok(session)
    } else {
        Err(not_by_hand())
    }
}

pub(crate) async fn finish(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let finish: Finish = if request.body().is_empty() {
        Finish::default()
    } else {
        request.json()?
    };
    let session = find_by_hand(tx, user, request, id).await?;
    let workout = session.workout_id();
    let mut changed = Vec::new();
    if session.is_active {
        let now = clock::now();
        let ended_at = believe(finish.ended_at.unwrap_or(now), "/ended_at", now)?;
        if finish.ended_at.is_some_and(|at| at < session.started_at) {
            let problem = "must not be before started_at";
            return Err(
                Problem::unprocessable("invalid", format!("/ended_at {problem}"))
                    .with_field("/ended_at", problem),
            );
        }
        sets::end_session(tx, user, workout).await?;
        let duration_s = lifting::duration_s(&session, ended_at.trunc_subsecs(0));
        changed = lifting::take_in(tx, user, &session, duration_s)
            .await?
            .requested;
    }
    let view = show(tx, user, workout).await?;
    let response = http::json(StatusCode::OK, &view);
    Ok(Done {
        changed,
        ..Done::quiet(response)
    })
}

/// Takes a workout in again whose sets changed after it was finished; answers whose stages are due.
pub(crate) async fn take_in_again(
    tx: &mut Tx,
    user: UserId,
    session: &Session,
) -> Result<Vec<WorkoutId>, StoreError> {
    // While it goes on, nothing was taken in yet.
    let Some(duration_s) = session.duration_s.filter(|_| !session.is_active) else {
        return Ok(Vec::new());
    };
    Ok(lifting::take_in(tx, user, session, duration_s)
        .await?
        .requested)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let session = find_by_hand(tx, user, request, id).await?;
    let workout = session.workout_id();
    sets::end_session(tx, user, workout).await?;
    let key = ProviderKey::activity(&session.provider, &session.provider_activity_id);
    let ingested = ingest::delete(tx, user, key, None).await?;
    Ok(Done {
        changed: ingested.requested,
        ..Done::quiet(http::empty(StatusCode::NO_CONTENT))
    })
}

pub(crate) fn no_workout() -> Problem {
    Problem::not_found("not_found", "there is no such workout")
}
