//! Which log a request is about: by its id, or by its place, of which the log may be remembered.

use crate::failure::Failure;
use crate::story::{CacheUse, Story, Why};
use crate::{Done, Saving, read};
use domain::id::{LogId, UserId};
use platform::clock;
use platform::http::Request;
use platform::problem::Problem;
use serde_json::Value;
use store::Tx;
use store::logs::{self, Log, Place};

/// What a save is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A day of a program, and the id of the log that may have to be made.
    Place(Place, LogId),
    /// A log by its id.
    Log(LogId),
}

impl Target {
    /// The place, of which at most one log is.
    pub(crate) fn place(self) -> Option<Place> {
        match self {
            Self::Place(place, _) => Some(place),
            Self::Log(_) => None,
        }
    }

    /// The id of a log that has to be made.
    pub(crate) fn id(self) -> LogId {
        match self {
            Self::Place(_, id) | Self::Log(id) => id,
        }
    }
}

/// Reads a place out of a path.
pub(crate) fn place(
    request: &Request,
    program: &str,
    week: &str,
    day: &str,
) -> Result<Place, Problem> {
    let program_id = request.id(program)?;
    let index = |name: &str, text: &str| {
        let number: i64 = request.id(text)?;
        let index = i32::try_from(number).ok().filter(|index| *index >= 0);
        index.ok_or_else(|| out_of_range(name))
    };
    Ok(Place {
        program_id,
        week_index: index("week", week)?,
        day_index: index("day", day)?,
    })
}

impl Saving {
    /// Finds the log that a request is about, and why it is this one; none when there is none yet.
    ///
    /// What is remembered of a place, here or by the client, is an id that the statement that reads the
    /// log checks; only when it was wrong is the place looked up.
    pub(crate) async fn locate(
        &self,
        tx: &mut Tx,
        user: UserId,
        target: Target,
        hint: Option<&Value>,
        story: &mut Story,
    ) -> Result<(Option<Log>, Why), Failure> {
        let place = match target {
            Target::Log(id) => {
                let log = logs::find_log(tx, user, id, None).await?;
                let why = if log.is_some() {
                    Why::IdPresent
                } else {
                    Why::IdAbsent
                };
                return Ok((log, why));
            }
            Target::Place(place, _) => place,
        };
        let remembered = self.known().get(&(user, place), clock::now());
        let told = hint.map(|hint| hint.as_str().and_then(|id| id.parse().ok()));
        story.cache = CacheUse::Miss;
        for (id, why) in [(remembered.map(Some), Why::CachedId), (told, Why::ClientId)] {
            let Some(id) = id else { continue };
            if let Some(id) = id
                && let Some(log) = logs::find_log(tx, user, id, Some(place)).await?
            {
                story.cache = CacheUse::Hit;
                return Ok((Some(log), why));
            }
            self.known().forget(&(user, place));
            story.cache = CacheUse::Dropped;
        }
        let log = find_at(tx, user, place).await?;
        let why = if log.is_some() {
            Why::PlacePresent
        } else {
            Why::PlaceAbsent
        };
        Ok((log, why))
    }

    /// `GET` of a place.
    pub(crate) async fn read_place(
        &self,
        tx: &mut Tx,
        user: UserId,
        place: Place,
    ) -> Result<Done, Failure> {
        let target = Target::Place(place, LogId(uuid::Uuid::nil()));
        let mut story = Story::default();
        let (log, _) = self.locate(tx, user, target, None, &mut story).await?;
        let log = log.ok_or_else(read::no_log)?;
        Ok(Done {
            remembered: Some((place, log.log_id)),
            ..read::show(&log)
        })
    }
}

/// Looks a place up, and refuses one that its program does not have.
pub(crate) async fn find_at(
    tx: &mut Tx,
    user: UserId,
    place: Place,
) -> Result<Option<Log>, Failure> {
    let found = logs::find_place(tx, user, place).await?;
    let found = found.ok_or_else(|| Problem::not_found("not_found", "there is no such program"))?;
    let Some(id) = found.log else {
        // A log that is there stays writable when its program becomes shorter.
        if place.week_index >= found.weeks {
            return Err(out_of_range("week").into());
        }
        if place.day_index >= found.days {
            return Err(out_of_range("day").into());
        }
        return Ok(None);
    };
    Ok(logs::find_log(tx, user, id, Some(place)).await?)
}

fn out_of_range(name: &str) -> Problem {
    let problem = "is not one of the program, counted from 0";
    Problem::unprocessable("place_out_of_range", format!("the {name} {problem}"))
        .with_field(format!("/{name}"), problem)
}
