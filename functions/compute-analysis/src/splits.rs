//! The workout cut into parts of equal distance (rule B2).

use domain::reason::Reason;
use domain::signal::number::{from_count, on_line, to_index};
use domain::signal::{Signal, Stretch, Stretches};
use domain::units::MILE_M;
use serde::Serialize;

/// The longest rest in metres that is not worth a split of its own.
const NEGLIGIBLE_M: f64 = 1.0;

/// The most splits of one size: more than any two weeks hold, and a bound on a broken counter.
const MOST_SPLITS: usize = 20_000;

/// The workout cut into kilometres and into miles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Splits {
    /// Parts of 1000 m.
    pub km: Vec<Split>,
    /// Parts of 1609.344 m.
    pub mile: Vec<Split>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Split {
    /// Its place in the workout, from 0.
    pub index: usize,
    /// Its times and figures.
    #[serde(flatten)]
    pub stretch: Stretch,
    /// Whether it is the rest at the end, shorter than the others.
    pub partial: bool,
}

/// Cuts a workout at the times at which each full distance is first reached.
pub(crate) fn splits(signal: &Signal<'_>, stretches: &Stretches<'_>) -> Result<Splits, Reason> {
    if !signal.has_samples() {
        return Err(Reason::NoSamples);
    }
    Ok(Splits {
        km: cut(signal, stretches, 1000.0)?,
        mile: cut(signal, stretches, MILE_M)?,
    })
}

/// Cuts a workout into parts of one size.
pub(crate) fn cut(
    signal: &Signal<'_>,
    stretches: &Stretches<'_>,
    size_m: f64,
) -> Result<Vec<Split>, Reason> {
    let distance = signal.distance.as_ref().ok_or(Reason::NoDistance)?;
    if to_index(distance.total_m() / size_m) > MOST_SPLITS {
        return Err(Reason::Implausible);
    }
    let times = signal.recording.time_s.as_slice();
    Ok(parts(times, distance.metres(), size_m, stretches))
}

fn parts(times: &[f64], metres: &[f64], size_m: f64, stretches: &Stretches<'_>) -> Vec<Split> {
    let mut parts = Vec::new();
    let mut start_s = 0.0;
    let mut put = |start_s: f64, end_s: f64, distance_m: f64, partial: bool| {
        let measured = stretches.between(start_s, end_s);
        let stretch = Stretch {
            distance_m: Some(distance_m),
            ..measured
        };
        parts.push(Split {
            index: parts.len(),
            stretch,
            partial,
        });
    };
    let mut reached = 1_usize;
    for (time, metre) in times.windows(2).zip(metres.windows(2)) {
        if let ([t0, t1], [m0, m1]) = (time, metre) {
            while from_count(reached) * size_m <= *m1 {
                // A first sample may already lie beyond the mark: it was reached at the start.
                let mark = (from_count(reached) * size_m).max(*m0);
                let end_s = on_line((*m0, *t0), (*m1, *t1), mark);
                put(start_s, end_s, size_m, false);
                start_s = end_s;
                reached += 1;
            }
        }
    }
    let (end_s, total) = (times.last().copied(), metres.last().copied());
    let rest_m = total.unwrap_or(0.0) - from_count(reached - 1) * size_m;
    if let Some(end_s) = end_s.filter(|_| rest_m > NEGLIGIBLE_M) {
        put(start_s, end_s, rest_m, true);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Recording};
    use domain::sport::Sport;

    fn split_km(samples: &[(f64, f64)]) -> Vec<Split> {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = samples.iter().map(|sample| sample.0).collect();
        recording.distance_m = samples.iter().map(|sample| Some(sample.1)).collect();
        let signal = Signal::of(&recording).unwrap();
        splits(&signal, &Stretches::of(&signal)).unwrap().km
    }

    /// P-60
    #[test]
    fn a_split_ends_where_its_distance_is_first_reached() {
        let km = split_km(&[(0.0, 0.0), (200.0, 800.0), (300.0, 1200.0), (400.0, 1200.0)]);
        let times: Vec<_> = km
            .iter()
            .map(|s| (s.stretch.elapsed_s, s.stretch.moving_s, s.partial))
            .collect();
        assert_eq!(
            times,
            [(250.0, Some(250.0), false), (150.0, Some(50.0), true)]
        );
        assert_eq!(km[1].stretch.distance_m, Some(200.0));
    }

    #[test]
    fn a_long_step_holds_several_splits() {
        let km = split_km(&[(0.0, 0.0), (300.0, 3000.5)]);
        assert_eq!(km.len(), 3, "the last half metre is no split");
        assert!((km[1].stretch.elapsed_s - 99.983).abs() < 0.01);
    }
}
