//! The least elapsed time over fixed distances (rule B1).

use domain::reason::Reason;
use domain::signal::Signal;
use domain::signal::number::on_line;
use serde::Serialize;

/// The distances in metres, 400 m to the marathon.
pub(crate) const DISTANCES_M: [f64; 13] = [
    400.0, 800.0, 1000.0, 1609.344, 3218.688, 5000.0, 10_000.0, 15_000.0, 16_093.44, 20_000.0,
    21_097.5, 30_000.0, 42_195.0,
];

/// The fastest stretch of one distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestEffort {
    /// Metres.
    pub distance_m: f64,
    /// Seconds, pauses included.
    pub elapsed_s: f64,
    /// Seconds from the recording's start.
    pub start_s: f64,
}

/// The best effort over every distance that the workout is long enough for.
pub(crate) fn best_efforts(signal: &Signal<'_>) -> Result<Vec<BestEffort>, Reason> {
    if !signal.has_samples() {
        return Err(Reason::NoSamples);
    }
    let metres = signal.distance.as_ref().ok_or(Reason::NoDistance)?.metres();
    let times = &signal.recording.time_s;
    let line: Vec<(f64, f64)> = metres.iter().copied().zip(times.iter().copied()).collect();
    let efforts = DISTANCES_M
        .iter()
        .filter_map(|distance_m| best(&line, *distance_m));
    Ok(efforts.collect())
}

/// The fastest stretch of exactly `distance_m` on a line of (metres, seconds).
///
/// The minimum of a piecewise linear function lies at a sample at one end of the stretch, so it
/// is enough to try every sample as the start and every sample as the end. `O(n)`.
fn best(line: &[(f64, f64)], distance_m: f64) -> Option<BestEffort> {
    let forward = from_each_start(line, distance_m);
    let backward = to_each_end(line, distance_m);
    let spans = forward.into_iter().chain(backward);
    let (start_s, end_s) = spans.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    Some(BestEffort {
        distance_m,
        elapsed_s: end_s - start_s,
        start_s,
    })
}

/// The fastest stretch that starts on a sample; it ends where its distance is first reached.
fn from_each_start(line: &[(f64, f64)], distance_m: f64) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    let mut segments = line.windows(2).peekable();
    for (start_m, start_s) in line {
        let goal = start_m + distance_m;
        while segments
            .next_if(|segment| segment.last().is_some_and(|end| end.0 < goal))
            .is_some()
        {}
        let Some([from, to]) = segments.peek() else {
            break;
        };
        best = shorter(best, (*start_s, on_line(*from, *to, goal)));
    }
    best
}

/// The fastest stretch that ends on a sample; it starts where its distance was last left.
fn to_each_end(line: &[(f64, f64)], distance_m: f64) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    let mut segments = line.windows(2).rev().peekable();
    for (end_m, end_s) in line.iter().rev() {
        let goal = end_m - distance_m;
        while segments
            .next_if(|segment| segment.first().is_some_and(|from| from.0 > goal))
            .is_some()
        {}
        let Some([from, to]) = segments.peek() else {
            break;
        };
        best = shorter(best, (on_line(*from, *to, goal), *end_s));
    }
    best
}

fn shorter(best: Option<(f64, f64)>, span: (f64, f64)) -> Option<(f64, f64)> {
    match best {
        Some(best) if best.1 - best.0 <= span.1 - span.0 => Some(best),
        _ => Some(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_stretch_may_start_between_two_samples() {
        let line = [(0.0, 0.0), (300.0, 100.0), (900.0, 200.0), (1000.0, 300.0)];
        let effort = best(&line, 800.0).unwrap();
        assert!(
            (effort.elapsed_s - (200.0 - 100.0 / 3.0)).abs() < 1e-9,
            "{effort:?}"
        );
        assert!((effort.start_s - 100.0 / 3.0).abs() < 1e-9, "{effort:?}");
    }

    #[test]
    fn standing_still_counts_inside_a_stretch_but_not_at_its_ends() {
        let line = [
            (0.0, 0.0),
            (0.0, 50.0),
            (200.0, 100.0),
            (200.0, 160.0),
            (400.0, 210.0),
            (400.0, 300.0),
        ];
        let effort = best(&line, 400.0).unwrap();
        assert_eq!((effort.elapsed_s, effort.start_s), (160.0, 50.0));
    }

    #[test]
    fn there_is_no_effort_over_more_than_the_whole_distance() {
        assert_eq!(best(&[(0.0, 0.0), (399.0, 100.0)], 400.0), None);
        assert_eq!(best(&[(0.0, 0.0)], 400.0), None);
        assert_eq!(best(&[], 400.0), None);
    }

    #[test]
    fn two_passes_find_what_brute_force_finds() {
        let mut line = vec![(0.0, 0.0)];
        for step in 1..300_u32 {
            let last = *line.last().unwrap();
            line.push((
                last.0 + f64::from(step * 7 % 11),
                last.1 + f64::from(1 + step * 5 % 3),
            ));
        }
        let effort = best(&line, 400.0).unwrap();
        let total = line.last().unwrap().0;
        let (metres, seconds): (Vec<f64>, Vec<f64>) = line.into_iter().unzip();
        let at = |m| domain::signal::number::interpolate(&metres, &seconds, m).unwrap();
        let brute = (0..)
            .map(|tenth| f64::from(tenth) * 0.1)
            .take_while(|start| start + 400.0 <= total)
            .map(|start| at(start + 400.0 - 1e-9) - at(start))
            .fold(f64::INFINITY, f64::min);
        assert!(
            (effort.elapsed_s - brute).abs() < 0.01,
            "{} and {brute}",
            effort.elapsed_s
        );
    }
}
