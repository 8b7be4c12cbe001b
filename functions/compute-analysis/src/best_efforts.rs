//! The least elapsed time over fixed distances (rule B1).

use domain::bests::EFFORTS_M;
use domain::reason::Reason;
use domain::signal::Signal;
use domain::signal::number::on_line;
use serde::Serialize;

/// What is allowed for the rounding of times that are sums and quotients, in seconds: thousands of
/// times what two weeks of them amount to.
const ROUNDING_S: f64 = 1e-6;

/// How many values are looked at one by one before a search takes longer steps.
const NEAR: usize = 8;

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
    let mut efforts: Vec<BestEffort> = Vec::new();
    for distance_m in EFFORTS_M {
        let shorter = efforts.last().map_or(0.0, |effort| effort.start_s);
        efforts.extend(best(metres, times, distance_m, shorter));
    }
    Ok(efforts)
}

/// The fastest stretch of exactly `distance_m` over samples with their metres and seconds.
///
/// The minimum of a piecewise linear function lies at a sample at one end of the stretch, so it
/// is enough to try samples as the start and samples as the end. `O(n)` at worst, and far less
/// where the speed varies: both passes leap over what cannot be faster than one that is known, at
/// first the one near `hint_s`, where the best over a shorter distance starts.
fn best(metres: &[f64], times: &[f64], distance_m: f64, hint_s: f64) -> Option<BestEffort> {
    let hint = times.partition_point(|time| *time < hint_s);
    let known = from_start(metres, times, distance_m, hint, 1);
    let known_s = known.map_or(f64::INFINITY, |(start_s, end_s, _)| end_s - start_s);
    let forward = from_starts(metres, times, distance_m, known_s)?;
    let (start_s, end_s) = to_ends(metres, times, distance_m, forward);
    Some(BestEffort {
        distance_m,
        elapsed_s: end_s - start_s,
        start_s,
    })
}

/// The fastest stretch that starts on a sample, where one of `known_s` seconds is known.
fn from_starts(metres: &[f64], times: &[f64], distance_m: f64, known_s: f64) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    let (mut start, mut end) = (0, 1);
    while let Some((start_s, end_s, reached)) = from_start(metres, times, distance_m, start, end) {
        if best.is_none_or(|best| end_s - start_s < best.1 - best.0) {
            best = Some((start_s, end_s));
        }
        let shortest = best.map_or(known_s, |best| known_s.min(best.1 - best.0));
        // Whatever starts later ends no earlier.
        let worth_it = end_s - shortest - ROUNDING_S;
        start = first(times, start + 1, |time| time >= worth_it);
        end = reached;
    }
    best
}

/// The stretch that starts on a sample: its times, and the first sample at its end or behind.
///
/// That sample is none before `after`. `None` when so much is not left.
fn from_start(
    metres: &[f64],
    times: &[f64],
    distance_m: f64,
    start: usize,
    after: usize,
) -> Option<(f64, f64, usize)> {
    let (start_m, start_s) = point(metres, times, start)?;
    let goal = start_m + distance_m;
    let end = first(metres, after, |metre| metre >= goal);
    let from = point(metres, times, end.checked_sub(1)?)?;
    let end_s = on_line(from, point(metres, times, end)?, goal);
    Some((start_s, end_s, end))
}

/// The fastest stretch that ends on a sample, if it is faster than `best`; it starts where its
/// distance was last left.
fn to_ends(metres: &[f64], times: &[f64], distance_m: f64, mut best: (f64, f64)) -> (f64, f64) {
    // It ends on the last of so many samples, and starts no earlier than on the last of so many.
    let (mut ends, mut starts) = (metres.len(), metres.len().saturating_sub(1));
    while let Some((end_m, end_s)) = ends
        .checked_sub(1)
        .and_then(|end| point(metres, times, end))
    {
        let goal = end_m - distance_m;
        starts = leading(metres, starts, |metre| metre <= goal);
        let from = starts
            .checked_sub(1)
            .and_then(|from| point(metres, times, from));
        let Some((from, to)) = from.zip(point(metres, times, starts)) else {
            break;
        };
        let start_s = on_line(from, to, goal);
        if end_s - start_s < best.1 - best.0 {
            best = (start_s, end_s);
        }
        // Whatever ends earlier starts no later.
        let worth_it = start_s + (best.1 - best.0) + ROUNDING_S;
        ends = leading(times, ends - 1, |time| time <= worth_it);
    }
    best
}

fn point(metres: &[f64], times: &[f64], index: usize) -> Option<(f64, f64)> {
    Some((*metres.get(index)?, *times.get(index)?))
}

/// The first index from `start` on whose value `is` what is looked for, as all behind it are.
///
/// What lies near is found soonest: one by one at first, then in steps that double.
fn first(values: &[f64], start: usize, is: impl Fn(f64) -> bool) -> usize {
    let rest = values.get(start..).unwrap_or_default();
    if let Some(near) = rest.iter().take(NEAR).position(|value| is(*value)) {
        return start + near;
    }
    if rest.len() <= NEAR {
        return start + rest.len();
    }
    let mut step = 2 * NEAR;
    while rest.get(step - 1).is_some_and(|value| !is(*value)) {
        step *= 2;
    }
    let near = rest.get(step / 2..step.min(rest.len())).unwrap_or_default();
    start + step / 2 + near.partition_point(|value| !is(*value))
}

/// How many of the first `count` values are what `is` looks for, as all before them are.
fn leading(values: &[f64], count: usize, is: impl Fn(f64) -> bool) -> usize {
    let head = values.get(..count).unwrap_or_default();
    let mut near = head.iter().rev().take(NEAR);
    if let Some(near) = near.position(|value| is(*value)) {
        return head.len() - near;
    }
    if head.len() <= NEAR {
        return 0;
    }
    let mut step = 2 * NEAR;
    let back = |step: usize| head.len().checked_sub(step);
    while back(step)
        .and_then(|index| head.get(index))
        .is_some_and(|value| !is(*value))
    {
        step *= 2;
    }
    let near = back(step).unwrap_or(0)..head.len() - step / 2;
    near.start
        + head
            .get(near)
            .unwrap_or_default()
            .partition_point(|value| is(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best_of(line: &[(f64, f64)], distance_m: f64) -> Option<BestEffort> {
        let (metres, times): (Vec<f64>, Vec<f64>) = line.iter().copied().unzip();
        [0.0, 700.0, f64::INFINITY]
            .map(|hint_s| best(&metres, &times, distance_m, hint_s))
            .into_iter()
            .reduce(|one, other| {
                assert_eq!(one, other, "a hint changes nothing");
                one
            })
            .flatten()
    }

    #[test]
    fn the_fastest_stretch_may_start_between_two_samples() {
        let line = [(0.0, 0.0), (300.0, 100.0), (900.0, 200.0), (1000.0, 300.0)];
        let effort = best_of(&line, 800.0).unwrap();
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
        let effort = best_of(&line, 400.0).unwrap();
        assert_eq!((effort.elapsed_s, effort.start_s), (160.0, 50.0));
    }

    #[test]
    fn there_is_no_effort_over_more_than_the_whole_distance() {
        assert_eq!(best_of(&[(0.0, 0.0), (399.0, 100.0)], 400.0), None);
        assert_eq!(best_of(&[(0.0, 0.0)], 400.0), None);
        assert_eq!(best_of(&[], 400.0), None);
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
        let effort = best_of(&line, 400.0).unwrap();
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

    /// Every sample as the start, then every sample as the end, and nothing left out.
    fn of_every_sample(line: &[(f64, f64)], distance_m: f64) -> Option<(f64, f64)> {
        let forward = line.iter().map_while(|(start_m, start_s)| {
            let goal = start_m + distance_m;
            let segment = line.windows(2).find(|segment| segment[1].0 >= goal)?;
            Some((*start_s, on_line(segment[0], segment[1], goal)))
        });
        let backward = line.iter().rev().map_while(|(end_m, end_s)| {
            let goal = end_m - distance_m;
            let segment = line.windows(2).rfind(|segment| segment[0].0 <= goal)?;
            Some((on_line(segment[0], segment[1], goal), *end_s))
        });
        let spans = forward.chain(backward);
        spans.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
    }

    #[test]
    fn leaping_loses_no_stretch() {
        let speeds: [fn(u32) -> f64; 5] = [
            |_| 3.0,
            |second| f64::from(second % 7),
            |second| if second % 90 < 30 { 6.3 } else { 0.0 },
            |second| 3.0 + (f64::from(second) / 60.0).sin(),
            |second| f64::from(second * 7919 % 97) / 10.0,
        ];
        for (number, speed) in (0..).zip(speeds) {
            let (mut line, mut metres) = (vec![(0.0, 0.0)], 0.0);
            for second in (1..1500).filter(|second| second % 11 != number) {
                metres += speed(second);
                line.push((metres, f64::from(second)));
            }
            for distance_m in [50.0, 399.9, 400.0, 1000.0, 2500.0] {
                let effort = best_of(&line, distance_m);
                let found = effort.map(|effort| (effort.start_s, effort.elapsed_s));
                let expected = of_every_sample(&line, distance_m);
                let expected = expected.map(|(start, end)| (start, end - start));
                assert_eq!(found, expected, "speed {number}, {distance_m} m");
            }
        }
    }
}
