//! Saving a log: created or updated, all of it or nothing, and only the rows that changed.

use crate::body::{Changes, Save};
use crate::failure::Failure;
use crate::locate::{Target, find_at};
use crate::settle::settle;
use crate::story::{CacheUse, Outcome, Story, Why, Writes};
use crate::{Done, Saving, read};
use chrono::{DateTime, Utc};
use domain::id::{ExerciseId, LogExerciseId, LogId, UserId};
use domain::log::Wanted;
use domain::log::diff::{Diff, diff};
use domain::log::error::PLACE;
use domain::log::merge::{NotMerged, merge};
use domain::log::normalise::Corrected;
use lambda_http::http::{HeaderValue, StatusCode, header};
use platform::clock;
use platform::http::{self, Request, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use std::collections::BTreeSet;
use store::Tx;
use store::logs::{self, Details, Inserted, Log};
use uuid::Uuid;

/// What a save answers.
#[derive(Serialize)]
struct Saved<'a> {
    outcome: Outcome,
    why: Why,
    cache: CacheUse,
    writes: Writes,
    /// What is not stored as it was sent.
    corrections: Vec<Corrected>,
    log: &'a Log,
}

/// What a log is to say.
struct Meant {
    details: Details,
    /// All exercises; those that are there stay without it.
    exercises: Option<Vec<Wanted>>,
    completed_at: Option<DateTime<Utc>>,
    /// The ids of the rows that were sent, where those are not all.
    sent: Vec<Option<LogExerciseId>>,
}

impl Saving {
    /// `PUT`: creates the log or updates it.
    pub(crate) async fn save(
        &self,
        tx: &mut Tx,
        user: UserId,
        target: Target,
        request: &Request,
        story: &mut Story,
    ) -> Result<Done, Failure> {
        only_parameters(request, &[])?;
        let body: Save = request.json()?;
        let read = body.exercises()?;
        let (exercises, corrections) = match read {
            Some(read) => (Some(read.exercises), read.corrections),
            None => (None, Vec::new()),
        };
        story.corrections = corrections.len();
        tx.lock_user(user).await?;

        let hint = body.log_id.as_ref();
        let (mut found, mut why) = self.locate(tx, user, target, hint, story).await?;
        if found.is_none() {
            if body.version.is_some_and(|version| version != 0) {
                return Err(conflict(None, &[]).into());
            }
            let details = body.details(tx, user, target.place()).await?;
            let wanted = exercises.clone().unwrap_or_default();
            match create(tx, user, target, &details, &wanted, story).await? {
                Some(log) => {
                    return Ok(done(target, log, Outcome::Created, why, corrections, story));
                }
                None => {
                    found = Some(reread(tx, user, target, story).await?);
                    why = Why::ConstraintRecovered;
                }
            }
        }
        let Some(log) = found else {
            return Err(Failure::Overtaken);
        };
        let meant = Meant {
            details: body.edit(tx, user, &log.details).await?,
            exercises,
            completed_at: None,
            sent: Vec::new(),
        };
        update(
            tx,
            user,
            target,
            log,
            meant,
            body.version,
            (why, corrections),
            story,
        )
        .await
    }

    /// `PATCH`: makes what one device changed of some exercises, whatever others changed of others.
    pub(crate) async fn merge(
        &self,
        tx: &mut Tx,
        user: UserId,
        target: Target,
        request: &Request,
        story: &mut Story,
    ) -> Result<Done, Failure> {
        only_parameters(request, &[])?;
        let body: Changes = request.json()?;
        let changes = body.exercises()?;
        story.corrections = changes.corrections.len();
        tx.lock_user(user).await?;

        let hint = body.log_id.as_ref();
        let (log, why) = self.locate(tx, user, target, hint, story).await?;
        let log = log.ok_or_else(read::no_log)?;
        let merged = merge(&log.exercises, &changes.exercises, &body.removed);
        let exercises = merged.map_err(|refused| match refused {
            NotMerged::Conflicts(ids) => conflict(Some(&log), &ids),
            NotMerged::NoId { index } => {
                let problem = "is needed, so that the change counts once when it comes twice";
                crate::body::field(&format!("/exercises/{index}/id"), problem)
            }
            NotMerged::TooMany => {
                crate::body::field("/exercises", "would be more than 100 with those of the log")
            }
        })?;
        let meant = Meant {
            details: log.details.clone(),
            exercises: Some(exercises),
            completed_at: None,
            sent: changes.exercises.iter().map(|row| row.id).collect(),
        };
        let told = (why, changes.corrections);
        update(tx, user, target, log, meant, None, told, story).await
    }
}

/// `POST …/finish`: finishes a log, once.
pub(crate) async fn finish(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
    story: &mut Story,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let id: LogId = request.id(id)?;
    tx.lock_user(user).await?;
    let log = logs::find_log(tx, user, id, None).await?;
    let log = log.ok_or_else(read::no_log)?;
    let completed_at = log.completed_at.is_none().then(clock::now);
    let meant = Meant {
        details: log.details.clone(),
        exercises: None,
        completed_at,
        sent: Vec::new(),
    };
    let told = (Why::IdPresent, Vec::new());
    update(tx, user, Target::Log(id), log, meant, None, told, story).await
}

/// `DELETE` of a log.
pub(crate) async fn delete(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
    id: &str,
) -> Result<Done, Failure> {
    only_parameters(request, &[])?;
    let id = request.id(id)?;
    tx.lock_user(user).await?;
    if logs::delete_log(tx, user, id).await? {
        Ok(Done::quiet(http::empty(StatusCode::NO_CONTENT)))
    } else {
        Err(read::no_log().into())
    }
}

/// Makes a log with its exercises; `None` when another one is there already, of which nothing was
/// known a moment ago.
async fn create(
    tx: &mut Tx,
    user: UserId,
    target: Target,
    details: &Details,
    wanted: &[Wanted],
    story: &mut Story,
) -> Result<Option<Log>, Failure> {
    let diff = diff(&[], wanted, new_id);
    refuse_unknown(tx, user, &diff, &[], &[]).await?;
    let id = target.id();
    match logs::insert_log(tx, user, id, target.place(), details).await? {
        Inserted::Yes => {}
        Inserted::PlaceTaken => {
            story.recovered = Some(PLACE);
            return Ok(None);
        }
        Inserted::IdTaken => return Ok(None),
    }
    story.writes.logs = 1;
    story.writes.exercises = logs::write_exercises(tx, user, id, &diff).await?;
    Ok(logs::find_log(tx, user, id, None).await?)
}

/// Reads the log that was there already, now that whoever made it is through.
async fn reread(tx: &mut Tx, user: UserId, target: Target, story: &Story) -> Result<Log, Failure> {
    match target {
        Target::Place(place, _) if story.recovered.is_some() => {
            // It may be gone again.
            find_at(tx, user, place).await?.ok_or(Failure::Overtaken)
        }
        // The id is of a try whose end was not heard of, or it is another user's.
        Target::Place(..) | Target::Log(_) => {
            let log = logs::find_log(tx, user, target.id(), target.place()).await?;
            Ok(log.ok_or_else(read::no_log)?)
        }
    }
}

/// Writes what is to change, unless it was changed elsewhere since the client read it.
#[expect(
    clippy::too_many_arguments,
    reason = "what is known, what is meant and what is told of it"
)]
async fn update(
    tx: &mut Tx,
    user: UserId,
    target: Target,
    log: Log,
    meant: Meant,
    version: Option<i64>,
    (why, corrections): (Why, Vec<Corrected>),
    story: &mut Story,
) -> Result<Done, Failure> {
    story.log = Some(log.log_id);
    let wanted = meant.exercises.as_deref();
    let diff = wanted.map(|wanted| diff(&log.exercises, wanted, new_id));
    let diff = diff.unwrap_or_default();
    if diff.is_empty() && meant.details == log.details && meant.completed_at.is_none() {
        return Ok(done(
            target,
            log,
            Outcome::Unchanged,
            why,
            corrections,
            story,
        ));
    }
    if version.is_some_and(|version| version != log.version) {
        return Err(conflict(Some(&log), &[]).into());
    }
    let known: Vec<ExerciseId> = log
        .exercises
        .iter()
        .map(|row| row.work.exercise_id)
        .collect();
    refuse_unknown(tx, user, &diff, &known, &meant.sent).await?;

    if !logs::update_log(tx, user, &log, &meant.details, meant.completed_at).await? {
        return Err(Failure::Overtaken);
    }
    story.writes.logs = 1;
    story.writes.exercises = logs::write_exercises(tx, user, log.log_id, &diff).await?;
    let is_finish = meant.completed_at.is_some();
    // A log that came finished and without a workout may be of one that came by itself.
    let is_due = is_finish || log.workout_id.is_some() || !diff.is_empty();
    let tells_of_sets = is_finish
        || !diff.is_empty()
        || meant.details.date != log.details.date
        || meant.details.weight_unit != log.details.weight_unit;
    let mut log = reread_id(tx, user, log.log_id).await?;
    let mut changed = Vec::new();
    if let Some(completed_at) = log.completed_at.filter(|_| is_due) {
        let settled = settle(tx, user, &log, completed_at, tells_of_sets).await?;
        changed = settled.changed;
        story.records_pending = settled.is_pending;
        if settled.workout != log.workout_id {
            logs::set_workout(tx, user, log.log_id, settled.workout).await?;
            log = reread_id(tx, user, log.log_id).await?;
        }
    }
    let done = done(target, log, Outcome::Updated, why, corrections, story);
    Ok(Done { changed, ..done })
}

async fn reread_id(tx: &mut Tx, user: UserId, id: LogId) -> Result<Log, Failure> {
    let log = logs::find_log(tx, user, id, None).await?;
    log.ok_or(Failure::Overtaken)
}

fn new_id() -> LogExerciseId {
    LogExerciseId(Uuid::now_v7())
}

/// Refuses exercises that neither the catalogue nor the athlete has, by their places in what was sent;
/// those of the log are known.
async fn refuse_unknown(
    tx: &mut Tx,
    user: UserId,
    diff: &Diff,
    known: &[ExerciseId],
    sent: &[Option<LogExerciseId>],
) -> Result<(), Failure> {
    let rows = diff.inserted.iter().chain(&diff.updated);
    let asked: BTreeSet<ExerciseId> = rows
        .clone()
        .map(|row| row.work.exercise_id)
        .filter(|id| !known.contains(id))
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let asked: Vec<ExerciseId> = asked.into_iter().collect();
    let unknown = logs::list_unknown_exercises(tx, user, &asked).await?;
    if unknown.is_empty() {
        return Ok(());
    }
    let problem = Problem::unprocessable("unknown_exercise", "there is no such exercise");
    let places = rows
        .filter(|row| unknown.contains(&row.work.exercise_id))
        .map(|row| {
            let place = sent.iter().position(|id| *id == Some(row.id));
            format!(
                "/exercises/{}/exercise_id",
                place.unwrap_or(row.order_index)
            )
        });
    let problem = places.fold(problem, |problem, field| {
        problem.with_field(field, "is of no exercise")
    });
    Err(problem.into())
}

/// Says that a log was changed elsewhere, and what it says now.
fn conflict(current: Option<&Log>, exercises: &[LogExerciseId]) -> Problem {
    let detail = "the log was changed since it was read; `current` is what it says now";
    Problem::conflict("log_version_conflict", detail)
        .with_member("current", current)
        .with_member("conflicts", exercises)
}

fn done(
    target: Target,
    log: Log,
    outcome: Outcome,
    why: Why,
    corrections: Vec<Corrected>,
    story: &mut Story,
) -> Done {
    story.log = Some(log.log_id);
    story.outcome = Some((outcome, why));
    let status = if outcome == Outcome::Created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let saved = Saved {
        outcome,
        why,
        cache: story.cache,
        writes: story.writes,
        corrections,
        log: &log,
    };
    let mut response = http::json(status, &saved);
    if outcome == Outcome::Created
        && let Ok(location) = HeaderValue::from_str(&format!("/logs/{}", log.log_id))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Done {
        response,
        changed: Vec::new(),
        remembered: target.place().map(|place| (place, log.log_id)),
    }
}
