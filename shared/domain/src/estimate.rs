//! Thresholds as far as efforts tell them: offered with their source, never put in anybody's place.

use crate::bests::{Best, Bests, POWER_S};
use crate::reason::Reason;
use crate::signal::number::{from_count, mean};
use serde::Serialize;

/// How many days back efforts count.
pub const WINDOW_DAYS: u64 = 90;

/// The duration of the effort that FTP is estimated from, in seconds.
pub const FTP_EFFORT_S: u32 = 1200;

/// FTP as a share of the best 20 minutes (Allen & Coggan, Training and Racing with a Power Meter).
const FTP_SHARE: f64 = 0.95;

/// The durations of the efforts that critical power is fitted to, in seconds: 3 to 20 minutes.
const CP_EFFORTS_S: [u32; 5] = [180, 300, 480, 720, 1200];

/// The fewest efforts of different durations that a fit is offered from.
const FEWEST_EFFORTS: usize = 3;

/// How many times as long as the shortest effort the longest is at least.
const LEAST_SPREAD: f64 = 2.0;

/// FTP from the best mean power over 20 minutes, in watts.
pub fn ftp_w(best_20_min_w: f64) -> f64 {
    best_20_min_w * FTP_SHARE
}

/// The best effort of 20 minutes, from which FTP is estimated.
///
/// # Errors
/// `too_few_efforts` where there is none.
pub fn ftp_effort(power: &Bests) -> Result<Best, Reason> {
    let mut held = power.held(&POWER_S);
    let effort = held.find(|(duration_s, _)| *duration_s == FTP_EFFORT_S);
    effort.map(|(_, best)| best).ok_or(Reason::TooFewEfforts)
}

/// The efforts that critical power is fitted to: seconds with the best watts.
///
/// # Errors
/// `too_few_efforts` unless there are three of two workouts: the best of a single one are parts of
/// each other, and seldom as hard as the athlete could.
pub fn critical_power_efforts(power: &Bests) -> Result<Vec<(u32, Best)>, Reason> {
    let held = power.held(&POWER_S);
    let efforts: Vec<(u32, Best)> = held
        .filter(|(duration_s, _)| CP_EFFORTS_S.contains(duration_s))
        .collect();
    let first = efforts.first().map(|(_, best)| best.workout_id);
    let are_of_several = efforts
        .iter()
        .any(|(_, best)| Some(best.workout_id) != first);
    if efforts.len() < FEWEST_EFFORTS || !are_of_several {
        return Err(Reason::TooFewEfforts);
    }
    Ok(efforts)
}

/// Critical power and the work above it, and how well the efforts agree with them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CriticalPower {
    /// Critical power in watts.
    pub cp_w: f64,
    /// W′: work above critical power, in joules.
    pub wprime_j: f64,
    /// Share of the variance of work that the line explains, up to 1.
    pub r_squared: f64,
    /// Root of the mean squared difference of power between line and efforts, in watts.
    pub rmse_w: f64,
}

/// Fits `work = CP · t + W′` to efforts of seconds and watts by least squares.
///
/// The model of two parameters (Monod & Scherrer 1965, Ergonomics 8:329; Moritani 1981), for efforts
/// of about 2 to 30 minutes that were as hard as the athlete could.
///
/// # Errors
/// `too_few_efforts` unless there are two durations, the longest at least twice the shortest.
/// `implausible` where either parameter comes out as nothing or less, as of efforts that were not as
/// hard as the athlete could.
pub fn critical_power(efforts: &[(f64, f64)]) -> Result<CriticalPower, Reason> {
    let seconds = || efforts.iter().map(|(seconds, _)| *seconds);
    let work = || efforts.iter().map(|(seconds, watts)| seconds * watts);
    let shortest = seconds().fold(f64::INFINITY, f64::min);
    let longest = seconds().fold(0.0, f64::max);
    if efforts.len() < 2 || shortest <= 0.0 || longest < shortest * LEAST_SPREAD {
        return Err(Reason::TooFewEfforts);
    }
    let mean_s = mean(seconds()).ok_or(Reason::TooFewEfforts)?;
    let mean_j = mean(work()).ok_or(Reason::TooFewEfforts)?;
    let pairs = || {
        seconds()
            .map(|s| s - mean_s)
            .zip(work().map(|j| j - mean_j))
    };
    let cp_w = pairs().map(|(s, j)| s * j).sum::<f64>() / pairs().map(|(s, _)| s * s).sum::<f64>();
    let wprime_j = mean_j - cp_w * mean_s;
    let is_there = |value: f64| value.is_finite() && value > 0.0;
    if !is_there(cp_w) || !is_there(wprime_j) {
        return Err(Reason::Implausible);
    }
    let line_w = |seconds: f64| cp_w + wprime_j / seconds;
    let missed_j: f64 = efforts
        .iter()
        .map(|(s, w)| ((w - line_w(*s)) * s).powi(2))
        .sum();
    let missed_w: f64 = efforts.iter().map(|(s, w)| (w - line_w(*s)).powi(2)).sum();
    let total_j: f64 = pairs().map(|(_, j)| j * j).sum();
    let r_squared = 1.0 - missed_j / total_j;
    let rmse_w = (missed_w / from_count(efforts.len())).sqrt();
    if !r_squared.is_finite() || !rmse_w.is_finite() {
        return Err(Reason::Implausible);
    }
    Ok(CriticalPower {
        cp_w,
        wprime_j,
        r_squared,
        rmse_w,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_efforts_have_the_published_critical_power() {
        let fit = critical_power(&[(180.0, 380.0), (720.0, 310.0)]).unwrap();
        assert!((fit.cp_w - 286.67).abs() < 0.005, "{fit:?}");
        assert!((fit.wprime_j - 16_800.0).abs() < 0.5, "{fit:?}");
        assert!((fit.r_squared - 1.0).abs() < 1e-12 && fit.rmse_w < 1e-9);
    }

    #[test]
    fn efforts_on_a_curve_give_its_parameters_back_and_one_beside_it_lowers_the_fit() {
        let on_curve = CP_EFFORTS_S
            .map(f64::from)
            .map(|s| (s, 250.0 + 20_000.0 / s));
        let fit = critical_power(&on_curve).unwrap();
        assert!((fit.cp_w - 250.0).abs() < 1e-9 && (fit.wprime_j - 20_000.0).abs() < 1e-6);
        let mut beside = on_curve;
        beside[2].1 -= 30.0;
        let fit = critical_power(&beside).unwrap();
        assert!(fit.r_squared < 0.9999 && fit.rmse_w > 5.0, "{fit:?}");
    }

    #[test]
    fn efforts_that_cannot_be_anybodys_best_give_nothing() {
        let few = Err(Reason::TooFewEfforts);
        assert_eq!(critical_power(&[]), few);
        assert_eq!(critical_power(&[(180.0, 300.0)]), few);
        assert_eq!(critical_power(&[(180.0, 300.0), (180.0, 310.0)]), few);
        assert_eq!(critical_power(&[(600.0, 300.0), (720.0, 290.0)]), few);
        let steady = [(180.0, 200.0), (720.0, 200.0)];
        assert_eq!(critical_power(&steady), Err(Reason::Implausible));
        let rising = [(180.0, 200.0), (720.0, 250.0)];
        assert_eq!(critical_power(&rising), Err(Reason::Implausible));
    }

    #[test]
    fn one_workout_alone_tells_no_critical_power() {
        use crate::bests::Better;
        use crate::id::WorkoutId;
        use chrono::NaiveDate;
        use uuid::Uuid;

        let mut power = Bests::new(Better::More);
        assert_eq!(ftp_effort(&power), Err(Reason::TooFewEfforts));
        let best = |value, number| Best {
            value,
            workout_id: WorkoutId(Uuid::from_u128(number)),
            local_date: NaiveDate::default(),
        };
        for (place, duration_s) in POWER_S.iter().enumerate() {
            power.offer(place, best(200.0 + 9000.0 / f64::from(*duration_s), 1));
        }
        assert_eq!(critical_power_efforts(&power), Err(Reason::TooFewEfforts));
        let place = POWER_S.iter().position(|s| *s == FTP_EFFORT_S).unwrap();
        power.offer(place, best(290.0, 2));
        let efforts = critical_power_efforts(&power).unwrap();
        let durations: Vec<u32> = efforts.iter().map(|(seconds, _)| *seconds).collect();
        assert_eq!(durations, CP_EFFORTS_S);
        assert_eq!(ftp_effort(&power), Ok(best(290.0, 2)));
    }

    #[test]
    fn ftp_is_a_little_less_than_twenty_minutes() {
        assert!((ftp_w(300.0) - 285.0).abs() < 1e-9);
    }
}
