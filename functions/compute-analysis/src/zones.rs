//! Seconds in zones of heart rate, power and pace (rule H1).

use domain::athlete::Athlete;
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::note;
use domain::signal::heart_rate;
use domain::signal::number::from_count;
use domain::sport::Sport;
use domain::zones::{PACE_LAST_PER_CENTS, POWER_LOWER_BOUNDS};
use serde::Serialize;

/// Seconds in zones, each from `lower` until before `upper`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Zones {
    /// Six zones in beats per minute, the time below zone 1 first.
    pub hr: Option<Vec<Zone>>,
    /// Seven zones in watts.
    pub power: Option<Vec<Zone>>,
    /// Seven zones in metres per second, of a run.
    pub pace: Option<Vec<Zone>>,
    /// Recorded seconds in none of the zones, because the channel has no value there.
    pub unknown_s: Unknown,
}

/// What is left of the recorded seconds beside each kind of zone; absent without the zones.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Unknown {
    /// Seconds without a heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr: Option<f64>,
    /// Seconds without power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<f64>,
    /// Seconds without a speed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<f64>,
}

/// The recorded seconds of each channel.
pub(crate) struct Seconds<'a> {
    pub(crate) sport: Sport,
    pub(crate) recorded: usize,
    pub(crate) hr: &'a Channel,
    pub(crate) power: &'a Channel,
    pub(crate) speed: &'a Channel,
}

/// One zone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Zone {
    /// The least value that belongs to it.
    pub lower: f64,
    /// The least value that belongs to the next; `null` at the top.
    pub upper: Option<f64>,
    /// Seconds of the timer stream.
    pub seconds: f64,
}

/// Counts the seconds of every channel that has zones.
pub(crate) fn zones(seconds: &Seconds<'_>, athlete: &Athlete, reasons: &mut Reasons) -> Zones {
    let limits = &athlete.thresholds;
    let hr = recorded(seconds.hr, Reason::NoHeartRate).and_then(|hr| {
        let maximum = limits.hr_max_bpm.ok_or(Reason::NoHrMax)?.get();
        let counts = heart_rate::seconds_in_zones(hr.values(), maximum);
        Ok(labelled(&heart_rate::lower_bounds(maximum), &counts))
    });
    let power = recorded(seconds.power, Reason::NoPower).and_then(|power| {
        let ftp = limits.ftp_w.map(|ftp| ftp.get()).filter(|ftp| *ftp > 0.0);
        let ftp = ftp.ok_or(Reason::NoFtp)?;
        Ok(counted(
            power,
            POWER_LOWER_BOUNDS.map(|bound| bound * ftp / 100.0),
        ))
    });
    let pace = if seconds.sport == Sport::Run {
        recorded(seconds.speed, Reason::NoDistance).and_then(|speed| {
            let threshold = limits.threshold_speed_mps.map(|speed| speed.get());
            let threshold = threshold.filter(|speed| *speed > 0.0);
            let threshold = threshold.ok_or(Reason::NoThresholdSpeed)?;
            Ok(counted(
                speed,
                PACE_LAST_PER_CENTS.map(|last| threshold * 100.0 / last),
            ))
        })
    } else {
        Err(Reason::NotForThisSport)
    };
    let unknown = |zones: &Result<Vec<Zone>, Reason>| {
        let known: f64 = zones.as_ref().ok()?.iter().map(|zone| zone.seconds).sum();
        Some(from_count(seconds.recorded) - known)
    };
    Zones {
        unknown_s: Unknown {
            hr: unknown(&hr),
            power: unknown(&power),
            pace: unknown(&pace),
        },
        hr: note(reasons, "zones.hr", hr),
        power: note(reasons, "zones.power", power),
        pace: note(reasons, "zones.pace", pace),
    }
}

/// Counts the values in seven zones, each lower bound included.
fn counted(seconds: &Channel, bounds: [f64; 6]) -> Vec<Zone> {
    let mut counts = [0_usize; 7];
    for value in seconds.values() {
        let zone = bounds.iter().filter(|bound| value >= **bound).count();
        if let Some(count) = counts.get_mut(zone) {
            *count += 1;
        }
    }
    labelled(&bounds, &counts)
}

fn recorded(seconds: &Channel, absent: Reason) -> Result<&Channel, Reason> {
    if seconds.is_empty() {
        return Err(Reason::NoSamples);
    }
    if seconds.has_values() {
        Ok(seconds)
    } else {
        Err(absent)
    }
}

fn labelled(bounds: &[f64], counts: &[usize]) -> Vec<Zone> {
    let lowers = std::iter::once(0.0).chain(bounds.iter().copied());
    let uppers = bounds
        .iter()
        .copied()
        .map(Some)
        .chain(std::iter::once(None));
    let zones = lowers.zip(uppers).zip(counts);
    zones
        .map(|((lower, upper), seconds)| Zone {
            lower,
            upper,
            seconds: from_count(*seconds),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::athlete::Thresholds;
    use domain::units::{Bpm, MetresPerSecond, Watts};

    fn counted(hr: &[f64], watts: &[f64], thresholds: Thresholds) -> (Zones, Reasons) {
        let channel = |values: &[f64]| values.iter().copied().map(Some).collect::<Channel>();
        let mut reasons = Reasons::new();
        let athlete = Athlete {
            thresholds,
            sex: None,
        };
        let seconds = Seconds {
            sport: Sport::Ride,
            recorded: 5,
            hr: &channel(hr),
            power: &channel(watts),
            speed: &Channel::absent(5),
        };
        (zones(&seconds, &athlete, &mut reasons), reasons)
    }

    fn seconds(zones: Option<Vec<Zone>>) -> Vec<f64> {
        zones.unwrap().iter().map(|zone| zone.seconds).collect()
    }

    #[test]
    fn a_value_on_a_boundary_belongs_to_the_upper_zone() {
        let thresholds = Thresholds {
            ftp_w: Watts::parse(200.0).ok(),
            hr_max_bpm: Bpm::parse(190.0).ok(),
            ..Thresholds::default()
        };
        let (zones, reasons) = counted(
            &[94.0, 95.0, 171.0],
            &[0.0, 109.9, 110.0, 300.0],
            thresholds,
        );
        assert_eq!(zones.hr.as_ref().map(|zones| zones[1].lower), Some(95.0));
        assert_eq!(zones.hr.as_ref().unwrap()[5].upper, None);
        assert_eq!(seconds(zones.hr), [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(seconds(zones.power), [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let unknown = (zones.unknown_s.hr, zones.unknown_s.power);
        assert_eq!(unknown, (Some(2.0), Some(1.0)), "of five seconds");
        let why = [("zones.pace", Reason::NotForThisSport)];
        assert_eq!(reasons, Reasons::from(why));
    }

    /// P-59
    #[test]
    fn there_are_no_zones_without_the_athletes_thresholds() {
        let (zones, reasons) = counted(&[150.0], &[200.0], Thresholds::default());
        assert_eq!((zones.hr, zones.power), (None, None));
        assert_eq!(zones.unknown_s, Unknown::default());
        let why = [
            ("zones.hr", Reason::NoHrMax),
            ("zones.pace", Reason::NotForThisSport),
            ("zones.power", Reason::NoFtp),
        ];
        assert_eq!(reasons, Reasons::from(why));
    }

    fn paced(speeds: &Channel, threshold: f64) -> (Zones, Reasons) {
        let none = Channel::absent(speeds.len());
        let seconds = Seconds {
            sport: Sport::Run,
            recorded: speeds.len(),
            hr: &none,
            power: &none,
            speed: speeds,
        };
        let mut reasons = Reasons::new();
        let mut athlete = Athlete::default();
        athlete.thresholds.threshold_speed_mps = MetresPerSecond::parse(threshold).ok();
        (zones(&seconds, &athlete, &mut reasons), reasons)
    }

    /// P-59
    #[test]
    fn pace_zones_are_bounds_on_speed_and_what_is_not_known_is_left_over() {
        // Per cent of the threshold's 250 s/km.
        let paces = [
            130.0, 129.0, 115.0, 114.0, 106.0, 100.0, 99.0, 98.0, 97.0, 90.0, 50.0,
        ];
        let speeds: Channel = paces
            .into_iter()
            .map(|pace| Some(4.0 * 100.0 / pace))
            .chain([Some(0.0), None])
            .collect();
        let (zones, _) = paced(&speeds, 4.0);
        assert_eq!(zones.unknown_s.pace, Some(1.0));
        let pace = zones.pace.unwrap();
        assert_eq!((pace[0].lower, pace[6].upper), (0.0, None));
        assert!(
            pace.windows(2)
                .all(|pair| pair[0].upper == Some(pair[1].lower))
        );
        assert_eq!(seconds(Some(pace)), [2.0, 2.0, 1.0, 2.0, 2.0, 1.0, 2.0]);
        let (_, reasons) = paced(&speeds, 0.0);
        assert_eq!(reasons.get("zones.pace"), Some(&Reason::NoThresholdSpeed));
    }
}
