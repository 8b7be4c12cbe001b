//! The lengths of a pool swim.

use crate::splits;
use domain::execution::done;
use domain::reason::Reason;
use domain::recording::Recording;
use domain::signal::number::{from_count, to_index};
use domain::signal::{Signal, Stretches};
use domain::sport::Sport;
use serde::Serialize;

/// Seconds in a minute, by which strokes are counted.
const MINUTE_S: f64 = 60.0;

/// The most lengths that are believed: two weeks hold fewer.
const MOST_LENGTHS: usize = 20_000;

/// How the lengths were told apart, the better one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthsMethod {
    /// The source counted them.
    Provider,
    /// The distance reached each multiple of the pool's length.
    DistanceCrossings,
    /// Distance and time in all, cut into equal parts.
    EqualTime,
}

/// One length swum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LengthFigures {
    /// Its place in the swim, from 0.
    pub index: usize,
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds swum.
    pub time_s: f64,
    /// Metres: the length of the pool.
    pub distance_m: f64,
    /// Seconds per 100 m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_s_per_100m: Option<f64>,
    /// The style, in the source's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroke: Option<String>,
    /// Strokes, as the device counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strokes: Option<u16>,
    /// Strokes per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroke_rate: Option<f64>,
    /// Metres per stroke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_per_stroke_m: Option<f64>,
    /// Seconds plus strokes (rule W1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swolf: Option<f64>,
    /// Seconds at the wall until the next length: those of the idle lengths between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<f64>,
}

/// Tells the lengths of a pool swim by the best method that its source allows.
pub(crate) fn lengths(
    signal: &Signal<'_>,
    stretches: &Stretches<'_>,
) -> Result<(LengthsMethod, Vec<LengthFigures>), Reason> {
    let recording = signal.recording;
    if recording.sport != Sport::Swim {
        return Err(Reason::NotForThisSport);
    }
    let pool_m = recording.pool_length_m.filter(|metres| *metres > 0.0);
    let pool_m = pool_m.ok_or(Reason::NotReported)?;
    if !recording.lengths.is_empty() {
        return Ok((LengthsMethod::Provider, counted(recording, pool_m)));
    }
    if signal.distance.is_some() {
        let parts = splits::cut(signal, stretches, pool_m)?.into_iter();
        let whole = parts.filter(|part| !part.partial).map(|part| part.stretch);
        let lengths = whole
            .enumerate()
            .map(|(index, part)| plain(index, part.start_s, part.elapsed_s, pool_m));
        return Ok((LengthsMethod::DistanceCrossings, lengths.collect()));
    }
    let total = done(signal);
    let total_s = total.duration_s.ok_or(Reason::NoSamples)?;
    let count = to_index((total.distance_m.ok_or(Reason::NoDistance)? / pool_m).round());
    if count > MOST_LENGTHS {
        return Err(Reason::Implausible);
    }
    let each_s = total_s / from_count(count.max(1));
    let lengths = (0..count).map(|index| plain(index, from_count(index) * each_s, each_s, pool_m));
    Ok((LengthsMethod::EqualTime, lengths.collect()))
}

fn plain(index: usize, start_s: f64, time_s: f64, pool_m: f64) -> LengthFigures {
    LengthFigures {
        index,
        start_s,
        time_s,
        distance_m: pool_m,
        pace_s_per_100m: (time_s > 0.0).then(|| time_s / pool_m * 100.0),
        stroke: None,
        strokes: None,
        stroke_rate: None,
        distance_per_stroke_m: None,
        swolf: None,
        rest_s: None,
    }
}

/// The active lengths that the source counted, each with the idle ones behind it.
fn counted(recording: &Recording, pool_m: f64) -> Vec<LengthFigures> {
    let mut figures: Vec<LengthFigures> = Vec::with_capacity(recording.lengths.len());
    for length in &recording.lengths {
        if !length.active {
            if let Some(before) = figures.last_mut() {
                before.rest_s = before.rest_s.map(|rest| rest + length.timer_s);
            }
            continue;
        }
        let strokes = length.strokes.map(f64::from);
        let minutes = Some(length.timer_s / MINUTE_S).filter(|minutes| *minutes > 0.0);
        let some = strokes.filter(|strokes| *strokes > 0.0);
        figures.push(LengthFigures {
            stroke: length.stroke.clone(),
            strokes: length.strokes,
            stroke_rate: strokes
                .zip(minutes)
                .map(|(strokes, minutes)| strokes / minutes),
            distance_per_stroke_m: some.map(|strokes| pool_m / strokes),
            swolf: strokes.map(|strokes| strokes + length.timer_s),
            rest_s: Some(0.0),
            ..plain(figures.len(), length.start_s, length.timer_s, pool_m)
        });
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Length};

    fn told(recording: &Recording) -> Result<(LengthsMethod, Vec<LengthFigures>), Reason> {
        let signal = Signal::of(recording).unwrap();
        lengths(&signal, &Stretches::of(&signal))
    }

    fn swim(pool_m: Option<f64>) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        recording.pool_length_m = pool_m;
        recording
    }

    /// P-21, P-62
    #[test]
    fn the_sources_own_lengths_come_first() {
        for pool_m in [25.0, 50.0, 22.86] {
            let mut recording = swim(Some(pool_m));
            let length = |start_s, timer_s, active, strokes| Length {
                start_s,
                timer_s,
                active,
                strokes,
                stroke: active.then(|| "backstroke".to_owned()),
            };
            recording.lengths = vec![
                length(0.0, 30.0, true, Some(15)),
                length(30.0, 20.0, false, None),
                length(50.0, 10.0, false, None),
                length(60.0, 40.0, true, None),
            ];
            let (method, lengths) = told(&recording).unwrap();
            assert_eq!((method, lengths.len()), (LengthsMethod::Provider, 2));
            let first = &lengths[0];
            assert_eq!((first.swolf, first.rest_s), (Some(45.0), Some(30.0)));
            assert_eq!(first.stroke_rate, Some(30.0));
            assert_eq!(first.stroke.as_deref(), Some("backstroke"));
            assert_eq!(first.distance_per_stroke_m, Some(pool_m / 15.0));
            let pace = first.pace_s_per_100m.unwrap();
            assert!((pace - 3000.0 / pool_m).abs() < 1e-9, "{pace}");
            let second = &lengths[1];
            assert_eq!((second.index, second.start_s), (1, 60.0));
            assert_eq!((second.swolf, second.rest_s), (None, Some(0.0)));
        }
    }

    /// P-21
    #[test]
    fn without_them_a_length_ends_where_the_distance_crosses_it() {
        let mut recording = swim(Some(25.0));
        recording.time_s = (0..=60).map(from_count).collect();
        recording.distance_m = (0..=60).map(|s| Some(from_count(s))).collect();
        let (method, lengths) = told(&recording).unwrap();
        assert_eq!(method, LengthsMethod::DistanceCrossings);
        let times: Vec<_> = lengths.iter().map(|l| (l.start_s, l.time_s)).collect();
        assert_eq!(times, [(0.0, 25.0), (25.0, 25.0)]);
        assert_eq!(lengths[0].strokes, None);
    }

    /// P-21
    #[test]
    fn without_samples_all_lengths_take_equal_time() {
        let mut recording = swim(Some(50.0));
        recording.totals.elapsed_s = Some(240.0);
        recording.totals.distance_m = Some(200.0);
        let (method, lengths) = told(&recording).unwrap();
        assert_eq!((method, lengths.len()), (LengthsMethod::EqualTime, 4));
        assert_eq!((lengths[3].start_s, lengths[3].time_s), (180.0, 60.0));
        recording.totals.distance_m = Some(1e7);
        assert_eq!(told(&recording), Err(Reason::Implausible));
    }

    #[test]
    fn open_water_has_no_lengths() {
        assert_eq!(told(&swim(None)), Err(Reason::NotReported));
    }
}
