//! What was done part by part: the planned steps, or the laps as the device made them.

use domain::execution::{DoneStep, Execution, Fit, PlannedStep};
use domain::recording::Lap;
use domain::signal::{Signal, Stretch, Stretches};
use domain::stage::StageInput;
use serde::Serialize;

/// What made an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// A lap of the device.
    Lap,
    /// A step of the attached plan.
    Step,
    /// What followed the plan's last step.
    Extra,
}

/// One executed lap or step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// Its place in the recording, from 0.
    pub index: usize,
    /// What made it.
    pub kind: IntervalKind,
    /// Which step it was.
    #[serde(flatten)]
    pub step: Option<PlannedStep>,
    /// Timer seconds that the device reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    /// Its times and figures; the distance is the device's own where it reported one.
    #[serde(flatten)]
    pub stretch: Stretch,
    /// Metres from the start of the recording to its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_m: Option<f64>,
    /// Metres from the start of the recording to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_m: Option<f64>,
    /// Greatest power of a sample in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_power_w: Option<f64>,
}

/// Describes every step of a plan that the session resembles, else every lap.
///
/// Says too how the session lies to the plan, where there is one.
pub(crate) fn intervals(input: &StageInput, signal: &Signal<'_>) -> (Vec<Interval>, Option<Fit>) {
    let stretches = Stretches::of(signal);
    let parts = Parts {
        signal,
        stretches: &stretches,
    };
    let plan = input.plan.as_ref();
    let execution = plan.map(|plan| Execution::of(signal, &input.athlete, &plan.plan));
    let fit = execution.as_ref().map(|execution| execution.fit);
    let intervals = match &execution {
        Some(execution) if execution.fit == Fit::Steps => {
            let steps = execution.steps.iter().enumerate();
            steps.map(|(index, done)| parts.step(index, done)).collect()
        }
        Some(_) | None => {
            let laps = signal.recording.laps.iter().enumerate();
            laps.map(|(index, lap)| parts.lap(index, lap)).collect()
        }
    };
    (intervals, fit)
}

struct Parts<'a> {
    signal: &'a Signal<'a>,
    stretches: &'a Stretches<'a>,
}

impl Parts<'_> {
    fn lap(&self, index: usize, lap: &Lap) -> Interval {
        Interval {
            timer_s: lap.timer_s,
            ..self.interval(index, IntervalKind::Lap, self.stretches.lap(lap))
        }
    }

    fn step(&self, index: usize, done: &DoneStep<'_>) -> Interval {
        let times = done.times;
        let measured = self.stretches.between(times.start_s, times.end_s);
        let way_m = || Some(times.end_m? - times.start_m?);
        let stretch = Stretch {
            distance_m: measured.distance_m.or_else(way_m),
            ..measured
        };
        let Some(step) = done.planned() else {
            return self.interval(index, IntervalKind::Extra, stretch);
        };
        Interval {
            step: Some(step),
            start_m: times.start_m,
            end_m: times.end_m,
            ..self.interval(index, IntervalKind::Step, stretch)
        }
    }

    fn interval(&self, index: usize, kind: IntervalKind, stretch: Stretch) -> Interval {
        let (start_s, end_s) = (stretch.start_s, stretch.end_s);
        Interval {
            index,
            kind,
            step: None,
            timer_s: None,
            stretch,
            start_m: self.signal.distance_at(start_s),
            end_m: self.signal.distance_at(end_s),
            max_power_w: self.stretches.greatest_power(start_s, end_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::athlete::Athlete;
    use domain::id::PlannedId;
    use domain::plan::PlannedWorkout;
    use domain::reason::Reason;
    use domain::recording::{Format, Recording};
    use domain::signal::number::from_count;
    use domain::sport::Sport;

    fn described(recording: Recording, steps: Option<&str>) -> (Vec<Interval>, Option<Fit>) {
        let plan = steps.map(|steps| {
            let json =
                format!(r#"{{"date":"1970-01-01","sport":"ride","name":"x","steps":{steps}}}"#);
            let mut plan: domain::plan::Plan = serde_json::from_str(&json).unwrap();
            plan.validate().unwrap();
            PlannedWorkout {
                planned_id: PlannedId(uuid::Uuid::nil()),
                plan,
            }
        });
        let input = StageInput {
            provenance: domain::merging::Provenance::new(),
            local_date: recording.start_utc.date_naive(),
            recording,
            athlete: Athlete::default(),
            plan,
        };
        let signal = Signal::of(&input.recording).unwrap();
        intervals(&input, &signal)
    }

    /// P-52
    #[test]
    fn a_lap_has_the_figures_of_its_own_seconds() {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=20).map(from_count).collect();
        recording.distance_m = (0..=20).map(|s| Some(from_count(s) * 10.0)).collect();
        recording.power_w = (0..=20)
            .map(|s| Some(if s < 10 { 100.0 } else { 300.0 }))
            .collect();
        let lap = |start_s, end_s| Lap {
            start_s,
            end_s,
            ..Lap::default()
        };
        recording.laps = vec![lap(0.0, 10.0), lap(10.0, 20.0)];
        let powers: Vec<_> = described(recording, None)
            .0
            .iter()
            .map(|lap| {
                (
                    lap.stretch.avg_power_w,
                    lap.max_power_w,
                    lap.stretch.distance_m,
                )
            })
            .collect();
        assert_eq!(
            powers,
            [
                (Some(100.0), Some(100.0), Some(100.0)),
                (Some(300.0), Some(300.0), Some(100.0)),
            ]
        );
    }

    #[test]
    fn a_recording_without_laps_has_no_intervals() {
        let recording = Recording::empty(Format::Gpx, Sport::Ride, DateTime::UNIX_EPOCH);
        assert_eq!(described(recording, None), (Vec::new(), None));
    }

    const STEPS: &str = r#"[
        {"kind":"warmup","duration":{"type":"time","value":60}},
        {"id":"hard","kind":"work","duration":{"type":"distance","value":600},
         "target":{"type":"power","low":190,"high":210,"unit":"w"}},
        {"kind":"cooldown","duration":{"type":"time","value":60},
         "target":{"type":"hr","high":130,"unit":"bpm"}}]"#;

    fn ride(seconds: usize) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..=seconds).map(from_count).collect();
        recording.distance_m = (0..=seconds).map(|s| Some(from_count(s) * 10.0)).collect();
        recording.power_w = (0..=seconds).map(|_| Some(200.0)).collect();
        recording.laps = vec![Lap {
            end_s: from_count(seconds),
            ..Lap::default()
        }];
        recording
    }

    /// P-52, P-54
    #[test]
    fn planned_steps_are_the_intervals_of_a_session_that_resembles_the_plan() {
        let (intervals, fit) = described(ride(200), Some(STEPS));
        assert_eq!(fit, Some(Fit::Steps));
        let bounds: Vec<_> = intervals
            .iter()
            .map(|part| (part.kind, part.stretch.start_s, part.start_m, part.end_m))
            .collect();
        use IntervalKind::{Extra, Step};
        assert_eq!(
            bounds,
            [
                (Step, 0.0, Some(0.0), Some(600.0)),
                (Step, 60.0, Some(600.0), Some(1200.0)),
                (Step, 120.0, Some(1200.0), Some(1800.0)),
                (Extra, 180.0, Some(1800.0), Some(2000.0)),
            ]
        );
        let steps: Vec<_> = intervals.iter().filter_map(|i| i.step.as_ref()).collect();
        assert_eq!((steps.len(), steps[1].step_id.as_str()), (3, "hard"));
        assert_eq!(steps[1].asked.planned_distance_m, Some(600.0));
        assert_eq!(
            (steps[0].adherence, steps[0].adherence_reason),
            (None, None)
        );
        assert!(steps[1].adherence.unwrap().inside_pct >= 100.0);
        assert_eq!(steps[2].adherence_reason, Some(Reason::NoHeartRate));
    }

    /// P-53
    #[test]
    fn a_session_that_does_not_resemble_the_plan_keeps_its_laps() {
        let (intervals, fit) = described(ride(2000), Some(STEPS));
        assert_eq!(fit, Some(Fit::Mismatch));
        assert_eq!(intervals.len(), 1);
        assert_eq!(
            (intervals[0].kind, &intervals[0].step),
            (IntervalKind::Lap, &None)
        );
    }
}
