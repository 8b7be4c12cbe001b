//! Where the steps lie by what was measured, when neither laps nor the plan's own clock tell.
//!
//! The plan is laid over the recording step by step, in order, at the place where its targets are
//! least squares from what was measured: a change-point alignment, which is dynamic time warping
//! whose slope is held to what a lap may differ from its step. What comes before the first step
//! and after the last, and each step without a target, may have any level of its own. The time of
//! an alignment is bounded ([`MOST_MOVES`]), whatever the recording.

use super::clock::Running;
use super::goal::Goal;
use super::laps::{LAP_TIME, LAP_WAY, tolerance};
use super::steps::{Numbered, StepTimes};
use super::way::Way;
use crate::plan::{Step, StepDuration};
use crate::recording::Channel;
use crate::signal::number::{from_count, mean, to_index};
use std::ops::RangeInclusive;

/// The most steps that are looked for.
const MOST_STEPS: usize = 200;
/// The most places of a step that are weighed against each other in one pass; a coarser raster is
/// taken where a finer one would need more, so that half a day costs no more than an hour.
const MOST_MOVES: usize = 4_000_000;
/// Rasters on which steps are first placed, in seconds.
const RASTERS: [usize; 6] = [1, 2, 5, 10, 20, 30];
/// The least and the most that a step until the lap button is believed to last, in seconds. A
/// shorter one would be the slope between two others.
const OPEN_S: (f64, f64) = (30.0, 1800.0);
/// Seconds of the mean by which steps are placed: pedalling and strides are noise to them.
const SMOOTHED_S: usize = 15;
/// The least share of what varies in the signal that the steps explain, where they were found.
const LEAST_EXPLAINED: f64 = 0.5;
/// The least contrast between steps that can be told, as a share of the highest target: the root
/// of the mean square that they explain.
const LEAST_CONTRAST: f64 = 0.05;
/// How much a length at the end of its tolerance weighs, in seconds at the signal's variance.
const LENGTH_WEIGHT_S: f64 = 5.0;
/// The least share of a last step that the recording's end may have cut.
const LEAST_OF_LAST: f64 = 0.5;

/// The running seconds of a recording, joined end to end, as prefix sums.
struct Series {
    /// How many of the seconds before each have a value.
    counts: Vec<f64>,
    /// The sum of those values, less their mean over all.
    sums: Vec<f64>,
    /// The sum of their squares.
    squares: Vec<f64>,
    /// What the values are told less.
    middle: f64,
}

impl Series {
    fn of(values: &[Option<f64>]) -> Option<Self> {
        let middle = mean(values.iter().flatten().copied())?;
        let (mut counts, mut sums, mut squares) = (vec![0.0], vec![0.0], vec![0.0]);
        let (mut count, mut sum, mut square) = (0.0, 0.0, 0.0);
        for value in values {
            if let Some(value) = value {
                let value = value - middle;
                count += 1.0;
                sum += value;
                square += value * value;
            }
            counts.push(count);
            sums.push(sum);
            squares.push(square);
        }
        Some(Self {
            counts,
            sums,
            squares,
            middle,
        })
    }

    /// Squared distance of the seconds from one to another from a level, or from their own mean.
    fn cost(&self, level: Option<f64>, from: usize, to: usize) -> f64 {
        let between = |sums: &[f64]| match (sums.get(from), sums.get(to)) {
            (Some(from), Some(to)) => to - from,
            _ => 0.0,
        };
        let (count, sum) = (between(&self.counts), between(&self.sums));
        let level = level.map_or_else(
            || if count > 0.0 { sum / count } else { 0.0 },
            |level| level - self.middle,
        );
        (between(&self.squares) - 2.0 * level * sum + level * level * count).max(0.0)
    }

    fn len(&self) -> usize {
        self.counts.len().saturating_sub(1)
    }
}

/// What is to be placed.
struct Search<'a, 'p> {
    steps: &'a [Numbered<'p>],
    /// What each step asks for, in the unit of the values; `None` where it asks for nothing.
    levels: Vec<Option<f64>>,
    /// Metres at each running second, one more than there are.
    metres: Vec<Option<f64>>,
    smooth: Series,
    raw: Series,
    /// What a length at the end of its tolerance costs.
    length_weight: f64,
}

/// Looks for the steps in what was measured; `None` where they cannot be told.
///
/// `goals` are those of the steps that are measured in the channel's own quantity.
pub(super) fn aligned<'p>(
    channel: &Channel,
    recorded: &[bool],
    clock: &Running<'_>,
    way: &Way<'_>,
    steps: &[Numbered<'p>],
    goals: &[Option<Goal>],
) -> Option<Vec<StepTimes<'p>>> {
    if steps.is_empty() || steps.len() > MOST_STEPS {
        return None;
    }
    let levels: Vec<Option<f64>> = goals.iter().map(|goal| goal.as_ref()?.middle()).collect();
    let highest = levels.iter().flatten().copied().reduce(f64::max)?;
    let running: Vec<usize> = (0..recorded.len())
        .filter(|second| clock.runs_from(*second))
        .collect();
    let values: Vec<Option<f64>> = running
        .iter()
        .map(|second| {
            let value = channel
                .get(*second)
                .filter(|_| recorded.get(*second) == Some(&true));
            // A spike is one second, whatever a sensor says of it.
            value.map(|value| value.clamp(0.0, 2.0 * highest))
        })
        .collect();
    let end = running.last().map_or(0, |last| last + 1);
    let mut at_s: Vec<f64> = running.iter().map(|second| from_count(*second)).collect();
    at_s.push(from_count(end));
    let smooth = Series::of(&smoothed(&values))?;
    let whole = smooth.cost(None, 0, smooth.len());
    let counted = smooth.counts.last().copied()?;
    let search = Search {
        steps,
        levels,
        metres: at_s.iter().map(|time_s| way.metres_at(*time_s)).collect(),
        raw: Series::of(&values)?,
        length_weight: LENGTH_WEIGHT_S * whole / counted.max(1.0),
        smooth,
    };
    let (raster, mut bounds) = RASTERS
        .into_iter()
        .find_map(|raster| search.place(raster).ok())
        .flatten()?;
    let explained = whole - search.residual(&bounds);
    let contrast = (LEAST_CONTRAST * highest).powi(2) * counted;
    if explained < LEAST_EXPLAINED * whole || explained < contrast {
        return None;
    }
    for _ in 0..2 {
        search.refine(raster, &mut bounds);
    }
    // A step that begins when the timer starts again begins there, and ends when it stopped.
    let begins_s = |bound: usize| at_s.get(bound).copied();
    let ends_s = |bound: usize| Some(at_s.get(bound.checked_sub(1)?)? + 1.0);
    let parts = steps.iter().zip(bounds.windows(2));
    parts
        .map(|((step, _), pair)| {
            let (from, to) = (*pair.first()?, *pair.last()?);
            Some(StepTimes {
                step: Some(step),
                is_done: search.is_done(step, from, to),
                ..StepTimes::between(begins_s(from)?, ends_s(to)?)
            })
        })
        .collect()
}

/// The centred mean of so many seconds around each that has a value.
fn smoothed(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let (mut counts, mut sums) = (vec![0.0], vec![0.0]);
    let (mut count, mut sum) = (0.0, 0.0);
    for value in values {
        count += f64::from(u8::from(value.is_some()));
        sum += value.unwrap_or(0.0);
        counts.push(count);
        sums.push(sum);
    }
    let half = SMOOTHED_S / 2;
    let places = values.iter().enumerate();
    places
        .map(|(place, value)| {
            let (from, to) = (place.saturating_sub(half), place + half + 1);
            let between = |sums: &[f64]| {
                let to = sums.get(to).or(sums.last());
                Some(to? - sums.get(from)?)
            };
            value.and_then(|_| Some(between(&sums)? / between(&counts)?))
        })
        .collect()
}

/// More moves than are allowed.
struct TooMany;

impl Search<'_, '_> {
    /// Places the steps on a raster of so many seconds: where each begins, and where the last ends.
    /// `Ok(None)` where they have no room.
    fn place(&self, raster: usize) -> Result<Option<(usize, Vec<usize>)>, TooMany> {
        let width = self.smooth.len() / raster;
        if (width + 1).saturating_mul(self.steps.len()) > MOST_MOVES {
            return Err(TooMany);
        }
        let mut moves = 0_usize;
        // The least cost of all that lies before each place, were the next step to begin there.
        let mut before: Vec<f64> = (0..=width)
            .map(|place| self.smooth.cost(None, 0, place * raster))
            .collect();
        let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(self.steps.len());
        for number in 0..self.steps.len() {
            let mut after = vec![f64::INFINITY; width + 1];
            let mut from = vec![0; width + 1];
            for (place, cost) in before.iter().enumerate() {
                if !cost.is_finite() {
                    continue;
                }
                let Some(ends) = self.ends(number, place * raster) else {
                    continue;
                };
                let first = ends.start().div_ceil(raster).max(place + 1);
                let last = (ends.end() / raster).min(width);
                let cut = (number + 1 == self.steps.len() && first > width)
                    .then(|| self.is_cut(number, place * raster, width * raster))
                    .filter(|is_cut| *is_cut)
                    .map(|_| width);
                moves = moves.saturating_add((last + 1).saturating_sub(first));
                if moves > MOST_MOVES {
                    return Err(TooMany);
                }
                for end in (first..=last).chain(cut) {
                    let cost =
                        cost + self.step_cost(&self.smooth, number, place * raster, end * raster);
                    if let (Some(least), Some(from)) = (after.get_mut(end), from.get_mut(end))
                        && cost < *least
                    {
                        (*least, *from) = (cost, place);
                    }
                }
            }
            before = after;
            came_from.push(from);
        }
        let all = self.smooth.len();
        let ends = before.iter().enumerate();
        let best = ends
            .filter(|(_, cost)| cost.is_finite())
            .map(|(place, cost)| (place, cost + self.smooth.cost(None, place * raster, all)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((mut place, _)) = best else {
            return Ok(None);
        };
        let mut bounds = vec![place * raster];
        for from in came_from.iter().rev() {
            place = from.get(place).copied().unwrap_or(0);
            bounds.push(place * raster);
        }
        bounds.reverse();
        Ok(Some((raster, bounds)))
    }

    /// Where a step that begins here may end, in running seconds.
    fn ends(&self, number: usize, from: usize) -> Option<RangeInclusive<usize>> {
        let (step, _) = self.steps.get(number)?;
        let begin = from_count(from);
        Some(match step.duration {
            StepDuration::Time(planned) => {
                let within = tolerance(planned.get(), LAP_TIME);
                let least = (planned.get() - within).max(1.0);
                to_index((begin + least).ceil())..=to_index(begin + planned.get() + within)
            }
            StepDuration::Distance(planned) => {
                let within = tolerance(planned.get(), LAP_WAY);
                let start_m = self.metres_at(from)?;
                let until = |metres: f64| {
                    let reached = |known: &Option<f64>| known.is_some_and(|known| known < metres);
                    self.metres.partition_point(reached)
                };
                let least = until(start_m + (planned.get() - within).max(1.0));
                // What is never reached is no end.
                let most = until(start_m + planned.get() + within);
                least..=most.min(self.smooth.len())
            }
            StepDuration::LapButton => to_index(begin + OPEN_S.0)..=to_index(begin + OPEN_S.1),
        })
    }

    /// Whether the recording ended while the athlete was at a step that begins here.
    fn is_cut(&self, number: usize, from: usize, end: usize) -> bool {
        let Some((step, _)) = self.steps.get(number) else {
            return false;
        };
        self.share(step, from, end)
            .is_some_and(|share| (LEAST_OF_LAST..1.0).contains(&share))
    }

    /// How much of a step lies between two running seconds; `None` until the lap button.
    fn share(&self, step: &Step, from: usize, to: usize) -> Option<f64> {
        match step.duration {
            StepDuration::Time(planned) if planned.get() > 0.0 => {
                Some(from_count(to.saturating_sub(from)) / planned.get())
            }
            StepDuration::Distance(planned) if planned.get() > 0.0 => {
                Some((self.metres_at(to)? - self.metres_at(from)?) / planned.get())
            }
            StepDuration::Time(_) | StepDuration::Distance(_) | StepDuration::LapButton => None,
        }
    }

    fn is_done(&self, step: &Step, from: usize, to: usize) -> bool {
        self.share(step, from, to)
            .is_none_or(|share| share >= super::steps::DONE)
    }

    fn metres_at(&self, second: usize) -> Option<f64> {
        self.metres.get(second).copied().flatten()
    }

    /// What it costs that a step lies here: how far it is from what was measured, and its length
    /// from what was asked for.
    fn step_cost(&self, series: &Series, number: usize, from: usize, to: usize) -> f64 {
        let level = self.levels.get(number).copied().flatten();
        let off = |done: f64, planned: f64, limits| (done - planned) / tolerance(planned, limits);
        let step = self.steps.get(number).map(|(step, _)| step.duration);
        let off = match step {
            Some(StepDuration::Time(planned)) => {
                let seconds = from_count(to.saturating_sub(from));
                off(seconds, planned.get(), LAP_TIME)
            }
            Some(StepDuration::Distance(planned)) => {
                let metres = self.metres_at(to).zip(self.metres_at(from));
                let metres = metres.map_or(0.0, |(to, from)| to - from);
                off(metres, planned.get(), LAP_WAY)
            }
            Some(StepDuration::LapButton) | None => 0.0,
        };
        series.cost(level, from, to) + self.length_weight * (off * off).min(1.0)
    }

    /// What the steps leave unexplained of the smoothed signal.
    fn residual(&self, bounds: &[usize]) -> f64 {
        let (first, last) = (bounds.first(), bounds.last());
        let before = self.smooth.cost(None, 0, first.copied().unwrap_or(0));
        let all = self.smooth.len();
        let after = self.smooth.cost(None, last.copied().unwrap_or(all), all);
        let steps = bounds.windows(2).zip(&self.levels);
        let inside = steps.map(|(pair, level)| match pair {
            [from, to] => self.smooth.cost(*level, *from, *to),
            _ => 0.0,
        });
        before + after + inside.sum::<f64>()
    }

    /// Moves each bound to the second at which what was measured changes, by at most the raster and
    /// half of what was smoothed.
    fn refine(&self, raster: usize, bounds: &mut [usize]) {
        let all = self.raw.len();
        let reach = raster + SMOOTHED_S / 2;
        for index in 0..bounds.len() {
            let Some(&bound) = bounds.get(index) else {
                continue;
            };
            let previous = index
                .checked_sub(1)
                .and_then(|left| bounds.get(left).copied());
            let next = bounds.get(index + 1).copied();
            let least = previous.map_or(0, |previous| previous + 1);
            let most = next.map_or(all, |next| next - 1);
            let cost = |bound: usize| {
                let left = match (previous, index.checked_sub(1)) {
                    (Some(previous), Some(step)) => {
                        self.step_cost(&self.raw, step, previous, bound)
                    }
                    _ => self.raw.cost(None, 0, bound),
                };
                let right = match next {
                    Some(next) => self.step_cost(&self.raw, index, bound, next),
                    None => self.raw.cost(None, bound, all),
                };
                left + right
            };
            let places = bound.saturating_sub(reach).max(least)..=(bound + reach).min(most);
            let best = places.min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
            if let (Some(best), Some(bound)) = (best, bounds.get_mut(index)) {
                *bound = best;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Boundaries, Execution, Fit};
    use super::*;
    use crate::athlete::Athlete;
    use crate::plan::Plan;
    use crate::recording::{Format, Recording};
    use crate::signal::Signal;
    use crate::sport::Sport;
    use chrono::DateTime;
    use proptest::prelude::*;

    /// Four times five minutes at 250 W with two minutes at 130 W between, after an open warm-up.
    const REPEATS: &str = r#"[
        {"kind":"warmup","duration":{"type":"time","value":300}},
        {"repeat":4,"steps":[
        {"kind":"work","duration":{"type":"time","value":300},
         "target":{"type":"power","low":240,"high":260,"unit":"w"}},
        {"kind":"recovery","duration":{"type":"time","value":120},
         "target":{"type":"power","low":120,"high":140,"unit":"w"}}]}]"#;

    fn plan(sport: &str, steps: &str) -> Plan {
        let json =
            format!(r#"{{"date":"2026-11-21","sport":"{sport}","name":"x","steps":{steps}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn ride(watts: Vec<f64>) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..watts.len()).map(from_count).collect();
        recording.power_w = watts.into_iter().map(Some).collect();
        recording
    }

    /// Noise of a bicycle: up to so many watts, the same whenever the seed is.
    fn noise(seed: u64) -> impl FnMut(f64) -> f64 {
        let mut state = seed;
        move |most| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let high = u32::try_from(state >> 33).unwrap_or(0);
            (f64::from(high) / f64::from(u32::MAX >> 1) - 0.5) * 2.0 * most
        }
    }

    /// Seconds at a level each, with noise.
    fn ridden(parts: &[(usize, f64)], seed: u64, most: f64) -> Recording {
        let mut noise = noise(seed);
        let seconds = parts
            .iter()
            .flat_map(|(seconds, watts)| std::iter::repeat_n(*watts, *seconds));
        ride(
            seconds
                .map(|watts| (watts + noise(most)).max(0.0))
                .collect(),
        )
    }

    fn found(recording: &Recording, plan: &Plan) -> (Fit, Option<Boundaries>, Vec<(f64, f64)>) {
        let signal = Signal::of(recording).unwrap();
        let execution = Execution::of(&signal, &Athlete::default(), plan);
        let steps = execution
            .steps
            .iter()
            .filter(|step| step.times.step.is_some());
        (
            execution.fit,
            execution.boundaries,
            steps
                .map(|step| (step.times.start_s, step.times.end_s))
                .collect(),
        )
    }

    /// A ride whose structured part began late: a lead, then warm-up, four repeats and a tail.
    fn late(
        lead: usize,
        repeats: [(usize, usize); 4],
        tail: usize,
    ) -> (Vec<(usize, f64)>, Vec<f64>) {
        let mut parts = vec![(lead, 160.0), (300, 160.0)];
        let mut bounds = vec![];
        let mut at = lead + 300;
        for (work, recovery) in repeats {
            for (seconds, watts) in [(work, 250.0), (recovery, 130.0)] {
                bounds.push(from_count(at));
                parts.push((seconds, watts));
                at += seconds;
            }
        }
        bounds.push(from_count(at));
        parts.push((tail, 170.0));
        (parts, bounds)
    }

    /// P-52
    #[test]
    fn steps_that_began_late_lie_where_the_signal_follows_their_targets() {
        let (parts, bounds) = late(420, [(300, 120), (310, 100), (295, 130), (300, 120)], 400);
        let (fit, boundaries, steps) = found(&ridden(&parts, 7, 60.0), &plan("ride", REPEATS));
        assert_eq!((fit, boundaries), (Fit::Steps, Some(Boundaries::Signal)));
        assert_eq!(steps.len(), 9);
        let starts = steps.iter().skip(1).map(|(start_s, _)| *start_s);
        for (got, expected) in starts.zip(&bounds) {
            let is_near = (got - expected).abs() <= 3.0;
            assert!(is_near, "{got}, not {expected}: {steps:?}");
        }
        // The last recovery and what followed it are hardly apart.
        let end_s = steps.last().map_or(0.0, |last| last.1);
        assert!((end_s - bounds[8]).abs() <= 10.0, "{end_s}: {steps:?}");
    }

    /// P-52: nothing is looked for where the plan's own clock fits.
    #[test]
    fn what_was_done_by_the_clock_is_placed_by_the_clock() {
        let (parts, _) = late(0, [(300, 120); 4], 400);
        let (fit, boundaries, _) = found(&ridden(&parts, 7, 60.0), &plan("ride", REPEATS));
        assert_eq!((fit, boundaries), (Fit::Steps, Some(Boundaries::Plan)));
    }

    /// P-53: nothing is found where it is not.
    #[test]
    fn a_ride_without_the_repeats_has_none_wherever_they_are_looked_for() {
        let plan = plan("ride", REPEATS);
        for (name, parts) in [
            ("steady", vec![(2700, 200.0)]),
            ("at the work's level", vec![(2700, 250.0)]),
            ("one climb", vec![(1200, 150.0), (600, 280.0), (900, 120.0)]),
            (
                "sprints",
                (0..90)
                    .map(|n| (30, if n % 6 == 0 { 500.0 } else { 140.0 }))
                    .collect(),
            ),
        ] {
            let (fit, boundaries, steps) = found(&ridden(&parts, 3, 60.0), &plan);
            assert_ne!(boundaries, Some(Boundaries::Signal), "{name}: {steps:?}");
            if name.contains("steady") || name.contains("level") {
                assert_eq!((fit, steps.len()), (Fit::Mismatch, 0), "{name}");
            }
        }
    }

    /// P-52: a pause is no time of a step, and no step begins in one.
    #[test]
    fn a_step_after_a_pause_begins_when_the_timer_runs_again() {
        use crate::recording::TimerEvent;
        let (parts, bounds) = late(420, [(300, 120); 4], 400);
        let mut recording = ridden(&parts, 7, 40.0);
        // Ten minutes of coffee before the third repeat.
        let stop = bounds[4];
        recording.time_s = recording
            .time_s
            .iter()
            .map(|time_s| time_s + if *time_s >= stop { 600.0 } else { 0.0 })
            .collect();
        let event = |time_s, running| TimerEvent { time_s, running };
        recording.timer_events = vec![
            event(0.0, true),
            event(stop - 1.0, false),
            event(stop + 600.0, true),
        ];
        let (_, boundaries, steps) = found(&recording, &plan("ride", REPEATS));
        assert_eq!(boundaries, Some(Boundaries::Signal));
        assert!((steps[4].1 - stop).abs() <= 4.0, "{steps:?}");
        assert!((steps[5].0 - (stop + 600.0)).abs() <= 4.0, "{steps:?}");
    }

    /// P-52: the plan that cannot be walked, because nobody pressed the button.
    #[test]
    fn steps_until_a_button_that_nobody_pressed_are_found_by_what_follows_them() {
        let open = REPEATS.replacen(
            r#"{"type":"time","value":300}"#,
            r#"{"type":"lap_button"}"#,
            1,
        );
        let (parts, bounds) = late(500, [(300, 120); 4], 300);
        let (fit, boundaries, steps) = found(&ridden(&parts, 11, 60.0), &plan("ride", &open));
        assert_eq!((fit, boundaries), (Fit::Steps, Some(Boundaries::Signal)));
        assert!((steps[1].0 - bounds[0]).abs() <= 3.0, "{steps:?}");
    }

    /// P-52: a run by the metre.
    #[test]
    fn repeats_of_a_distance_that_began_late_are_found_by_pace() {
        let steps = r#"[{"repeat":4,"steps":[
            {"kind":"work","duration":{"type":"distance","value":1000},
             "target":{"type":"pace","low":220,"high":235,"unit":"s_per_km"}},
            {"kind":"recovery","duration":{"type":"time","value":120},
             "target":{"type":"pace","low":350,"high":420,"unit":"s_per_km"}}]}]"#;
        let mut run = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        let mut noise = noise(5);
        let (mut metres, mut bounds) = (0.0, Vec::new());
        let speeds = [(700, 2.9)]
            .into_iter()
            .chain([(227, 4.4), (120, 2.6)].into_iter().cycle().take(8))
            .chain([(300, 2.9)]);
        for (seconds, mps) in speeds {
            bounds.push(from_count(run.time_s.len()));
            for _ in 0..seconds {
                run.time_s.push(from_count(run.time_s.len()));
                run.distance_m.push(Some(metres));
                metres += mps + noise(0.4);
            }
        }
        let (fit, boundaries, steps) = found(&run, &plan("run", steps));
        assert_eq!((fit, boundaries), (Fit::Steps, Some(Boundaries::Signal)));
        for ((start_s, _), expected) in steps.iter().zip(&bounds[1..]) {
            assert!(
                (start_s - expected).abs() <= 6.0,
                "{steps:?}, not {bounds:?}"
            );
        }
    }

    #[test]
    fn no_raster_needs_more_moves_than_are_allowed_however_long_it_took() {
        // Twelve hours with an hour of thirty repeats somewhere.
        let steps = r#"[{"repeat":30,"steps":[
            {"kind":"work","duration":{"type":"time","value":60},
             "target":{"type":"power","low":300,"high":320,"unit":"w"}},
            {"kind":"recovery","duration":{"type":"time","value":60},
             "target":{"type":"power","low":120,"high":140,"unit":"w"}}]}]"#;
        let plan = plan("ride", steps);
        let mut parts = vec![(20_000, 150.0)];
        parts.extend((0..30).flat_map(|_| [(60, 310.0), (60, 130.0)]));
        parts.push((19_600, 150.0));
        let (_, boundaries, found) = found(&ridden(&parts, 9, 60.0), &plan);
        assert_eq!(
            boundaries, None,
            "an hour of twelve is no such session: {found:?}"
        );

        let recording = ridden(&parts, 9, 60.0);
        let signal = Signal::of(&recording).unwrap();
        let all = super::super::written_out(&plan.steps);
        let goals: Vec<Option<Goal>> = all
            .iter()
            .map(|(step, _)| Goal::of(&step.target, &Athlete::default().thresholds).unwrap())
            .collect();
        let way = Way::of(&signal);
        let clock = Running::of(&signal);
        let recorded = signal.grid.recorded();
        let placed = aligned(signal.power(), recorded, &clock, &way, &all, &goals).unwrap();
        assert!(
            (placed[0].start_s - 20_000.0).abs() <= 3.0,
            "{:?}",
            placed[0]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// P-52: whatever the lead, the lengths and the noise, the steps follow each other in order
        /// inside the recording, each within its tolerance, and lie where they were done.
        #[test]
        fn steps_lie_in_order_where_they_were_done(
            lead in 60_usize..1500,
            tail in 0_usize..900,
            work in prop::array::uniform4(270_usize..330),
            recovery in prop::array::uniform4(105_usize..135),
            seed in any::<u64>(),
        ) {
            let repeats = [0, 1, 2, 3].map(|n| (work[n], recovery[n]));
            let (parts, bounds) = late(lead, repeats, tail);
            let recording = ridden(&parts, seed, 70.0);
            let plan = plan("ride", REPEATS);
            let (fit, boundaries, steps) = found(&recording, &plan);
            prop_assert_eq!(fit, Fit::Steps);
            let end_s = recording.elapsed_s().unwrap() + 1.0;
            let mut last_s = 0.0;
            for (start_s, step_end_s) in &steps {
                prop_assert!(*start_s >= last_s && step_end_s > start_s && *step_end_s <= end_s);
                last_s = *step_end_s;
            }
            if boundaries == Some(Boundaries::Signal) {
                for ((start_s, _), expected) in steps.iter().skip(1).zip(&bounds) {
                    prop_assert!((start_s - expected).abs() <= 8.0, "{:?}, not {:?}", steps, bounds);
                }
            }
            prop_assert_eq!(&found(&recording, &plan).2, &steps, "the same whenever it is asked");
        }

        /// Nothing that was recorded makes it panic, and what is no signal has no steps.
        #[test]
        fn whatever_was_recorded_there_is_an_answer(
            watts in prop::collection::vec(prop::option::of(0.0_f64..2000.0), 0..400),
        ) {
            let mut recording = ride(vec![0.0; watts.len()]);
            recording.power_w = watts.into_iter().collect();
            let (_, boundaries, _) = found(&recording, &plan("ride", REPEATS));
            prop_assert_ne!(boundaries, Some(Boundaries::Signal));
        }
    }
}
