//! Where each planned step began and ended.

use super::Amounts;
use super::clock::Running;
use super::goal::Goal;
use super::way::Way;
use super::{alignment, laps};
use crate::plan::{Step, StepDuration, StepOrRepeat};
use crate::recording::Channel;
use crate::signal::Signal;
use serde::Serialize;

/// What is shorter than this, in seconds, after the last step is pressing the button.
const NEGLIGIBLE_S: f64 = 5.0;
/// The share of a step from which it counts as done.
pub(super) const DONE: f64 = 0.9;

/// What told where steps begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundaries {
    /// Laps in which the device says which step it was guiding.
    GuidedLaps,
    /// Laps that fit the steps in their order.
    Laps,
    /// The plan: each step's own seconds of the timer, or metres.
    Plan,
    /// What was measured, where it follows the targets of the steps.
    Signal,
}

/// One step as it was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepTimes<'p> {
    /// The step; `None` for what followed the last one.
    pub step: Option<&'p Step>,
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// Seconds from the recording's start.
    pub end_s: f64,
    /// Metres from the recording's start, where distance is known; in a pool by its lengths.
    pub start_m: Option<f64>,
    /// The same at the end.
    pub end_m: Option<f64>,
    /// How long it was: what its laps reported, else by the clock that steps are counted by, and
    /// by the metres above.
    pub length: Amounts,
    /// Whether the recording went on for at least nine tenths of the step.
    pub is_done: bool,
}

impl StepTimes<'_> {
    pub(super) fn between(start_s: f64, end_s: f64) -> Self {
        Self {
            step: None,
            start_s,
            end_s,
            start_m: None,
            end_m: None,
            length: Amounts::default(),
            is_done: true,
        }
    }
}

/// The steps as they were done, in order, with what told so.
pub(super) struct Cut<'p> {
    pub(super) boundaries: Boundaries,
    pub(super) parts: Vec<StepTimes<'p>>,
}

/// A step written out, with its number in a FIT workout file, where a repeat follows its steps.
pub(crate) type Numbered<'p> = (&'p Step, u16);

/// Writes repeats out, in order.
pub(crate) fn written_out(steps: &[StepOrRepeat]) -> Vec<Numbered<'_>> {
    let mut all = Vec::new();
    write_out(steps, 0, &mut all);
    all.truncate(crate::plan::MOST_STEPS);
    all
}

fn write_out<'p>(steps: &'p [StepOrRepeat], first: u16, all: &mut Vec<Numbered<'p>>) -> u16 {
    let mut number = first;
    for step in steps {
        match step {
            StepOrRepeat::Step(step) => all.push((step, number)),
            StepOrRepeat::Repeat(group) => {
                let inside = number;
                for _ in 0..group.repeat {
                    if all.len() < crate::plan::MOST_STEPS {
                        number = write_out(&group.steps, inside, all);
                    }
                }
            }
        }
        number = number.saturating_add(1);
    }
    number
}

/// Finds where the steps lie by laps or by the plan's own clock; `None` where neither can tell.
pub(super) fn cut<'p>(signal: &Signal<'_>, steps: &[Numbered<'p>]) -> Option<Cut<'p>> {
    let way = Way::of(signal);
    let clock = Running::of(signal);
    let found = laps::guided(&signal.recording.laps, steps)
        .map(|parts| (Boundaries::GuidedLaps, parts))
        .or_else(|| Some((Boundaries::Laps, laps::in_order(signal, &way, steps)?)))
        .or_else(|| Some((Boundaries::Plan, walked(signal, &way, &clock, steps)?)));
    let (boundaries, parts) = found?;
    completed(signal, (&way, &clock), steps.len(), boundaries, parts)
}

/// Finds where the steps lie by what was measured; `None` where that cannot tell.
///
/// `goals` are those of the steps that are measured in one quantity, of which `channel` has the
/// values.
pub(super) fn align<'p>(
    signal: &Signal<'_>,
    channel: &Channel,
    steps: &[Numbered<'p>],
    goals: &[Option<Goal>],
) -> Option<Cut<'p>> {
    let way = Way::of(signal);
    let clock = Running::of(signal);
    let recorded = signal.grid.recorded();
    let parts = alignment::aligned(channel, recorded, &clock, &way, steps, goals)?;
    completed(
        signal,
        (&way, &clock),
        steps.len(),
        Boundaries::Signal,
        parts,
    )
}

/// Adds what followed the last step, and the ways and lengths of all.
fn completed<'p>(
    signal: &Signal<'_>,
    (way, clock): (&Way<'_>, &Running<'_>),
    steps: usize,
    boundaries: Boundaries,
    mut parts: Vec<StepTimes<'p>>,
) -> Option<Cut<'p>> {
    let end_s = signal.recording.elapsed_s()?;
    let last_s = parts.last().map_or(0.0, |part| part.end_s);
    if parts.len() == steps && end_s - last_s > NEGLIGIBLE_S {
        parts.push(StepTimes {
            step: None,
            ..StepTimes::between(last_s, end_s)
        });
    }
    for part in &mut parts {
        part.start_m = way.metres_at(part.start_s);
        part.end_m = way.metres_at(part.end_s);
        let way_m = part.end_m.zip(part.start_m).map(|(end, start)| end - start);
        let running_s = clock.between(part.start_s, part.end_s);
        part.length.duration_s.get_or_insert(running_s);
        part.length.distance_m = part.length.distance_m.or(way_m);
    }
    Some(Cut { boundaries, parts })
}

/// Lays the steps end to end from the start, until the recording ends.
fn walked<'p>(
    signal: &Signal<'_>,
    way: &Way<'_>,
    clock: &Running<'_>,
    steps: &[Numbered<'p>],
) -> Option<Vec<StepTimes<'p>>> {
    let end_s = signal.recording.elapsed_s()?;
    let mut parts: Vec<StepTimes<'p>> = Vec::with_capacity(steps.len());
    let mut start_s = 0.0;
    for (index, (step, _)) in steps.iter().enumerate() {
        if start_s >= end_s {
            break;
        }
        let (step_end_s, share) = match step.duration {
            StepDuration::Time(planned) => {
                let (at, left) = clock.after(start_s, planned.get());
                (at, share(planned.get() - left, planned.get()))
            }
            StepDuration::Distance(planned) => {
                let start_m = way.metres_at(start_s)?;
                match way.reached(start_m + planned.get()) {
                    Some(at) => (at, 1.0),
                    None => {
                        let done = way.metres_at(end_s)? - start_m;
                        (end_s, share(done, planned.get()))
                    }
                }
            }
            StepDuration::LapButton => {
                let mut presses = signal.recording.laps.iter().map(|lap| lap.end_s);
                let press = presses.find(|press| *press > start_s + 1.0);
                match press {
                    Some(press) => (press.min(end_s), 1.0),
                    None if index + 1 == steps.len() => (end_s, 1.0),
                    None => return None,
                }
            }
        };
        parts.push(StepTimes {
            step: Some(step),
            is_done: share >= DONE,
            ..StepTimes::between(start_s, step_end_s.max(start_s))
        });
        start_s = step_end_s.max(start_s);
    }
    (!parts.is_empty()).then_some(parts)
}

fn share(done: f64, planned: f64) -> f64 {
    if planned > 0.0 { done / planned } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::recording::{Format, Lap, Length, Recording, TimerEvent};
    use crate::signal::number::from_count;
    use crate::sport::Sport;
    use chrono::DateTime;

    fn plan(steps: &str) -> Plan {
        let json = format!(r#"{{"date":"2026-11-21","sport":"run","name":"x","steps":{steps}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    const REPEATS: &str = r#"[
        {"kind":"warmup","duration":{"type":"time","value":60}},
        {"repeat":2,"steps":[
            {"kind":"work","duration":{"type":"distance","value":100}},
            {"kind":"recovery","duration":{"type":"time","value":30}}]},
        {"kind":"cooldown","duration":{"type":"lap_button"}}]"#;

    /// A run at 2 m/s.
    fn run(seconds: usize) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=seconds).map(from_count).collect();
        recording.distance_m = (0..=seconds).map(|s| Some(from_count(s) * 2.0)).collect();
        recording
    }

    fn found(recording: &Recording, plan: &Plan) -> (Boundaries, Vec<(f64, f64, bool)>) {
        let signal = Signal::of(recording).unwrap();
        let cut = cut(&signal, &written_out(&plan.steps)).unwrap();
        let parts = cut.parts.iter();
        (
            cut.boundaries,
            parts
                .map(|part| (part.start_s, part.end_s, part.is_done))
                .collect(),
        )
    }

    fn lap(start_s: f64, end_s: f64, number: Option<u16>) -> Lap {
        Lap {
            start_s,
            end_s,
            workout_step_index: number,
            ..Lap::default()
        }
    }

    #[test]
    fn a_repeat_has_a_number_of_its_own_after_its_steps() {
        let numbers: Vec<_> = written_out(&plan(REPEATS).steps)
            .iter()
            .map(|(_, number)| *number)
            .collect();
        assert_eq!(numbers, [0, 1, 2, 1, 2, 4]);
    }

    /// P-52
    #[test]
    fn steps_of_time_and_of_distance_follow_each_other() {
        let (boundaries, parts) = found(&run(300), &plan(REPEATS));
        assert_eq!(boundaries, Boundaries::Plan);
        assert_eq!(
            parts,
            [
                (0.0, 60.0, true),
                (60.0, 110.0, true),
                (110.0, 140.0, true),
                (140.0, 190.0, true),
                (190.0, 220.0, true),
                (220.0, 300.0, true),
            ]
        );
    }

    /// P-52
    #[test]
    fn a_step_goes_on_after_a_pause() {
        let mut recording = run(200);
        recording.time_s = (0..=200)
            .map(|s| from_count(s) + if s > 80 { 600.0 } else { 0.0 })
            .collect();
        let event = |time_s, running| TimerEvent { time_s, running };
        recording.timer_events = vec![event(0.0, true), event(80.0, false), event(681.0, true)];
        let two = r#"[{"kind":"work","duration":{"type":"time","value":100}},
            {"kind":"work","duration":{"type":"time","value":50}}]"#;
        let (_, parts) = found(&recording, &plan(two));
        assert_eq!(parts[0], (0.0, 701.0, true));
        assert_eq!(parts[1], (701.0, 751.0, true));
        assert_eq!(parts[2], (751.0, 800.0, true), "the rest is no step");
        let signal = Signal::of(&recording).unwrap();
        let plan = plan(two);
        let cut = cut(&signal, &written_out(&plan.steps)).unwrap();
        let lengths: Vec<_> = cut.parts.iter().map(|part| part.length).collect();
        let length = |duration_s, distance_m| Amounts {
            duration_s: Some(duration_s),
            distance_m: Some(distance_m),
        };
        assert_eq!(lengths[..2], [length(100.0, 202.0), length(50.0, 100.0)]);
    }

    /// P-66
    #[test]
    fn a_step_is_as_long_as_its_laps_say() {
        let mut recording = run(300);
        let split = |start_s, end_s, number, timer_s, distance_m| Lap {
            timer_s,
            distance_m,
            ..lap(start_s, end_s, Some(number))
        };
        recording.laps = vec![
            split(0.0, 60.0, 0, Some(58.5), None),
            split(60.0, 100.0, 1, Some(40.5), Some(81.0)),
            split(100.0, 110.0, 1, Some(9.25), Some(19.5)),
            split(110.0, 140.0, 2, None, Some(61.0)),
        ];
        let signal = Signal::of(&recording).unwrap();
        let plan = plan(REPEATS);
        let cut = cut(&signal, &written_out(&plan.steps)).unwrap();
        let lengths: Vec<_> = cut
            .parts
            .iter()
            .map(|part| (part.length.duration_s, part.length.distance_m))
            .collect();
        assert_eq!(
            lengths,
            [
                (Some(58.5), Some(120.0)),
                (Some(49.75), Some(100.5)),
                (Some(30.0), Some(61.0)),
            ]
        );
    }

    /// P-52
    #[test]
    fn a_phone_that_records_once_a_minute_has_not_paused() {
        let mut recording = Recording::empty(Format::Json, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=20).map(|m| from_count(m) * 60.0).collect();
        recording.distance_m = (0..=20).map(|m| Some(from_count(m) * 180.0)).collect();
        let two = r#"[{"kind":"work","duration":{"type":"time","value":400}},
            {"kind":"work","duration":{"type":"time","value":800}}]"#;
        let (_, parts) = found(&recording, &plan(two));
        assert_eq!(parts, [(0.0, 400.0, true), (400.0, 1200.0, true)]);
    }

    /// P-52
    #[test]
    fn what_was_not_reached_is_no_interval_and_what_was_cut_short_is_not_done() {
        let (_, parts) = found(&run(100), &plan(REPEATS));
        assert_eq!(parts, [(0.0, 60.0, true), (60.0, 100.0, false)]);
        let (_, parts) = found(&run(107), &plan(REPEATS));
        assert_eq!(parts[1], (60.0, 107.0, true), "94 of 100 m");
    }

    /// P-52
    #[test]
    fn laps_that_fit_the_steps_are_where_they_began_and_ended() {
        let mut recording = run(300);
        recording.laps = [0.0, 62.0, 113.0, 141.0, 192.0, 223.0, 300.0]
            .windows(2)
            .map(|pair| lap(pair[0], pair[1], None))
            .collect();
        let (boundaries, parts) = found(&recording, &plan(REPEATS));
        assert_eq!(boundaries, Boundaries::Laps);
        assert_eq!(parts[1], (62.0, 113.0, true));
        // Automatic laps do not fit.
        recording.laps = (0..6).map(|_| lap(0.0, 50.0, None)).collect();
        assert_eq!(found(&recording, &plan(REPEATS)).0, Boundaries::Plan);
    }

    /// P-52
    #[test]
    fn a_device_that_guided_the_athlete_knows_best() {
        let mut recording = run(400);
        recording.laps = vec![
            lap(0.0, 90.0, Some(0)),
            lap(90.0, 120.0, Some(1)),
            lap(120.0, 140.0, Some(1)),
            lap(140.0, 170.0, Some(2)),
            lap(170.0, 220.0, Some(1)),
            lap(220.0, 250.0, Some(2)),
            lap(250.0, 330.0, Some(4)),
            lap(330.0, 400.0, None),
        ];
        let (boundaries, parts) = found(&recording, &plan(REPEATS));
        assert_eq!(boundaries, Boundaries::GuidedLaps);
        assert_eq!(parts[1], (90.0, 140.0, true), "two laps of one step");
        assert_eq!(parts[5], (250.0, 330.0, true));
        assert_eq!(parts[6], (330.0, 400.0, true), "what followed the plan");
        recording.laps[0].workout_step_index = Some(3);
        assert_eq!(found(&recording, &plan(REPEATS)).0, Boundaries::Plan);
    }

    #[test]
    fn a_button_that_nobody_pressed_leaves_all_open() {
        let open = r#"[{"kind":"warmup","duration":{"type":"lap_button"}},
            {"kind":"work","duration":{"type":"time","value":50}}]"#;
        let recording = run(100);
        let signal = Signal::of(&recording).unwrap();
        assert!(cut(&signal, &written_out(&plan(open).steps)).is_none());
    }

    /// P-52
    #[test]
    fn a_step_in_a_pool_ends_at_the_wall() {
        let mut swim = Recording::empty(Format::Fit, Sport::Swim, DateTime::UNIX_EPOCH);
        swim.time_s = (0..=150).map(from_count).collect();
        swim.pool_length_m = Some(25.0);
        let length = |start_s, timer_s, active| Length {
            start_s,
            timer_s,
            active,
            strokes: None,
            stroke: None,
        };
        swim.lengths = vec![
            length(0.0, 20.0, true),
            length(20.0, 22.0, true),
            length(42.0, 18.0, false),
            length(60.0, 30.0, true),
            length(90.0, 30.0, true),
            length(120.0, 30.0, false),
        ];
        let steps = r#"[{"repeat":2,"steps":[
            {"kind":"work","duration":{"type":"distance","value":50}},
            {"kind":"rest","duration":{"type":"time","value":18}}]}]"#;
        let (_, parts) = found(&swim, &plan(steps));
        assert_eq!(
            parts,
            [
                (0.0, 42.0, true),
                (42.0, 60.0, true),
                (60.0, 120.0, true),
                (120.0, 138.0, true),
                (138.0, 150.0, true),
            ]
        );
        let signal = Signal::of(&swim).unwrap();
        let plan = plan(steps);
        let cut = cut(&signal, &written_out(&plan.steps)).unwrap();
        let metres: Vec<_> = cut.parts.iter().map(|part| part.end_m).collect();
        assert_eq!(metres, [50.0, 50.0, 100.0, 100.0, 100.0].map(Some));
    }
}
