//! Figures of power over the seconds that have one, joined end to end (rules P1 to P3).

use domain::load::stress;
use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::number::{from_count, mean};
use domain::signal::power::{fourth_power_mean, normalized};

/// Seconds that xPower's exponential mean looks back.
const XPOWER_S: f64 = 25.0;

/// What the figures of load and intensity start from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Power {
    pub(crate) seconds: usize,
    pub(crate) average_w: f64,
    pub(crate) normalized_w: Result<f64, Reason>,
}

impl Power {
    /// Reads a channel on the grid.
    pub(crate) fn of(seconds: &Channel) -> Result<Self, Reason> {
        Ok(Self {
            seconds: seconds.values().count(),
            average_w: mean(seconds.values()).ok_or(Reason::NoPower)?,
            normalized_w: normalized(seconds.values()).ok_or(Reason::TooShort),
        })
    }

    /// Normalized over average power; 1 when power never changed.
    pub(crate) fn variability_index(&self) -> Result<f64, Reason> {
        let normalized_w = self.normalized_w?;
        if self.average_w > 0.0 {
            Ok(normalized_w / self.average_w)
        } else {
            Err(Reason::NoMovement)
        }
    }

    /// Training Stress Score over the seconds that went into Normalized Power (Coggan).
    pub(crate) fn training_stress(&self, ftp_w: f64) -> Result<f64, Reason> {
        let intensity = self.normalized_w? / ftp_w;
        Ok(stress(from_count(self.seconds), intensity))
    }
}

/// The fourth-power mean of a 25 s exponentially weighted mean, from 0 (Skiba); rule P2.
pub(crate) fn xpower(seconds: impl Iterator<Item = f64>) -> Option<f64> {
    let mut weighted = 0.0;
    fourth_power_mean(seconds.map(|watts| {
        weighted += (watts - weighted) / (XPOWER_S + 1.0);
        weighted
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(watts: f64, seconds: usize) -> Channel {
        std::iter::repeat_n(Some(watts), seconds).collect()
    }

    #[test]
    fn an_hour_at_threshold_is_a_stress_of_100() {
        let power = Power::of(&constant(250.0, 3600)).unwrap();
        assert!((power.training_stress(250.0).unwrap() - 100.0).abs() < 1e-9);
        assert!((power.variability_index().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn coasting_all_the_way_has_no_variability_but_a_stress_of_zero() {
        let power = Power::of(&constant(0.0, 100)).unwrap();
        assert_eq!(power.training_stress(250.0), Ok(0.0));
        assert_eq!(power.variability_index(), Err(Reason::NoMovement));
    }

    #[test]
    fn seconds_without_power_are_left_out() {
        let mut seconds = constant(200.0, 60);
        for _ in 0..60 {
            seconds.push(None);
        }
        let power = Power::of(&seconds).unwrap();
        assert_eq!((power.seconds, power.average_w), (60, 200.0));
        assert_eq!(Power::of(&Channel::absent(60)), Err(Reason::NoPower));
    }

    #[test]
    fn xpower_rises_from_zero_towards_a_constant_power() {
        assert_eq!(xpower([26.0].into_iter()), Some(1.0));
        let long = xpower(std::iter::repeat_n(200.0, 20_000)).unwrap();
        assert!(long < 200.0 && long > 199.5, "{long}");
        assert_eq!(xpower(std::iter::empty()), None);
    }
}
