//! `/workouts/{id}/sets`: log one or many, list, change, delete.

use crate::sessions::{self, no_workout};
use crate::views::{AchievedView, SetView, unit_of};
use crate::{Done, Written};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::id::{ExerciseId, SetId, UserId, WorkoutId};
use domain::set::{InvalidSet, MOST_SETS, SetContent, Side, WeightUnit};
use lambda_http::http::StatusCode;
use platform::clock;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use store::records::{self, Achieved, RecordKey};
use store::sets::{self, Logged, NewSet, NotChanged, Refused, Session, Set, Teller};
use store::{StoreError, Tx};

/// The most sets of one request.
const MOST_AT_ONCE: usize = 100;

/// What says which set it is; all else is its content.
#[derive(Deserialize)]
struct Head {
    set_id: SetId,
    exercise_id: ExerciseId,
    #[serde(default = "both")]
    side: Side,
    performed_at: Option<DateTime<Utc>>,
}

fn both() -> Side {
    Side::Both
}

/// The names of the fields of [`Head`].
const HEAD: [&str; 4] = ["set_id", "exercise_id", "side", "performed_at"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    sets: Vec<Map<String, Value>>,
}

#[derive(Serialize)]
struct LoggedView {
    set: SetView,
    records: Vec<AchievedView>,
    records_pending: bool,
}

#[derive(Serialize)]
struct OneOfMany {
    set: SetView,
    records: Vec<AchievedView>,
}

#[derive(Serialize)]
struct ManyView {
    sets: Vec<OneOfMany>,
    records_pending: bool,
}

#[derive(Serialize)]
struct ExerciseView {
    exercise_id: ExerciseId,
    name: String,
    sets: Vec<SetView>,
}

#[derive(Serialize)]
struct SetList {
    workout_id: WorkoutId,
    is_active: bool,
    exercises: Vec<ExerciseView>,
}

#[derive(Serialize)]
struct Deleted {
    set_id: SetId,
    records_pending: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    exercise_ids: Vec<ExerciseId>,
}

#[derive(Serialize)]
struct Ordered {
    workout_id: WorkoutId,
    exercise_ids: Vec<ExerciseId>,
}

pub(crate) async fn log_one(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let set = read(request.json()?, "", clock::now())?;
    let (logged, achieved, unit) = log(tx, user, request, id, &[set], |_| String::new()).await?;
    let records_pending = logged.kept.is_pending;
    let Some(set) = logged.sets.into_iter().next() else {
        return Err(Problem::internal("a set that was logged is not there"));
    };
    let view = LoggedView {
        records: views(&achieved, set.set_id, unit),
        set: SetView::new(set, unit),
        records_pending,
    };
    Ok(Done::wrote(
        http::json(StatusCode::CREATED, &view),
        Written::sets(1, achieved.len()),
    ))
}

pub(crate) async fn log_many(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    let Many { sets } = request.json()?;
    if sets.is_empty() || sets.len() > MOST_AT_ONCE {
        let problem = format!("must be 1 to {MOST_AT_ONCE}");
        return Err(
            Problem::unprocessable("invalid", format!("/sets {problem}"))
                .with_field("/sets", problem),
        );
    }
    let now = clock::now();
    let pointer = |index: usize| format!("/sets/{index}");
    let mut new = Vec::new();
    let mut wrong: Option<Problem> = None;
    for (index, set) in sets.into_iter().enumerate() {
        match read(set, &pointer(index), now) {
            Ok(set) => new.push(set),
            // Everything that is wrong is said at once.
            Err(problem) => {
                wrong = Some(match wrong {
                    Some(before) => before.with_fields_of(problem),
                    None => problem,
                });
            }
        }
    }
    if let Some(problem) = wrong {
        return Err(problem);
    }
    let (logged, achieved, unit) = log(tx, user, request, id, &new, pointer).await?;
    let written = Written::sets(logged.sets.len(), achieved.len());
    let records_pending = logged.kept.is_pending;
    let sets = logged
        .sets
        .into_iter()
        .map(|set| OneOfMany {
            records: views(&achieved, set.set_id, unit),
            set: SetView::new(set, unit),
        })
        .collect();
    let view = ManyView {
        sets,
        records_pending,
    };
    Ok(Done::wrote(http::json(StatusCode::CREATED, &view), written))
}

/// Logs sets that were read; `pointer` says where in the request each of them is.
async fn log(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    new: &[NewSet],
    pointer: impl Fn(usize) -> String,
) -> Result<(Logged, Vec<Achieved>, WeightUnit), Problem> {
    only_parameters(request, &[])?;
    let workout: WorkoutId = request.id(id)?;
    tx.lock_user(user).await?;
    let session = find(tx, user, workout).await?;
    let now = clock::now().trunc_subsecs(6);
    let logged = sets::log(tx, user, workout, Teller::ATHLETE, now, new).await?;
    let logged = logged.map_err(|refused| refusal(refused, pointer))?;
    // A retry of what was logged in time is answered as it was then.
    if logged.is_new && !session.is_active {
        return Err(Problem::conflict(
            "session_finished",
            "the workout is finished; change its sets, or start another",
        ));
    }
    let unit = unit_of(tx, user).await?;
    let achieved = if logged.kept.is_pending {
        Vec::new()
    } else {
        list_achieved(tx, user, &logged.sets).await?
    };
    Ok((logged, achieved, unit))
}

/// The workout that sets are logged in.
async fn find(tx: &mut Tx, user: UserId, workout: WorkoutId) -> Result<Session, Problem> {
    let session = sets::find_session(tx, user, workout).await?;
    let session = session.ok_or_else(no_workout)?;
    if session.is_by_hand() {
        Ok(session)
    } else {
        Err(not_by_hand())
    }
}

pub(crate) fn not_by_hand() -> Problem {
    Problem::conflict(
        "not_logged_by_hand",
        "a provider tells of it, so it is changed there",
    )
}

fn refusal(refused: Refused, pointer: impl Fn(usize) -> String) -> Problem {
    let invalid = |index: usize, field: &str, problem: &str| {
        let field = format!("{}{field}", pointer(index));
        Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
    };
    match refused {
        Refused::NoExercise(index) => invalid(index, "/exercise_id", "there is no such exercise"),
        Refused::NoGrip(index, grip) => {
            invalid(index, "/grips", &format!("there is no grip {grip}"))
        }
        Refused::IdTaken(index) => Problem::conflict(
            "set_id_taken",
            "the id is that of another set, or of this one with another content",
        )
        .with_field(format!("{}/set_id", pointer(index)), "is taken"),
        Refused::TooMany => Problem::unprocessable(
            "too_many_sets",
            format!("a workout has at most {MOST_SETS} sets"),
        ),
    }
}

async fn list_achieved(
    tx: &mut Tx,
    user: UserId,
    sets: &[Set],
) -> Result<Vec<Achieved>, StoreError> {
    let mut by_key: BTreeMap<RecordKey, Vec<SetId>> = BTreeMap::new();
    for set in sets {
        by_key.entry(set.record_key()).or_default().push(set.set_id);
    }
    let mut achieved = Vec::new();
    for (key, ids) in by_key {
        achieved.extend(records::list_achieved(tx, user, &key, &ids).await?);
    }
    Ok(achieved)
}

fn views(achieved: &[Achieved], set: SetId, unit: WeightUnit) -> Vec<AchievedView> {
    let of_set = achieved.iter().filter(|achieved| achieved.set_id == set);
    of_set
        .map(|achieved| AchievedView::new(achieved, unit))
        .collect()
}

/// Reads a set that is at `pointer` of a request.
fn read(
    mut fields: Map<String, Value>,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<NewSet, Problem> {
    let head: Map<String, Value> = HEAD
        .iter()
        .filter_map(|name| fields.remove_entry(*name))
        .collect();
    let head: Head = parse(head, pointer)?;
    let content: SetContent = parse(fields, pointer)?;
    let content = content
        .checked()
        .map_err(|wrong| invalid(pointer, &wrong))?;
    let performed_at = head
        .performed_at
        .map(|at| believe(at, &format!("{pointer}/performed_at"), now))
        .transpose()?;
    Ok(NewSet {
        set_id: head.set_id,
        exercise_id: head.exercise_id,
        side: head.side,
        content,
        performed_at,
    })
}

fn parse<T: serde::de::DeserializeOwned>(
    fields: Map<String, Value>,
    pointer: &str,
) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let problem = error.to_string();
        Problem::unprocessable("invalid", format!("{pointer} {problem}").trim())
            .with_field(pointer, problem)
    })
}

fn invalid(pointer: &str, wrong: &[InvalidSet]) -> Problem {
    let detail = wrong
        .iter()
        .map(|wrong| format!("{pointer}{} {}", wrong.field, wrong.problem))
        .collect::<Vec<_>>()
        .join("; ");
    wrong.iter().fold(
        Problem::unprocessable("invalid", detail),
        |problem, wrong| problem.with_field(format!("{pointer}{}", wrong.field), wrong.problem),
    )
}

/// A time at which something may have been done, to the microsecond that the database keeps.
pub(crate) fn believe(
    at: DateTime<Utc>,
    field: &str,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Problem> {
    if at >= DateTime::UNIX_EPOCH && at <= now + TimeDelta::days(1) {
        return Ok(at.trunc_subsecs(6));
    }
    let problem = "must be a time since 1970, and at most a day ahead";
    Err(Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem))
}

pub(crate) async fn list(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let workout: WorkoutId = request.id(id)?;
    let session = sets::find_session(tx, user, workout).await?;
    let session = session.ok_or_else(no_workout)?;
    let unit = unit_of(tx, user).await?;
    let mut exercises: Vec<ExerciseView> = Vec::new();
    for listed in sets::list(tx, user, workout).await? {
        let exercise_id = listed.set.exercise_id;
        let view = SetView::new(listed.set, unit);
        match exercises.last_mut() {
            Some(last) if last.exercise_id == exercise_id => last.sets.push(view),
            Some(_) | None => exercises.push(ExerciseView {
                exercise_id,
                name: listed.exercise_name,
                sets: vec![view],
            }),
        }
    }
    let list = SetList {
        workout_id: workout,
        is_active: session.is_active,
        exercises,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &list)))
}

/// A set of a workout, under the user's lock, that the athlete may change.
async fn find_own(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    (workout, set): (&str, &str),
) -> Result<(Session, Set), Problem> {
    only_parameters(request, &[])?;
    let (workout, set): (WorkoutId, SetId) = (request.id(workout)?, request.id(set)?);
    tx.lock_user(user).await?;
    let session = find(tx, user, workout).await?;
    let set = sets::find(tx, user, set).await?;
    let set = set.filter(|set| set.workout_id == workout);
    let set = set.ok_or_else(|| Problem::not_found("not_found", "there is no such set"))?;
    Ok((session, set))
}

pub(crate) async fn change(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    path: (&str, &str),
) -> Result<Done, Problem> {
    let patch: Map<String, Value> = request.json()?;
    let (session, before) = find_own(tx, user, request, path).await?;
    let (content, performed_at) = merge(&before, patch)?;
    let replaced = sets::replace(tx, user, &before, &content, performed_at).await?;
    let kept = replaced.map_err(|not_changed| match not_changed {
        NotChanged::NoGrip(grip) => refusal(Refused::NoGrip(0, grip), |_| String::new()),
        NotChanged::Gone => Problem::not_found("not_found", "there is no such set"),
    })?;
    let changed = sessions::take_in_again(tx, user, &session).await?;
    let after = sets::find(tx, user, before.set_id).await?;
    let set = after.ok_or_else(|| Problem::internal("a set that was changed is not there"))?;
    let unit = unit_of(tx, user).await?;
    let achieved = if kept.is_pending {
        Vec::new()
    } else {
        list_achieved(tx, user, std::slice::from_ref(&set)).await?
    };
    let view = LoggedView {
        records: views(&achieved, set.set_id, unit),
        set: SetView::new(set, unit),
        records_pending: kept.is_pending,
    };
    let done = Done::wrote(
        http::json(StatusCode::OK, &view),
        Written::sets(1, achieved.len()),
    );
    Ok(Done { changed, ..done })
}

/// What a set says after a merge patch (RFC 7396).
fn merge(
    before: &Set,
    mut patch: Map<String, Value>,
) -> Result<(SetContent, DateTime<Utc>), Problem> {
    let performed_at = match patch.remove("performed_at") {
        Some(at) => {
            let field = "/performed_at";
            let at = serde_json::from_value(at).map_err(|error| {
                let problem = error.to_string();
                Problem::unprocessable("invalid", format!("{field} {problem}"))
                    .with_field(field, problem)
            })?;
            believe(at, field, clock::now())?
        }
        None => before.performed_at,
    };
    let mut fields = http::patched(&before.content, patch)?;
    // A weight that is taken away takes its unit along.
    if !fields.contains_key("weight") || fields.get("weight") == Some(&Value::Null) {
        fields.remove("weight_unit");
    }
    let content: SetContent = parse(fields, "")?;
    let content = content.checked().map_err(|wrong| invalid("", &wrong))?;
    Ok((content, performed_at))
}

pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    path: (&str, &str),
) -> Result<Done, Problem> {
    let (session, set) = find_own(tx, user, request, path).await?;
    let kept = sets::delete(tx, user, &set).await?;
    let changed = sessions::take_in_again(tx, user, &session).await?;
    let view = Deleted {
        set_id: set.set_id,
        records_pending: kept.is_pending,
    };
    let done = Done::wrote(http::json(StatusCode::OK, &view), Written::sets(1, 0));
    Ok(Done { changed, ..done })
}

pub(crate) async fn order(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Problem> {
    only_parameters(request, &[])?;
    let workout: WorkoutId = request.id(id)?;
    let Order { exercise_ids } = request.json()?;
    let wrong = |problem: &str| {
        let field = "/exercise_ids";
        Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
    };
    if exercise_ids.len() > MOST_AT_ONCE {
        return Err(wrong("there are more than 100"));
    }
    let mut once = exercise_ids.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < exercise_ids.len() {
        return Err(wrong("one is there twice"));
    }
    tx.lock_user(user).await?;
    find(tx, user, workout).await?;
    if !sets::place_exercises(tx, user, workout, &exercise_ids).await? {
        return Err(wrong("one is no exercise"));
    }
    let ordered = Ordered {
        workout_id: workout,
        exercise_ids,
    };
    Ok(Done::quiet(http::json(StatusCode::OK, &ordered)))
}
