//! Metres climbed and descended (rule E1).

use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::Signal;
use domain::signal::grade::is_usable;
use domain::signal::number::from_count;

/// Seconds to either side of the centred moving mean of 11 s.
const HALF_WINDOW: usize = 5;

/// Running sums that are kept: more than a window's ends lie apart, and a power of two.
const SUMS: usize = 16;

/// The least rise or fall in metres that counts.
///
/// With the 11 s mean it has no bias against the device's own figures over 54 sessions; every
/// other published rule measured there had.
const THRESHOLD_M: f64 = 2.0;

/// Metres climbed and metres descended, both positive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Climb {
    pub(crate) gain_m: f64,
    pub(crate) loss_m: f64,
}

/// Sums up the climbs of a recording.
pub(crate) fn climb(signal: &Signal<'_>) -> Result<Climb, Reason> {
    let altitude = &signal.recording.altitude_m;
    if !signal.has_samples() {
        return Err(Reason::NoSamples);
    }
    if !is_usable(altitude) {
        return Err(Reason::NoAltitude);
    }
    let seconds = signal.grid.channel(altitude);
    Ok(turning_points(smoothed(&seconds).flatten()))
}

/// The centred moving mean over the seconds that have an altitude.
fn smoothed(seconds: &Channel) -> impl Iterator<Item = Option<f64>> {
    // Only the running sums around the centre are kept: the one before each of the last seconds.
    let mut sums = [(0.0, 0_usize); SUMS];
    let mut sum = (0.0, 0);
    let mut ahead = seconds.iter().enumerate();
    let mut add = move |sums: &mut [(f64, usize); SUMS], until: usize| {
        for (second, value) in ahead.by_ref().take(until) {
            sum.0 += value.unwrap_or(0.0);
            sum.1 += usize::from(value.is_some());
            if let Some(slot) = sums.get_mut((second + 1) % SUMS) {
                *slot = sum;
            }
        }
    };
    add(&mut sums, HALF_WINDOW);
    let centres = seconds.iter().enumerate();
    centres.map(move |(second, value)| {
        add(&mut sums, 1);
        let from = sums.get(second.saturating_sub(HALF_WINDOW) % SUMS)?;
        let to = sums.get((second + HALF_WINDOW + 1).min(seconds.len()) % SUMS)?;
        value.filter(|_| to.1 > from.1)?;
        Some((to.0 - from.0) / from_count(to.1 - from.1))
    })
}

/// Counts every rise and fall between turning points of at least [`THRESHOLD_M`].
fn turning_points(altitudes: impl Iterator<Item = f64>) -> Climb {
    enum Leg {
        Flat { low: f64, high: f64 },
        Up { from: f64, top: f64 },
        Down { from: f64, bottom: f64 },
    }
    let mut climb = Climb::default();
    let mut leg: Option<Leg> = None;
    for altitude in altitudes {
        leg = Some(match leg {
            None => Leg::Flat {
                low: altitude,
                high: altitude,
            },
            Some(Leg::Flat { low, .. }) if altitude - low >= THRESHOLD_M => Leg::Up {
                from: low,
                top: altitude,
            },
            Some(Leg::Flat { high, .. }) if high - altitude >= THRESHOLD_M => Leg::Down {
                from: high,
                bottom: altitude,
            },
            Some(Leg::Flat { low, high }) => Leg::Flat {
                low: low.min(altitude),
                high: high.max(altitude),
            },
            Some(Leg::Up { from, top }) if top - altitude >= THRESHOLD_M => {
                climb.gain_m += top - from;
                Leg::Down {
                    from: top,
                    bottom: altitude,
                }
            }
            Some(Leg::Up { from, top }) => Leg::Up {
                from,
                top: top.max(altitude),
            },
            Some(Leg::Down { from, bottom }) if altitude - bottom >= THRESHOLD_M => {
                climb.loss_m += from - bottom;
                Leg::Up {
                    from: bottom,
                    top: altitude,
                }
            }
            Some(Leg::Down { from, bottom }) => Leg::Down {
                from,
                bottom: bottom.min(altitude),
            },
        });
    }
    match leg {
        Some(Leg::Up { from, top }) => climb.gain_m += top - from,
        Some(Leg::Down { from, bottom }) => climb.loss_m += from - bottom,
        Some(Leg::Flat { .. }) | None => {}
    }
    climb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_and_falls_count_from_turning_point_to_turning_point() {
        let climb = turning_points([100.0, 101.0, 99.5, 105.0, 104.0, 106.0, 103.0].into_iter());
        assert_eq!(
            climb,
            Climb {
                gain_m: 6.5,
                loss_m: 3.0
            }
        );
    }

    /// P-61
    #[test]
    fn a_ripple_under_two_metres_is_flat() {
        let climb = turning_points([10.0, 11.9, 10.0, 11.9, 10.0].into_iter());
        assert_eq!(climb, Climb::default());
    }

    #[test]
    fn the_mean_takes_fewer_points_beside_holes() {
        let mut seconds = Channel::absent(20);
        for second in 0..6 {
            seconds.set(second, Some(10.0));
        }
        seconds.set(9, Some(20.0));
        let smooth: Vec<_> = smoothed(&seconds).collect();
        assert_eq!(smooth[0], Some(10.0));
        assert_eq!(smooth[5], Some(80.0 / 7.0));
        assert_eq!(smooth[7], None);
        assert_eq!(smooth[9], Some(40.0 / 3.0));
    }
}
