//! The best mean over every window of a duration, for durations from a second to the whole (rule P4).

use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::number::from_count;
use serde::Serialize;

/// Up to which duration in seconds the curves go in which steps, so that they look continuous and
/// hold the durations that people compare; beyond the last, steps of [`LONG_STEP_S`].
const STEPS_S: [(u32, u32); 8] = [
    (30, 1),
    (60, 2),
    (120, 5),
    (300, 10),
    (600, 20),
    (1200, 30),
    (3600, 60),
    (7200, 120),
];

/// The step beyond two hours.
const LONG_STEP_S: u32 = 300;

/// Heart rate follows effort too slowly for shorter durations, in seconds.
const SHORTEST_HR_S: u32 = 60;

/// How many windows are passed over together where none of them can be the best.
const BLOCKS: [usize; 3] = [512, 64, 16];

/// Windows that are looked at together, one after the other.
const GROUP: usize = 16;

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
    let curve = curve(seconds, 1, Reason::NoPower)?;
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
    let curve = curve(seconds, SHORTEST_HR_S, Reason::NoHeartRate)?;
    let points = curve.into_iter();
    Ok(points
        .map(|(duration_s, bpm, start_s)| MeanMaxHr {
            duration_s,
            bpm,
            start_s,
        })
        .collect())
}

/// The durations of a curve in seconds, from `shortest_s` on, without end.
fn durations_s(shortest_s: u32) -> impl Iterator<Item = u32> {
    let step = |duration: &u32| {
        let step = STEPS_S.iter().find(|(to, _)| duration < to);
        duration.checked_add(step.map_or(LONG_STEP_S, |(_, step)| *step))
    };
    std::iter::successors(Some(shortest_s), step)
}

/// The best mean and its start for every duration that fits, on the elapsed stream.
///
/// A second without a value counts as 0 (rule G4), so that a pause cannot be skipped.
fn curve(
    seconds: &Channel,
    shortest_s: u32,
    absent: Reason,
) -> Result<Vec<(u32, f64, f64)>, Reason> {
    if seconds.is_empty() {
        return Err(Reason::NoSamples);
    }
    if !seconds.has_values() {
        return Err(absent);
    }
    let sums = Sums::of(seconds.iter().map(|value| value.unwrap_or(0.0)));
    if !sums.values.last().is_some_and(|sum| sum.is_finite()) {
        return Err(Reason::Implausible);
    }
    let mut points = Vec::new();
    let mut before = Window::default();
    for duration_s in durations_s(shortest_s) {
        let Ok(duration) = usize::try_from(duration_s) else {
            break;
        };
        let Some(best) = sums.best_window(duration, before) else {
            break;
        };
        let mean = best.work / f64::from(duration_s);
        points.push((duration_s, mean, from_count(best.start)));
        before = best;
    }
    Ok(points)
}

/// A stretch of whole seconds and the sum of its values.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    start: usize,
    duration: usize,
    work: f64,
}

/// What was done up to each second.
#[derive(Debug)]
struct Sums {
    values: Vec<f64>,
    /// Whether no second took anything away.
    grows: bool,
}

impl Sums {
    fn of(seconds: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut values = vec![sum];
        values.extend(seconds.map(|value| {
            sum += value;
            sum
        }));
        let grows = values.is_sorted();
        Self { values, grows }
    }

    /// The window of a duration that holds the most work, the first of equal ones; `None` when none fits.
    ///
    /// What grows cannot hold more between two of its points than between points further apart, so a
    /// block of windows holds at most what lies between the first start and the last end, and most
    /// blocks need no look inside once a good window is known: the best one of the `shorter` duration,
    /// grown to one side. The bound is that of Mark Rages in `GoldenCheetah`'s `RideFileCache`.
    fn best_window(&self, duration: usize, shorter: Window) -> Option<Window> {
        let starts = self
            .values
            .get(..self.values.len().checked_sub(duration)?)?;
        let ends = self.values.get(duration..)?;
        let work_from = |start: usize| Some(ends.get(start)? - starts.get(start)?);
        let to_the_left = (shorter.start + shorter.duration).saturating_sub(duration);
        let mut best = Window {
            start: 0,
            duration,
            work: work_from(0)?,
        };
        for start in [to_the_left, shorter.start] {
            if let Some(work) = work_from(start).filter(|work| *work > best.work) {
                best = Window {
                    start,
                    duration,
                    work,
                };
            }
        }
        let mut first = 0;
        while let Some(start) = starts.get(first) {
            let most = |block: usize| {
                let last = ends.get(first + block - 1).or(ends.last())?;
                Some(last - start)
            };
            let is_worse = |block: &usize| {
                let tie = best.start <= first;
                most(*block).is_some_and(|most| most < best.work || tie && most <= best.work)
            };
            if let Some(block) = BLOCKS.iter().find(|block| self.grows && is_worse(block)) {
                first += block;
                continue;
            }
            let last = (first + GROUP).min(starts.len());
            let (starts, ends) = (starts.get(first..last)?, ends.get(first..last)?);
            let work = greatest_gain(starts, ends);
            if work > best.work || work >= best.work && first < best.start {
                let works = starts.iter().zip(ends).map(|(start, end)| end - start);
                let offset = works.take_while(|other| *other < work).count();
                if work > best.work || first + offset < best.start {
                    best = Window {
                        start: first + offset,
                        duration,
                        work,
                    };
                }
            }
            first = last;
        }
        Some(best)
    }
}

/// The most that any end lies above its start.
fn greatest_gain(starts: &[f64], ends: &[f64]) -> f64 {
    // Four maxima side by side, because a single one waits for itself at every step.
    let (starts, last_starts) = starts.as_chunks::<4>();
    let (ends, last_ends) = ends.as_chunks::<4>();
    let mut most = [f64::NEG_INFINITY; 4];
    let rise = |most: &mut f64, gain: f64| *most = if gain > *most { gain } else { *most };
    for (starts, ends) in starts.iter().zip(ends) {
        for ((most, start), end) in most.iter_mut().zip(starts).zip(ends) {
            rise(most, end - start);
        }
    }
    let mut greatest = most.into_iter().fold(f64::NEG_INFINITY, f64::max);
    for (start, end) in last_starts.iter().zip(last_ends) {
        rise(&mut greatest, end - start);
    }
    greatest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: every window of the duration, one after the other.
    fn brute_force(sums: &[f64], duration: usize) -> (usize, f64) {
        let works = sums
            .iter()
            .skip(duration)
            .zip(sums)
            .map(|(end, start)| end - start);
        let best = works.enumerate();
        best.reduce(|best, next| if next.1 > best.1 { next } else { best })
            .unwrap()
    }

    fn at(points: &[(u32, f64, f64)], duration_s: u32) -> Option<(f64, f64)> {
        let point = points.iter().find(|point| point.0 == duration_s);
        point.map(|point| (point.1, point.2))
    }

    #[test]
    fn a_pause_counts_as_zero() {
        let mut seconds = Channel::absent(30);
        for second in (0..10).chain(20..30) {
            seconds.set(second, Some(300.0));
        }
        let points = curve(&seconds, 1, Reason::NoPower).unwrap();
        assert_eq!(points.len(), 30);
        assert_eq!(at(&points, 1), Some((300.0, 0.0)));
        assert_eq!(at(&points, 10), Some((300.0, 0.0)));
        assert_eq!(at(&points, 30), Some((200.0, 0.0)));
    }

    #[test]
    fn the_first_of_equal_windows_wins() {
        let seconds = [1.0, 5.0, 5.0, 1.0, 5.0, 5.0]
            .into_iter()
            .map(Some)
            .collect();
        let points = curve(&seconds, 1, Reason::NoPower).unwrap();
        assert_eq!(at(&points, 2), Some((5.0, 1.0)));
    }

    /// P-58
    #[test]
    fn every_duration_is_that_of_the_definition() {
        let shapes: [fn(usize) -> f64; 5] = [
            |_| 200.0,
            |second| from_count((second * 7919) % 401),
            |second| if second % 600 < 300 { 320.0 } else { 0.0 },
            |second| 150.0 + 100.0 * (from_count(second) / 200.0).sin(),
            // No power is below zero, but nothing here relies on it.
            |second| from_count((second * 31) % 61) - 30.0,
        ];
        for (number, shape) in shapes.into_iter().enumerate() {
            let sums = Sums::of((0..2000).map(shape));
            let mut before = Window::default();
            for duration in 1..=2000 {
                let best = sums.best_window(duration, before).unwrap();
                assert_eq!(
                    (best.start, best.work),
                    brute_force(&sums.values, duration),
                    "shape {number}, {duration} s"
                );
                before = best;
            }
            assert!(sums.best_window(2001, before).is_none());
        }
    }

    #[test]
    fn the_durations_that_people_compare_are_among_those_of_a_curve() {
        let all: Vec<u32> = durations_s(1).take_while(|s| *s <= 7200).collect();
        for duration_s in [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200] {
            assert!(all.contains(&duration_s), "{duration_s} s");
        }
        assert_eq!(
            durations_s(1).skip(all.len()).take(2).collect::<Vec<_>>(),
            [7500, 7800]
        );
    }

    #[test]
    fn a_curve_needs_values() {
        assert_eq!(power(&Channel::default()), Err(Reason::NoSamples));
        assert_eq!(power(&Channel::absent(9)), Err(Reason::NoPower));
        assert_eq!(hr(&Channel::absent(9)), Err(Reason::NoHeartRate));
    }
}
