//! Figures of a pool swim, whose truth is its lengths (rule W1).

use super::number::{from_count, mean};
use crate::reason::Reason;
use crate::recording::{Length, Recording};
use crate::sport::Sport;

/// A pool swim in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// Metres of one length.
    pub pool_length_m: f64,
    /// Lengths swum.
    pub lengths: usize,
    /// Seconds of the lengths swum.
    pub swim_time_s: f64,
    /// Metres of the lengths swum.
    pub distance_m: f64,
    /// Mean of seconds plus strokes per length; `None` where no strokes were counted.
    pub swolf: Option<f64>,
}

/// Adds up the active lengths.
///
/// # Errors
/// `not_for_this_sport`, or `not_reported` without a pool's length or its lengths.
pub fn pool(recording: &Recording) -> Result<Pool, Reason> {
    if recording.sport != Sport::Swim {
        return Err(Reason::NotForThisSport);
    }
    let pool_length_m = recording.pool_length_m.ok_or(Reason::NotReported)?;
    if recording.lengths.is_empty() {
        return Err(Reason::NotReported);
    }
    let active: Vec<&Length> = recording
        .lengths
        .iter()
        .filter(|length| length.active)
        .collect();
    let efforts = active
        .iter()
        .filter_map(|length| Some(length.timer_s + f64::from(length.strokes?)));
    Ok(Pool {
        pool_length_m,
        lengths: active.len(),
        swim_time_s: active.iter().map(|length| length.timer_s).sum(),
        distance_m: from_count(active.len()) * pool_length_m,
        swolf: mean(efforts),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Format;
    use chrono::DateTime;

    #[test]
    fn only_active_lengths_count_and_only_counted_strokes_make_a_swolf() {
        let mut recording = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        recording.pool_length_m = Some(22.86);
        let length = |active, timer_s, strokes| Length {
            start_s: 0.0,
            timer_s,
            active,
            strokes,
            stroke: None,
        };
        recording.lengths = vec![
            length(true, 30.0, Some(10)),
            length(false, 60.0, None),
            length(true, 32.0, None),
            length(true, 28.0, Some(12)),
        ];
        let pool = pool(&recording).unwrap();
        assert_eq!(
            (pool.lengths, pool.swim_time_s, pool.swolf),
            (3, 90.0, Some(40.0))
        );
        assert!((pool.distance_m - 68.58).abs() < 1e-9);
    }

    #[test]
    fn a_swim_without_lengths_is_not_in_a_pool() {
        let recording = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        assert_eq!(pool(&recording), Err(Reason::NotReported));
    }
}
