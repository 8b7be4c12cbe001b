//! What heart rates weigh: zones, which both the time in zone and a training load count, and
//! Banister's weight of the reserve, by which load is counted before and after it was done.

use crate::athlete::{Athlete, Sex};
use crate::reason::Reason;

/// Minutes in an hour, for which the stress at threshold is 100.
const MINUTES_PER_HOUR: f64 = 60.0;

/// Lower bounds of zones 1 to 5 as per cent of the maximal heart rate (Edwards 1993).
const ZONE_LOWER_BOUNDS: [f64; 5] = [50.0, 60.0, 70.0, 80.0, 90.0];

/// Lower bounds of zones 1 to 5 in beats per minute.
pub fn lower_bounds(maximum_bpm: f64) -> [f64; 5] {
    // Whole per cents keep a bound of whole beats exact, where a fraction would not.
    ZONE_LOWER_BOUNDS.map(|per_cent| per_cent * maximum_bpm / 100.0)
}

/// The zone of a heart rate: 0 below zone 1, then 1 to 5; a boundary belongs to the upper zone.
fn zone(bpm: f64, lower_bounds: &[f64; 5]) -> usize {
    lower_bounds.iter().filter(|lower| bpm >= **lower).count()
}

/// Seconds in each zone, the time below zone 1 first (rule H1), of one value per second.
pub fn seconds_in_zones(seconds: impl Iterator<Item = f64>, maximum_bpm: f64) -> [usize; 6] {
    let bounds = lower_bounds(maximum_bpm);
    let mut counts = [0; 6];
    for bpm in seconds {
        if let Some(count) = counts.get_mut(zone(bpm, &bounds)) {
            *count += 1;
        }
    }
    counts
}

/// Banister's weight of an athlete's heart rates.
///
/// `x · 0.64 e^(1.92 x)` for men and `x · 0.86 e^(1.67 x)` for women, `x` the share of the reserve
/// (Morton, Fitz-Clarke & Banister 1990, J Appl Physiol 69:1171; rule H2).
#[derive(Debug, Clone, Copy)]
pub struct Reserve {
    rest: f64,
    maximum: f64,
    factor: f64,
    exponent: f64,
}

impl Reserve {
    /// The weight for an athlete.
    ///
    /// # Errors
    /// Which of maximum, rest and sex is not known, or `implausible` where rest is not below the
    /// maximum.
    pub fn of(athlete: &Athlete) -> Result<Self, Reason> {
        let limits = &athlete.thresholds;
        let maximum = limits.hr_max_bpm.ok_or(Reason::NoHrMax)?.get();
        let rest = limits.hr_rest_bpm.ok_or(Reason::NoHrRest)?.get();
        if rest >= maximum {
            return Err(Reason::Implausible);
        }
        let (factor, exponent) = match athlete.sex.ok_or(Reason::NoSex)? {
            Sex::Male => (0.64, 1.92),
            Sex::Female => (0.86, 1.67),
        };
        Ok(Self {
            rest,
            maximum,
            factor,
            exponent,
        })
    }

    /// The impulse of one minute at a heart rate; the reserve is limited to 0..1.
    pub fn of_minute(&self, bpm: f64) -> f64 {
        let reserve = ((bpm - self.rest) / (self.maximum - self.rest)).clamp(0.0, 1.0);
        reserve * self.factor * f64::exp(self.exponent * reserve)
    }

    /// The impulse of an hour at threshold heart rate, of which the load is 100.
    ///
    /// # Errors
    /// `implausible` where the threshold does not lie within the reserve.
    pub fn of_hour_at(&self, threshold_bpm: f64) -> Result<f64, Reason> {
        if threshold_bpm <= self.rest || threshold_bpm > self.maximum {
            return Err(Reason::Implausible);
        }
        Ok(MINUTES_PER_HOUR * self.of_minute(threshold_bpm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_belongs_to_the_upper_zone() {
        let bpm = [94.9, 95.0, 113.9, 114.0, 133.0, 152.0, 170.9, 171.0, 200.0];
        let bounds = lower_bounds(190.0);
        let zones = bpm.map(|bpm| zone(bpm, &bounds));
        assert_eq!(zones, [0, 1, 1, 2, 3, 4, 4, 5, 5]);
        assert_eq!(seconds_in_zones(bpm.into_iter(), 190.0), [1, 2, 1, 1, 2, 2]);
    }
}
