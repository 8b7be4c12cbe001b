//! Grade-adjusted speed: the flat speed that costs as much (rule A1).

use crate::elevation;
use domain::reason::Reason;
use domain::signal::Signal;
use domain::signal::moving::is_moving;
use domain::signal::number::{interpolate, on_line};

/// The name of the cost model in the output.
pub(crate) const MODEL: &str = "minetti_2002";

/// Half of the distance in metres over which a grade is taken; altitude is too noisy for less.
const HALF_BASE_M: f64 = 25.0;

/// The steepest grade, up or down, for which the cost was measured; the polynomial explodes beyond.
const STEEPEST: f64 = 0.45;

/// The energy cost of running in J/(kg·m) at a grade (Minetti et al. 2002, J Appl Physiol 93:1039).
pub(crate) fn cost(grade: f64) -> f64 {
    let i = grade.clamp(-STEEPEST, STEEPEST);
    ((((155.4 * i - 30.4) * i - 43.3) * i + 46.3) * i + 19.5) * i + 3.6
}

/// Grade-adjusted speed in metres per second over moving time.
pub(crate) fn adjusted_speed(signal: &Signal<'_>) -> Result<f64, Reason> {
    let recording = signal.recording;
    if !signal.has_samples() {
        return Err(Reason::NoSamples);
    }
    let metres = signal.distance.as_ref().ok_or(Reason::NoDistance)?.metres();
    if !elevation::is_usable(&recording.altitude_m) {
        return Err(Reason::NoAltitude);
    }
    let known = metres.iter().zip(recording.altitude_m.iter());
    let (at, altitudes): (Vec<f64>, Vec<f64>) = known
        .filter_map(|(metre, altitude)| Some((*metre, altitude?)))
        .unzip();
    let flat = cost(0.0);
    let (mut equivalent_m, mut seconds) = (0.0, 0.0);
    for (time, metre) in recording.time_s.windows(2).zip(metres.windows(2)) {
        if let ([t0, t1], [m0, m1]) = (time, metre)
            && is_moving(m1 - m0, t1 - t0)
        {
            let grade = grade(&at, &altitudes, f64::midpoint(*m0, *m1));
            equivalent_m += (m1 - m0) * cost(grade) / flat;
            seconds += t1 - t0;
        }
    }
    if seconds > 0.0 {
        Ok(equivalent_m / seconds)
    } else {
        Err(Reason::NoMovement)
    }
}

/// Rise over run around a distance, clipped at both ends; 0 where less than half the base is left.
fn grade(at: &[f64], altitudes: &[f64], middle_m: f64) -> f64 {
    let (Some(first), Some(last)) = (at.first(), at.last()) else {
        return 0.0;
    };
    let from = (middle_m - HALF_BASE_M).max(*first);
    let to = (middle_m + HALF_BASE_M).min(*last);
    if to - from < HALF_BASE_M {
        return 0.0;
    }
    let rise = interpolate(at, altitudes, to).zip(interpolate(at, altitudes, from));
    rise.map_or(0.0, |(high, low)| {
        on_line((0.0, 0.0), (to - from, high - low), 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Recording};
    use domain::signal::number::from_count;
    use domain::sport::Sport;

    #[test]
    fn the_cost_ratio_is_that_of_the_published_polynomial() {
        let published = [
            (-0.30, 0.684),
            (-0.20, 0.500),
            (-0.10, 0.598),
            (-0.05, 0.763),
            (0.05, 1.301),
            (0.10, 1.658),
            (0.20, 2.502),
            (0.45, 5.396),
            (9.0, 5.396),
        ];
        for (grade, ratio) in published {
            assert!(
                (cost(grade) / cost(0.0) - ratio).abs() < 0.0006,
                "at {grade}"
            );
        }
    }

    fn hill(rise_per_m: f64) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = (0..200).map(from_count).collect();
        recording.distance_m = (0..200).map(|s| Some(from_count(s) * 3.0)).collect();
        recording.altitude_m = (0..200)
            .map(|s| Some(from_count(s) * 3.0 * rise_per_m))
            .collect();
        recording
    }

    /// P-56
    #[test]
    fn a_steady_hill_is_as_hard_as_its_grade_says() {
        for grade in [-0.1, 0.001, 0.1] {
            let recording = hill(grade);
            let speed = adjusted_speed(&Signal::of(&recording).unwrap()).unwrap();
            assert!(
                (speed - 3.0 * cost(grade) / cost(0.0)).abs() < 1e-6,
                "at {grade}: {speed}"
            );
        }
    }

    /// P-56
    #[test]
    fn the_flat_costs_its_pace() {
        let mut recording = hill(0.0);
        recording.altitude_m.set(199, Some(1e-9));
        let speed = adjusted_speed(&Signal::of(&recording).unwrap()).unwrap();
        assert!((speed - 3.0).abs() < 1e-6, "{speed}");
    }

    #[test]
    fn a_track_without_altitude_has_no_grade() {
        let recording = hill(0.0);
        let speed = adjusted_speed(&Signal::of(&recording).unwrap());
        assert_eq!(speed, Err(Reason::NoAltitude));
    }
}
