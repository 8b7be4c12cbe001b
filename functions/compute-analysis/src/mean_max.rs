//! The best mean over every window of fixed durations (rule P4).

use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::number::from_count;
use serde::Serialize;

/// The durations in seconds for power.
const POWER_DURATIONS_S: [u32; 12] = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/// The durations in seconds for heart rate, which follows effort too slowly for shorter ones.
const HR_DURATIONS_S: [u32; 4] = [60, 300, 1200, 3600];

/// The best mean power over one duration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanMaxPower {
    /// Seconds.
    pub duration_s: u32,
    /// Watts.
    pub watts: f64,
    /// Seconds from the recording's start.
    pub start_s: f64,
}

/// The best mean heart rate over one duration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanMaxHr {
    /// Seconds.
    pub duration_s: u32,
    /// Beats per minute.
    pub bpm: f64,
    /// Seconds from the recording's start.
    pub start_s: f64,
}

/// The power curve of a channel on the grid.
pub(crate) fn power(seconds: &Channel) -> Result<Vec<MeanMaxPower>, Reason> {
    let curve = curve(seconds, &POWER_DURATIONS_S, Reason::NoPower)?;
    let points = curve.into_iter();
    Ok(points
        .map(|(duration_s, watts, start_s)| MeanMaxPower {
            duration_s,
            watts,
            start_s,
        })
        .collect())
}

/// The heart rate curve of a channel on the grid.
pub(crate) fn hr(seconds: &Channel) -> Result<Vec<MeanMaxHr>, Reason> {
    let curve = curve(seconds, &HR_DURATIONS_S, Reason::NoHeartRate)?;
    let points = curve.into_iter();
    Ok(points
        .map(|(duration_s, bpm, start_s)| MeanMaxHr {
            duration_s,
            bpm,
            start_s,
        })
        .collect())
}

/// The best mean and its start for every duration that fits, on the elapsed stream.
///
/// A second without a value counts as 0 (rule G4), so that a pause cannot be skipped.
fn curve(
    seconds: &Channel,
    durations_s: &[u32],
    absent: Reason,
) -> Result<Vec<(u32, f64, f64)>, Reason> {
    if seconds.is_empty() {
        return Err(Reason::NoSamples);
    }
    if !seconds.has_values() {
        return Err(absent);
    }
    let mut sum = 0.0;
    let mut sums = Vec::with_capacity(seconds.len() + 1);
    sums.push(sum);
    for value in seconds.iter() {
        sum += value.unwrap_or(0.0);
        sums.push(sum);
    }
    if !sum.is_finite() {
        return Err(Reason::Implausible);
    }
    let points = durations_s.iter().filter_map(|duration_s| {
        let duration = usize::try_from(*duration_s).ok()?;
        let ends = sums.iter().skip(duration);
        let windows = ends.zip(&sums).map(|(end, start)| end - start).enumerate();
        let (start, work) =
            windows.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some((
            *duration_s,
            work / f64::from(*duration_s),
            from_count(start),
        ))
    });
    Ok(points.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_counts_as_zero() {
        let mut seconds = Channel::absent(30);
        for second in (0..10).chain(20..30) {
            seconds.set(second, Some(300.0));
        }
        let best = curve(&seconds, &[1, 10, 30, 31], Reason::NoPower).unwrap();
        assert_eq!(best, [(1, 300.0, 0.0), (10, 300.0, 0.0), (30, 200.0, 0.0)]);
    }

    #[test]
    fn the_first_of_equal_windows_wins() {
        let seconds = [1.0, 5.0, 5.0, 1.0, 5.0, 5.0]
            .into_iter()
            .map(Some)
            .collect();
        let best = curve(&seconds, &[2], Reason::NoPower).unwrap();
        assert_eq!(best, [(2, 5.0, 1.0)]);
    }

    #[test]
    fn a_curve_needs_values() {
        assert_eq!(power(&Channel::default()), Err(Reason::NoSamples));
        assert_eq!(power(&Channel::absent(9)), Err(Reason::NoPower));
        assert_eq!(hr(&Channel::absent(9)), Err(Reason::NoHeartRate));
    }
}
