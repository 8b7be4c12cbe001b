//! The athlete's profile with its dated thresholds.

use crate::{StoreError, Tx};
use chrono::NaiveDate;
use domain::athlete::{Athlete, Sex, Thresholds};
use domain::fitness::Start;
use domain::id::UserId;
use domain::units::{Bpm, Joules, Kilograms, MetresPerSecond, OutOfRange, Watts};
use sqlx::FromRow;

/// The profile as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Sex, where it was given.
    pub sex: Option<Sex>,
    /// `metric` or `imperial`.
    pub units: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The provider that leads where several tell of one session, or `both`.
    pub source_preference: String,
    /// Where fitness and fatigue begin, where the athlete said so.
    pub fitness_start: Option<Start>,
    /// Thresholds by the first date on which they hold, ascending.
    pub thresholds: Vec<(NaiveDate, Thresholds)>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            sex: None,
            units: "metric".into(),
            time_zone: "UTC".into(),
            source_preference: "both".into(),
            fitness_start: None,
            thresholds: Vec::new(),
        }
    }
}

impl Profile {
    /// What a stage would see of the athlete on a date.
    pub fn on(&self, date: NaiveDate) -> Athlete {
        let day = self.thresholds.iter().rev().find(|(from, _)| *from <= date);
        Athlete {
            sex: self.sex,
            thresholds: day.map(|(_, thresholds)| *thresholds).unwrap_or_default(),
        }
    }
}

/// Thresholds as columns.
#[derive(Debug, FromRow)]
pub(crate) struct ThresholdColumns {
    ftp_w: Option<f64>,
    hr_max_bpm: Option<f64>,
    hr_rest_bpm: Option<f64>,
    hr_threshold_bpm: Option<f64>,
    threshold_speed_mps: Option<f64>,
    css_mps: Option<f64>,
    cp_w: Option<f64>,
    wprime_j: Option<f64>,
    weight_kg: Option<f64>,
}

impl TryFrom<ThresholdColumns> for Thresholds {
    type Error = StoreError;

    fn try_from(row: ThresholdColumns) -> Result<Self, StoreError> {
        fn unit<T>(
            value: Option<f64>,
            parse: fn(f64) -> Result<T, OutOfRange>,
        ) -> Result<Option<T>, StoreError> {
            value.map(parse).transpose().map_err(StoreError::corrupt)
        }
        Ok(Self {
            ftp_w: unit(row.ftp_w, Watts::parse)?,
            hr_max_bpm: unit(row.hr_max_bpm, Bpm::parse)?,
            hr_rest_bpm: unit(row.hr_rest_bpm, Bpm::parse)?,
            hr_threshold_bpm: unit(row.hr_threshold_bpm, Bpm::parse)?,
            threshold_speed_mps: unit(row.threshold_speed_mps, MetresPerSecond::parse)?,
            css_mps: unit(row.css_mps, MetresPerSecond::parse)?,
            cp_w: unit(row.cp_w, Watts::parse)?,
            wprime_j: unit(row.wprime_j, Joules::parse)?,
            weight_kg: unit(row.weight_kg, Kilograms::parse)?,
        })
    }
}

#[derive(Debug, FromRow)]
struct ThresholdRow {
    valid_from: NaiveDate,
    #[sqlx(flatten)]
    columns: ThresholdColumns,
}

/// Reads the profile; a user without one has the empty profile.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_profile(tx: &mut Tx, user: UserId) -> Result<Profile, StoreError> {
    let Some(row) = find_athlete(tx, user).await? else {
        return Ok(Profile::default());
    };
    let query = tx
        .query_as::<ThresholdRow>(include_str!("../queries/users/list_thresholds.sql"))
        .bind(user.0);
    let thresholds = tx
        .fetch_all(query)
        .await?
        .into_iter()
        .map(|row| Ok((row.valid_from, row.columns.try_into()?)))
        .collect::<Result<_, StoreError>>()?;
    let start = row.fitness_start_date.zip(row.fitness_start_ctl);
    let start = start.zip(row.fitness_start_atl);
    Ok(Profile {
        sex: row.sex.as_deref().and_then(Sex::from_name),
        units: row.units,
        time_zone: row.time_zone,
        source_preference: row.source_preference,
        fitness_start: start.map(|((date, ctl), atl)| Start { date, ctl, atl }),
        thresholds,
    })
}

/// Reads the athlete's units and time zone, as [`Profile`] has them.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn find_locale(tx: &mut Tx, user: UserId) -> Result<(String, String), StoreError> {
    let athlete = find_athlete(tx, user).await?;
    Ok(athlete.map_or_else(
        || {
            let profile = Profile::default();
            (profile.units, profile.time_zone)
        },
        |row| (row.units, row.time_zone),
    ))
}

/// Reads which source leads where several tell of one session.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub(crate) async fn find_source_preference(
    tx: &mut Tx,
    user: UserId,
) -> Result<String, StoreError> {
    let athlete = find_athlete(tx, user).await?;
    Ok(athlete.map_or_else(
        || Profile::default().source_preference,
        |row| row.source_preference,
    ))
}

#[derive(Debug, FromRow)]
struct AthleteRow {
    sex: Option<String>,
    units: String,
    time_zone: String,
    source_preference: String,
    fitness_start_date: Option<NaiveDate>,
    fitness_start_ctl: Option<f64>,
    fitness_start_atl: Option<f64>,
}

async fn find_athlete(tx: &mut Tx, user: UserId) -> Result<Option<AthleteRow>, StoreError> {
    let query = tx
        .query_as(include_str!("../queries/users/find_athlete.sql"))
        .bind(user.0);
    tx.fetch_optional(query).await
}

/// Replaces the profile as a whole.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn replace_profile(
    tx: &mut Tx,
    user: UserId,
    profile: &Profile,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/users/upsert_athlete.sql"))
        .bind(user.0)
        .bind(profile.sex.map(Sex::as_str))
        .bind(profile.units.clone())
        .bind(profile.time_zone.clone())
        .bind(profile.source_preference.clone())
        .bind(profile.fitness_start.map(|start| start.date))
        .bind(profile.fitness_start.map(|start| start.ctl))
        .bind(profile.fitness_start.map(|start| start.atl));
    tx.execute(query).await?;
    let query = tx
        .query(include_str!("../queries/users/delete_thresholds.sql"))
        .bind(user.0);
    tx.execute(query).await?;
    for (valid_from, day) in &profile.thresholds {
        let query = tx
            .query(include_str!("../queries/users/insert_threshold.sql"))
            .bind(user.0)
            .bind(*valid_from)
            .bind(day.ftp_w.map(Watts::get))
            .bind(day.hr_max_bpm.map(Bpm::get))
            .bind(day.hr_rest_bpm.map(Bpm::get))
            .bind(day.hr_threshold_bpm.map(Bpm::get))
            .bind(day.threshold_speed_mps.map(MetresPerSecond::get))
            .bind(day.css_mps.map(MetresPerSecond::get))
            .bind(day.cp_w.map(Watts::get))
            .bind(day.wprime_j.map(Joules::get))
            .bind(day.weight_kg.map(Kilograms::get));
        tx.execute(query).await?;
    }
    Ok(())
}
