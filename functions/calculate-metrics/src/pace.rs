//! Load from speed: running on its grade-adjusted speed, swimming on its swim time.

use domain::athlete::Thresholds;
use domain::load;
use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::number::from_count;
use domain::signal::power::normalized;
use domain::signal::{Signal, pool};
use domain::sport::Sport;
use domain::units::MetresPerSecond;

/// A run in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    seconds: usize,
    pub(crate) normalized_mps: f64,
}

impl Run {
    /// Weighs the seconds of a run by their grade-adjusted speed.
    pub(crate) fn of(signal: &Signal<'_>) -> Result<Self, Reason> {
        if signal.recording.sport != Sport::Run {
            return Err(Reason::NotForThisSport);
        }
        let speed = graded(signal)?;
        let joined = || signal.grid.timer_stream(&speed).flatten();
        Ok(Self {
            seconds: joined().count(),
            normalized_mps: normalized(joined()).ok_or(Reason::TooShort)?,
        })
    }

    /// `h · IF² · 100` with IF = normalized graded speed over threshold speed, both as speeds.
    pub(crate) fn stress(&self, limits: &Thresholds) -> Result<f64, Reason> {
        let threshold = positive(limits.threshold_speed_mps).ok_or(Reason::NoThresholdSpeed)?;
        let intensity = self.normalized_mps / threshold;
        Ok(load::stress(from_count(self.seconds), intensity))
    }
}

/// Grade-adjusted metres per second of every grid point; plain speed on ground measured as level.
///
/// A track or a treadmill records one altitude throughout: there the grade is 0 and known to be.
/// Without any altitude it is not known.
fn graded(signal: &Signal<'_>) -> Result<Channel, Reason> {
    match &signal.adjusted {
        Ok(adjusted) => Ok(signal.per_second(adjusted.minetti_m())),
        Err(Reason::NoAltitude) if signal.recording.altitude_m.has_values() => Ok(signal.speed()),
        Err(reason) => Err(*reason),
    }
}

/// `h · IF³ · 100` with IF = speed over critical swim speed, both over swim time.
///
/// Swim time is that of the active lengths (rule W1), in open water moving time (rule T3).
pub(crate) fn swim_stress(signal: &Signal<'_>, limits: &Thresholds) -> Result<f64, Reason> {
    let recording = signal.recording;
    if recording.sport != Sport::Swim {
        return Err(Reason::NotForThisSport);
    }
    let (metres, seconds) = match pool::pool(recording) {
        Ok(pool) => (pool.distance_m, pool.swim_time_s),
        Err(_) if !signal.has_samples() => return Err(Reason::NoSamples),
        Err(_) => {
            let moving = signal.moving.as_ref().ok_or(Reason::NoDistance)?;
            let distance = signal.distance.as_ref().ok_or(Reason::NoDistance)?;
            (distance.total_m(), moving.total_s())
        }
    };
    let speed = if seconds > 0.0 {
        metres / seconds
    } else {
        return Err(Reason::NoMovement);
    };
    let intensity = speed / positive(limits.css_mps).ok_or(Reason::NoCss)?;
    Ok(load::swim_stress(seconds, intensity))
}

/// A threshold of 0 is one that nobody has.
fn positive(speed: Option<MetresPerSecond>) -> Option<f64> {
    speed.map(MetresPerSecond::get).filter(|speed| *speed > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Length, Recording};

    fn limits(mps: f64) -> Thresholds {
        Thresholds {
            threshold_speed_mps: MetresPerSecond::parse(mps).ok(),
            css_mps: MetresPerSecond::parse(mps).ok(),
            ..Thresholds::default()
        }
    }

    fn moving(sport: Sport, seconds: usize, mps: f64, rise: f64) -> Recording {
        let mut recording = Recording::empty(Format::Fit, sport, DateTime::UNIX_EPOCH);
        let metres = |second| from_count(second) * mps;
        recording.time_s = (0..=seconds).map(from_count).collect();
        recording.distance_m = (0..=seconds).map(|s| Some(metres(s))).collect();
        recording.altitude_m = (0..=seconds)
            .map(|s| Some(50.0 + metres(s) * rise))
            .collect();
        recording
    }

    fn run_stress(recording: &Recording, threshold: f64) -> Result<f64, Reason> {
        Run::of(&Signal::of(recording).unwrap())?.stress(&limits(threshold))
    }

    /// P-67
    #[test]
    fn an_hour_of_running_at_threshold_on_level_ground_is_100() {
        let stress = run_stress(&moving(Sport::Run, 3600, 4.0, 0.0), 4.0).unwrap();
        assert!((stress - 100.0).abs() < 1e-9, "{stress}");
        let easy = run_stress(&moving(Sport::Run, 1800, 3.0, 0.0), 4.0).unwrap();
        assert!((easy - 28.125).abs() < 1e-9, "{easy}");
    }

    /// P-67
    #[test]
    fn a_hill_weighs_as_much_as_the_flat_speed_of_equal_cost() {
        let uphill = moving(Sport::Run, 3600, 2.0, 0.1);
        let run = Run::of(&Signal::of(&uphill).unwrap()).unwrap();
        assert!((run.normalized_mps - 2.0 * 1.658).abs() < 0.002, "{run:?}");
    }

    #[test]
    fn unknown_ground_is_not_taken_as_level() {
        let mut nowhere = moving(Sport::Run, 60, 3.0, 0.0);
        nowhere.altitude_m = Channel::absent(61);
        assert_eq!(run_stress(&nowhere, 4.0), Err(Reason::NoAltitude));
    }

    /// P-68
    #[test]
    fn what_is_missing_for_a_run_is_named() {
        let run = moving(Sport::Run, 60, 3.0, 0.0);
        assert_eq!(run_stress(&run, 0.0), Err(Reason::NoThresholdSpeed));
        let short = moving(Sport::Run, 20, 3.0, 0.0);
        assert_eq!(run_stress(&short, 4.0), Err(Reason::TooShort));
        let walk = moving(Sport::Walk, 60, 1.0, 0.0);
        assert_eq!(run_stress(&walk, 4.0), Err(Reason::NotForThisSport));
    }

    fn swim(recording: &Recording, css: f64) -> Result<f64, Reason> {
        swim_stress(&Signal::of(recording).unwrap(), &limits(css))
    }

    /// P-67
    #[test]
    fn an_hour_of_swimming_at_critical_speed_is_100_and_rest_at_the_wall_is_none() {
        let mut pool = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        pool.pool_length_m = Some(25.0);
        let length = |active| Length {
            start_s: 0.0,
            timer_s: 25.0,
            active,
            strokes: None,
            stroke: None,
        };
        pool.lengths = (0..144).map(|_| length(true)).collect();
        pool.lengths.push(length(false));
        assert!((swim(&pool, 1.0).unwrap() - 100.0).abs() < 1e-9);
        assert!((swim(&pool, 2.0).unwrap() - 12.5).abs() < 1e-9);
    }

    /// P-68
    #[test]
    fn what_is_missing_for_a_swim_is_named() {
        let lake = moving(Sport::Swim, 1800, 1.0, 0.0);
        assert!((swim(&lake, 1.0).unwrap() - 50.0).abs() < 1e-9);
        assert_eq!(swim(&lake, 0.0), Err(Reason::NoCss));
        let still = moving(Sport::Swim, 60, 0.0, 0.0);
        assert_eq!(swim(&still, 1.0), Err(Reason::NoDistance));
        let ride = moving(Sport::Ride, 60, 9.0, 0.0);
        assert_eq!(swim(&ride, 1.0), Err(Reason::NotForThisSport));
    }
}
