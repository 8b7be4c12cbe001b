//! Seconds in zones of heart rate and power (rule H1).

use domain::athlete::Athlete;
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::note;
use domain::signal::heart_rate;
use domain::signal::number::from_count;
use serde::Serialize;

/// Lower bounds of Coggan's zones 2 to 7 as per cent of FTP (Allen & Coggan, Training and Racing
/// with a Power Meter).
///
/// The printed table leaves a gap of one per cent between zones; half-open zones leave none.
const POWER_LOWER_BOUNDS: [f64; 6] = [55.0, 75.0, 90.0, 105.0, 120.0, 150.0];

/// Seconds in zones, each from `lower` until before `upper`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Zones {
    /// Six zones in beats per minute, the time below zone 1 first.
    pub hr: Option<Vec<Zone>>,
    /// Seven zones in watts.
    pub power: Option<Vec<Zone>>,
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

/// Counts the seconds of both channels on the grid.
pub(crate) fn zones(
    hr: &Channel,
    power: &Channel,
    athlete: &Athlete,
    reasons: &mut Reasons,
) -> Zones {
    let limits = &athlete.thresholds;
    let hr = recorded(hr, Reason::NoHeartRate).and_then(|hr| {
        let maximum = limits.hr_max_bpm.ok_or(Reason::NoHrMax)?.get();
        let counts = heart_rate::seconds_in_zones(hr.values(), maximum);
        Ok(labelled(&heart_rate::lower_bounds(maximum), &counts))
    });
    let power = recorded(power, Reason::NoPower).and_then(|power| {
        let ftp = limits.ftp_w.map(|ftp| ftp.get()).filter(|ftp| *ftp > 0.0);
        let bounds = POWER_LOWER_BOUNDS.map(|bound| bound * ftp.unwrap_or(0.0) / 100.0);
        ftp.ok_or(Reason::NoFtp)?;
        let mut counts = [0_usize; 7];
        for watts in power.values() {
            let zone = bounds.iter().filter(|bound| watts >= **bound).count();
            if let Some(count) = counts.get_mut(zone) {
                *count += 1;
            }
        }
        Ok(labelled(&bounds, &counts))
    });
    Zones {
        hr: note(reasons, "zones.hr", hr),
        power: note(reasons, "zones.power", power),
    }
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
    use domain::units::{Bpm, Watts};

    fn counted(hr: &[f64], watts: &[f64], thresholds: Thresholds) -> (Zones, Reasons) {
        let channel = |values: &[f64]| values.iter().copied().map(Some).collect::<Channel>();
        let mut reasons = Reasons::new();
        let athlete = Athlete {
            thresholds,
            sex: None,
        };
        (
            zones(&channel(hr), &channel(watts), &athlete, &mut reasons),
            reasons,
        )
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
        let seconds = |zones: Option<Vec<Zone>>| -> Vec<f64> {
            zones.unwrap().iter().map(|zone| zone.seconds).collect()
        };
        assert_eq!(zones.hr.as_ref().map(|zones| zones[1].lower), Some(95.0));
        assert_eq!(zones.hr.as_ref().unwrap()[5].upper, None);
        assert_eq!(seconds(zones.hr), [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(seconds(zones.power), [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(reasons, Reasons::new());
    }

    /// P-59
    #[test]
    fn there_are_no_zones_without_the_athletes_thresholds() {
        let (zones, reasons) = counted(&[150.0], &[200.0], Thresholds::default());
        assert_eq!(
            zones,
            Zones {
                hr: None,
                power: None
            }
        );
        let why = [
            ("zones.hr", Reason::NoHrMax),
            ("zones.power", Reason::NoFtp),
        ];
        assert_eq!(reasons, Reasons::from(why));
    }
}
