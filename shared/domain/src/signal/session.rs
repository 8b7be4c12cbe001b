//! Where the sessions of a recording begin and end (rule M1).

use crate::recording::{Channel, Recording, TimerEvent, Totals};
use chrono::TimeDelta;
use std::ops::Range;

/// The samples of each session, in order; all of them when there is one session.
///
/// Samples are cut at the sessions' starts: the first session also takes what came earlier, the
/// last everything after its start (rule M1), whatever the sessions say about their ends.
pub fn ranges(recording: &Recording) -> Vec<Range<usize>> {
    let samples = recording.samples();
    if recording.sessions.len() < 2 {
        return std::iter::once(0..samples).collect();
    }
    let mut starts: Vec<usize> = recording
        .sessions
        .iter()
        .skip(1)
        .map(|session| {
            recording
                .time_s
                .partition_point(|time| *time < session.start_s)
        })
        .collect();
    starts.sort_unstable();
    let firsts = std::iter::once(0).chain(starts.iter().copied());
    let ends = starts.iter().copied().chain(std::iter::once(samples));
    firsts.zip(ends).map(|(first, end)| first..end).collect()
}

/// Whether the recording holds several sessions, so that splits and efforts mean nothing.
pub fn is_several(recording: &Recording) -> bool {
    recording.sessions.len() > 1
}

/// Cuts a recording into one per session, in order (rule M1); empty for a single session.
///
/// Each starts at its own first sample, with the distance counter taken back to what was counted
/// before it (rule D3), the timer running where it ran, and what the source reported of that
/// session. A session without samples starts where it says.
pub fn cut(recording: &Recording) -> Vec<Recording> {
    if !is_several(recording) {
        return Vec::new();
    }
    let ranges = ranges(recording);
    let starts = recording.sessions.iter().map(|session| session.start_s);
    let ends = starts.clone().skip(1).chain(std::iter::once(f64::INFINITY));
    let windows = starts.zip(ends).enumerate().map(|(index, (start, end))| {
        if index == 0 {
            f64::NEG_INFINITY..end
        } else {
            start..end
        }
    });
    let parts = ranges.into_iter().zip(windows).zip(&recording.sessions);
    parts
        .map(|((samples, window), session)| {
            let first = recording
                .time_s
                .get(samples.start)
                .filter(|_| !samples.is_empty());
            let part = Part {
                recording,
                origin_s: first.copied().unwrap_or(session.start_s),
                samples,
                window,
            };
            let mut child = part.cut();
            child.sport = session.sport;
            child.sub_sport.clone_from(&session.sub_sport);
            child.totals.clone_from(&session.totals);
            child
        })
        .collect()
}

/// One session's share of a recording.
struct Part<'a> {
    recording: &'a Recording,
    samples: Range<usize>,
    window: Range<f64>,
    origin_s: f64,
}

impl Part<'_> {
    fn cut(&self) -> Recording {
        let whole = self.recording;
        let shift = TimeDelta::microseconds(micros(self.origin_s));
        let times = whole.time_s.get(self.samples.clone()).unwrap_or_default();
        let (window, origin) = (&self.window, self.origin_s);
        Recording {
            format: whole.format,
            sport: whole.sport,
            sub_sport: None,
            partial: whole.partial,
            start_utc: whole
                .start_utc
                .checked_add_signed(shift)
                .unwrap_or(whole.start_utc),
            utc_offset_s: whole.utc_offset_s,
            time_s: times.iter().map(|time| time - origin).collect(),
            distance_m: self.counter(),
            speed_mps: self.channel(&whole.speed_mps),
            hr_bpm: self.channel(&whole.hr_bpm),
            power_w: self.channel(&whole.power_w),
            cadence: self.channel(&whole.cadence),
            altitude_m: self.channel(&whole.altitude_m),
            latitude: self.channel(&whole.latitude),
            longitude: self.channel(&whole.longitude),
            temperature_c: self.channel(&whole.temperature_c),
            timer_events: self.timer_events(),
            laps: shifted(
                &whole.laps,
                window,
                |lap| {
                    lap.start_s -= origin;
                    lap.end_s -= origin;
                },
                |lap| lap.start_s,
            ),
            sessions: Vec::new(),
            lengths: shifted(
                &whole.lengths,
                window,
                |l| l.start_s -= origin,
                |l| l.start_s,
            ),
            sets: shifted(
                &whole.sets,
                window,
                |set| set.start_s -= origin,
                |set| set.start_s,
            ),
            pool_length_m: whole.pool_length_m.filter(|_| {
                whole
                    .lengths
                    .iter()
                    .any(|length| window.contains(&length.start_s))
            }),
            plan_hint: whole.plan_hint.clone(),
            totals: Totals::default(),
        }
    }

    fn channel(&self, channel: &Channel) -> Channel {
        channel.range(self.samples.clone()).collect()
    }

    fn counter(&self) -> Channel {
        let counter = self.channel(&self.recording.distance_m);
        let base = super::distance::session_base(&self.recording.distance_m, self.samples.clone());
        counter
            .iter()
            .map(|value| value.map(|metres| metres - base.unwrap_or(0.0)))
            .collect()
    }

    /// The timer's runs inside the window; a stop on the window's end still belongs to it.
    fn timer_events(&self) -> Vec<TimerEvent> {
        let mut events = Vec::new();
        let mut put = |from: f64, to: Option<f64>| {
            let start = from.max(self.window.start);
            let end = to.map_or(self.window.end, |to| to.min(self.window.end));
            if start < end {
                events.push(TimerEvent {
                    time_s: start - self.origin_s,
                    running: true,
                });
                if end.is_finite() {
                    events.push(TimerEvent {
                        time_s: end - self.origin_s,
                        running: false,
                    });
                }
            }
        };
        let mut running_since = None;
        for event in &self.recording.timer_events {
            match (event.running, running_since) {
                (true, None) => running_since = Some(event.time_s),
                (false, Some(from)) => {
                    put(from, Some(event.time_s));
                    running_since = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        if let Some(from) = running_since {
            put(from, None);
        }
        events
    }
}

/// Microseconds, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate"
)]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

/// Copies what starts inside a window, moved to the window's own clock.
fn shifted<T: Clone>(
    all: &[T],
    window: &Range<f64>,
    shift: impl Fn(&mut T),
    start_s: impl Fn(&T) -> f64,
) -> Vec<T> {
    let inside = all.iter().filter(|one| window.contains(&start_s(one)));
    let mut inside: Vec<T> = inside.cloned().collect();
    inside.iter_mut().for_each(shift);
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, Lap, Session};
    use crate::signal::timer::timer_s;
    use crate::sport::Sport;
    use chrono::DateTime;

    fn duathlon() -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Multisport, DateTime::UNIX_EPOCH);
        let session = |sport, start_s| Session {
            sport,
            sub_sport: None,
            start_s,
            end_s: 0.0,
            totals: Totals::default(),
        };
        recording.time_s = vec![0.0, 10.0, 20.0, 30.0, 40.0];
        recording.distance_m = [0.0, 30.0, 60.0, 160.0, 260.0]
            .into_iter()
            .map(Some)
            .collect();
        recording.sessions = vec![session(Sport::Run, -1.0), session(Sport::Ride, 22.0)];
        let timer = |time_s, running| TimerEvent { time_s, running };
        recording.timer_events = vec![
            timer(-1.0, true),
            timer(5.0, false),
            timer(8.0, true),
            timer(40.0, false),
        ];
        recording.laps = vec![
            Lap {
                start_s: -1.0,
                end_s: 22.0,
                ..Lap::default()
            },
            Lap {
                start_s: 22.0,
                end_s: 40.0,
                ..Lap::default()
            },
        ];
        recording
    }

    #[test]
    fn each_session_has_its_own_clock_counter_timer_and_laps() {
        let parts = cut(&duathlon());
        assert_eq!(parts.len(), 2);
        let ride = &parts[1];
        assert_eq!(ride.sport, Sport::Ride);
        assert_eq!(ride.start_utc.timestamp(), 30);
        assert_eq!(ride.time_s, [0.0, 10.0]);
        assert_eq!(
            ride.distance_m.iter().collect::<Vec<_>>(),
            [Some(100.0), Some(200.0)]
        );
        assert_eq!(timer_s(&parts[0]), Some(20.0));
        assert_eq!(timer_s(ride), Some(18.0));
        assert_eq!(
            (ride.laps.len(), ride.laps[0].start_s, ride.laps[0].end_s),
            (1, -8.0, 10.0)
        );
    }

    #[test]
    fn a_recording_of_one_session_is_not_cut() {
        let mut recording = duathlon();
        recording.sessions.truncate(1);
        assert!(cut(&recording).is_empty());
    }
}
