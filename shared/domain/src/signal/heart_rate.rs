//! Heart rate zones, which both the time in zone and a training load count.

use crate::zones::HR_LOWER_BOUNDS;

/// Lower bounds of zones 1 to 5 in beats per minute.
pub fn lower_bounds(maximum_bpm: f64) -> [f64; 5] {
    // Whole per cents keep a bound of whole beats exact, where a fraction would not.
    HR_LOWER_BOUNDS.map(|per_cent| per_cent * maximum_bpm / 100.0)
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
