//! What a client sends of a log: what is not there is not touched.

use crate::failure::Failure;
use chrono::NaiveDate;
use domain::id::UserId;
use domain::local_date::local_date;
use domain::log::MOST_EXERCISES;
use domain::log::merge::Removed;
use domain::log::normalise::{ExerciseInput, Invalid, Normalised, normalise};
use platform::clock;
use platform::problem::Problem;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use store::logs::{Details, Place};
use store::{Tx, athletes};

/// The longest name.
const LONGEST_NAME: usize = 200;
/// The longest note of a log.
const LONGEST_NOTES: usize = 4000;
/// The longest session that is believed: two days.
const LONGEST_S: i32 = 2 * 24 * 3600;
/// The first date that is believed; nobody logged before it.
const FIRST: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);

/// The unit of a log's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Kilograms.
    Kg,
    /// Pounds.
    Lb,
}

/// A save: each member that is not there stays as it is; `null` takes away what may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Save {
    /// The log that the client believes to be at the place.
    pub(crate) log_id: Option<Value>,
    /// The version that was edited; 0 when there was none.
    pub(crate) version: Option<i64>,
    name: Option<String>,
    date: Option<NaiveDate>,
    #[serde(deserialize_with = "given")]
    duration_s: Option<Option<i32>>,
    #[serde(deserialize_with = "given")]
    notes: Option<Option<String>>,
    weight_unit: Option<Unit>,
    exercises: Option<Vec<ExerciseInput>>,
}

/// What one device changed of some exercises.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changes {
    /// The log that the client believes to be at the place.
    pub(crate) log_id: Option<Value>,
    exercises: Vec<ExerciseInput>,
    /// Exercises that were taken out.
    pub(crate) removed: Vec<Removed>,
}

/// Tells `null` from what is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Save {
    /// What is meant of the exercises, if they are there at all.
    pub(crate) fn exercises(&self) -> Result<Option<Normalised>, Problem> {
        let inputs = self.exercises.as_deref();
        inputs
            .map(|inputs| normalise(inputs).map_err(wrong))
            .transpose()
    }

    /// What a new log says.
    pub(crate) async fn details(
        &self,
        tx: &mut Tx,
        user: UserId,
        place: Option<Place>,
    ) -> Result<Details, Failure> {
        let (units, time_zone) = athletes::find_locale(tx, user).await?;
        let today = local_date(clock::now(), None, time_zone.parse().ok());
        let name = place.map_or_else(
            || "Workout".to_owned(),
            |place| format!("Week {}, Day {}", place.week_index + 1, place.day_index + 1),
        );
        let unit = if units == "imperial" { "lb" } else { "kg" };
        let blank = Details {
            name,
            date: today,
            duration_s: None,
            notes: None,
            weight_unit: unit.to_owned(),
        };
        let details = self.apply(&blank)?;
        refuse_ahead(details.date, today)?;
        Ok(details)
    }

    /// What a log that is there says after this.
    pub(crate) async fn edit(
        &self,
        tx: &mut Tx,
        user: UserId,
        before: &Details,
    ) -> Result<Details, Failure> {
        let after = self.apply(before)?;
        if after.date != before.date {
            let (_, time_zone) = athletes::find_locale(tx, user).await?;
            let today = local_date(clock::now(), None, time_zone.parse().ok());
            refuse_ahead(after.date, today)?;
        }
        Ok(after)
    }

    fn apply(&self, before: &Details) -> Result<Details, Problem> {
        let mut after = before.clone();
        if let Some(name) = &self.name {
            if name.trim().is_empty() || !is_text(name, LONGEST_NAME) {
                return Err(field(
                    "/name",
                    "must be a text of 1 to 200 characters, none of them NUL",
                ));
            }
            after.name.clone_from(name);
        }
        if let Some(date) = self.date {
            if FIRST.is_some_and(|first| date < first) {
                return Err(field("/date", "must be from 1900 on"));
            }
            after.date = date;
        }
        if let Some(duration_s) = self.duration_s {
            if duration_s.is_some_and(|seconds| !(1..=LONGEST_S).contains(&seconds)) {
                return Err(field("/duration_s", "must be from 1 to 172800"));
            }
            after.duration_s = duration_s;
        }
        if let Some(notes) = &self.notes {
            if notes
                .as_deref()
                .is_some_and(|notes| !is_text(notes, LONGEST_NOTES))
            {
                let problem = "must be a text of at most 4000 characters, none of them NUL";
                return Err(field("/notes", problem));
            }
            after.notes.clone_from(notes);
        }
        if let Some(unit) = self.weight_unit {
            let unit = match unit {
                Unit::Kg => "kg",
                Unit::Lb => "lb",
            };
            after.weight_unit = unit.to_owned();
        }
        Ok(after)
    }
}

impl Changes {
    /// What is meant of the exercises that were changed.
    pub(crate) fn exercises(&self) -> Result<Normalised, Problem> {
        if self.removed.len() > MOST_EXERCISES {
            return Err(field("/removed", "must be at most 100 exercises"));
        }
        normalise(&self.exercises).map_err(wrong)
    }
}

/// A day that has not come yet where the athlete lives cannot have been logged.
fn refuse_ahead(date: NaiveDate, today: NaiveDate) -> Result<(), Problem> {
    if date > today {
        return Err(field(
            "/date",
            "must not be after today, where the athlete lives",
        ));
    }
    Ok(())
}

fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.contains('\0')
}

/// A field that cannot be stored.
pub(crate) fn field(field: &str, problem: &str) -> Problem {
    Problem::unprocessable("invalid", format!("{field} {problem}")).with_field(field, problem)
}

fn wrong(invalid: Vec<Invalid>) -> Problem {
    let detail = match invalid.first() {
        Some(first) => format!("{} {}", first.field, first.problem),
        None => "a value cannot be stored".to_owned(),
    };
    let problem = Problem::unprocessable("invalid", detail);
    invalid.into_iter().fold(problem, |problem, invalid| {
        problem.with_field(invalid.field, invalid.problem)
    })
}
