//! Figures of a pool swim, whose truth is its lengths (rule W1).

use super::number::{from_count, mean, to_index};
use crate::reason::Reason;
use crate::recording::{Channel, Length, Recording};
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

/// The way swum: metres from the start at both ends of every active length, with their times.
///
/// Times never decrease: a length that begins before the one before ended begins at its end. `None`
/// unless [`pool`] has figures.
pub fn way(recording: &Recording) -> Option<(Vec<f64>, Vec<f64>)> {
    let pool_m = pool(recording).ok()?.pool_length_m;
    let count = recording.lengths.len() * 2;
    let (mut metres, mut times) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut swum, mut clock) = (0.0_f64, 0.0_f64);
    for length in recording.lengths.iter().filter(|length| length.active) {
        let start_s = length.start_s.max(clock);
        clock = start_s.max(length.start_s + length.timer_s);
        metres.extend([swum, swum + pool_m]);
        times.extend([start_s, clock]);
        swum += pool_m;
    }
    Some((metres, times))
}

/// Metres per second of every active length at each of its seconds; absent at the wall.
///
/// `None` unless [`pool`] has figures.
pub fn speed(recording: &Recording, seconds: usize) -> Option<Channel> {
    let pool_m = pool(recording).ok()?.pool_length_m;
    let mut speed = Channel::absent(seconds);
    let swum = |length: &&Length| length.active && length.timer_s > 0.0;
    for length in recording.lengths.iter().filter(swum) {
        let end_s = length.start_s + length.timer_s;
        for second in to_index(length.start_s.ceil())..to_index(end_s.ceil()).min(seconds) {
            speed.set(second, Some(pool_m / length.timer_s));
        }
    }
    Some(speed)
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
    fn the_way_rests_at_the_wall() {
        let mut recording = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        recording.pool_length_m = Some(25.0);
        let length = |start_s, timer_s, active| Length {
            start_s,
            timer_s,
            active,
            strokes: None,
            stroke: None,
        };
        recording.lengths = vec![
            length(0.0, 20.0, true),
            length(20.0, 10.0, false),
            length(30.0, 25.0, true),
        ];
        let (metres, times) = way(&recording).unwrap();
        assert_eq!(metres, [0.0, 25.0, 25.0, 50.0]);
        assert_eq!(times, [0.0, 20.0, 30.0, 55.0]);
        let speed = speed(&recording, 50).unwrap();
        assert_eq!((speed.get(19), speed.get(20)), (Some(1.25), None));
        assert_eq!((speed.get(30), speed.get(49)), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn a_swim_without_lengths_is_not_in_a_pool() {
        let recording = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        assert_eq!(pool(&recording), Err(Reason::NotReported));
    }
}
