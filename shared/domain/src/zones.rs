//! The zones of power, heart rate and pace: where each begins, as a share of a threshold.

use crate::plan::TargetKind;

/// Lower bounds of Coggan's zones 2 to 7 as per cent of FTP (Allen & Coggan, Training and Racing
/// with a Power Meter).
///
/// The printed table leaves a gap of one per cent between zones; half-open zones leave none.
pub const POWER_LOWER_BOUNDS: [f64; 6] = [55.0, 75.0, 90.0, 105.0, 120.0, 150.0];

/// Where Friel's zones 1 to 6 of running end, as per cent of threshold pace in seconds per
/// kilometre (joefrielsblog.com, May 2010).
///
/// Zones 5a, 5b and 5c are the fifth, sixth and seventh. More seconds are a slower run, so a zone's
/// last per cent is the least speed of the next. The printed table leaves gaps and one overlap;
/// half-open zones have neither.
pub const PACE_LAST_PER_CENTS: [f64; 6] = [129.0, 114.0, 106.0, 99.0, 97.0, 90.0];

/// Lower bounds of zones 1 to 5 as per cent of the maximal heart rate (Edwards 1993).
pub const HR_LOWER_BOUNDS: [f64; 5] = [50.0, 60.0, 70.0, 80.0, 90.0];

/// Where a zone, counted from 1, begins, in per cent of FTP, of the maximal heart rate or of
/// threshold speed; `None` where there is no such zone, and of what has none.
pub fn begins_at(kind: TargetKind, zone: usize) -> Option<f64> {
    let of = |bounds: &[f64], zone: usize| bounds.get(zone.checked_sub(1)?).copied();
    // The first zone of power and of pace begins at nothing.
    let above_first = |bounds: &[f64]| match zone {
        0 => None,
        1 => Some(0.0),
        _ => of(bounds, zone - 1),
    };
    match kind {
        TargetKind::Power => above_first(&POWER_LOWER_BOUNDS),
        TargetKind::Pace => above_first(&PACE_LAST_PER_CENTS.map(|last| 100.0 * 100.0 / last)),
        TargetKind::Hr => of(&HR_LOWER_BOUNDS, zone),
        TargetKind::Rpe | TargetKind::Cadence | TargetKind::Open => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_ends_where_the_next_begins() {
        assert_eq!(begins_at(TargetKind::Power, 1), Some(0.0));
        assert_eq!(begins_at(TargetKind::Power, 2), Some(55.0));
        assert_eq!(begins_at(TargetKind::Power, 7), Some(150.0));
        assert_eq!(begins_at(TargetKind::Power, 8), None);
        assert_eq!(begins_at(TargetKind::Hr, 1), Some(50.0));
        assert_eq!(begins_at(TargetKind::Hr, 6), None);
        assert_eq!(begins_at(TargetKind::Pace, 0), None);
        assert_eq!(begins_at(TargetKind::Cadence, 1), None);
    }
}
