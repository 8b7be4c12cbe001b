//! Columns of samples as platforms tell them, made fit for an activity.

use domain::decode::Columns;
use domain::sport::Sport;

/// A column, `null` where a value is unknown.
pub(super) type Column = Option<Vec<Option<f64>>>;

/// Columns that come from a platform which counts the steps of one leg on foot, as Strava does.
///
/// `None` without a single sample. A column of another length than the times is left out, because
/// nobody knows to which of them its values belong. Gaps between the times stay: they are pauses.
pub(super) fn fitted(mut columns: Columns, sport: Sport) -> Option<Columns> {
    let length = columns.time_s.len();
    if length == 0 {
        return None;
    }
    for column in [
        &mut columns.distance_m,
        &mut columns.speed_mps,
        &mut columns.hr_bpm,
        &mut columns.power_w,
        &mut columns.cadence,
        &mut columns.altitude_m,
        &mut columns.latitude,
        &mut columns.longitude,
        &mut columns.temperature_c,
    ] {
        *column = column.take().filter(|column| column.len() == length);
    }
    for value in columns.cadence.iter_mut().flatten() {
        *value = steps_per_minute(sport, *value);
    }
    Some(columns)
}

/// Steps per minute on foot, from those of one leg; other sports turn cranks with both.
pub(super) fn steps_per_minute(sport: Sport, one_leg: Option<f64>) -> Option<f64> {
    let factor = if sport.is_on_foot() { 2.0 } else { 1.0 };
    one_leg.map(|cadence| cadence * factor)
}
