//! What the messages of a FIT file say, kept until the file ends and put together then.

use super::{
    beats::Beats,
    fields::{byte, first_short, scaled, short, text, whole},
    records::{self, PackedDistance},
};
use crate::{
    decode::{moment, samples::Samples, sports},
    recording::{
        Format, Lap, Length, PlanHint, Recording, Session, StrengthSet, TimerEvent, Totals,
    },
    sport::Sport,
};
use rustyfit::{
    profile::{mesgdef, typedef},
    proto::Message,
};

/// Messages of one kind that are kept, samples and beats apart; real files have some hundred.
const MAX_MESSAGES: usize = 20_000;
/// A multi-session file has five or so; more than this is damage.
const MAX_SESSIONS: usize = 100;
/// Button presses, laps and sets lie near the samples, or their time is garbage.
const MAX_DISTANCE_MS: i64 = 7 * 24 * 3600 * 1000;
/// The widest offsets in use are UTC-12 and UTC+14.
const MAX_OFFSET_S: i64 = 15 * 3600;

/// Everything of interest that a file's messages said so far.
#[derive(Debug, Default)]
pub(super) struct Collector {
    samples: Samples,
    packed: PackedDistance,
    beats: Beats,
    timer: Vec<(i64, bool)>,
    laps: Vec<Span>,
    sessions: Vec<Span>,
    lengths: Vec<(Option<i64>, Length)>,
    sets: Vec<(Option<i64>, StrengthSet)>,
    sport: Option<(u8, u8)>,
    pool_length_m: Option<f64>,
    utc_offset_s: Option<i32>,
    /// The name of the workout that the device was guiding.
    workout_name: Option<String>,
    overflow: bool,
}

/// A lap or a session.
#[derive(Debug, Default)]
struct Span {
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    sport: Option<(u8, u8)>,
    workout_step_index: Option<u16>,
    totals: Totals,
}

impl Span {
    /// The end: by the total time where there is one, because a timestamp may be the moment of
    /// saving (16 s late), the start, or a second short.
    fn end(&self) -> Option<i64> {
        match (self.start_ms, self.totals.elapsed_s) {
            (Some(start), Some(elapsed)) => Some(start.saturating_add(milliseconds(elapsed))),
            _ => self.end_ms,
        }
    }
}

impl Collector {
    /// Takes in one message.
    pub(super) fn take(&mut self, message: &Message) {
        match message.num {
            typedef::MesgNum::RECORD => {
                if let Some(sample) = records::sample(message, &mut self.packed) {
                    self.samples.add(&sample);
                }
            }
            typedef::MesgNum::HR => self.beats.add(message),
            typedef::MesgNum::EVENT => self.take_event(message),
            typedef::MesgNum::LAP => {
                let lap = lap(message);
                self.overflow |= !push(&mut self.laps, lap, MAX_MESSAGES);
            }
            typedef::MesgNum::SESSION => {
                use mesgdef::Session as M;
                self.pool_length_m = self
                    .pool_length_m
                    .or_else(|| scaled(message, M::POOL_LENGTH, 100.0).filter(|&m| m > 0.0));
                let session = session(message);
                self.overflow |= !push(&mut self.sessions, session, MAX_SESSIONS);
            }
            typedef::MesgNum::LENGTH => self.take_length(message),
            typedef::MesgNum::SET => self.take_set(message),
            typedef::MesgNum::SPORT => {
                use mesgdef::Sport as M;
                self.sport = kind(message, M::SPORT, M::SUB_SPORT).or(self.sport);
            }
            typedef::MesgNum::WORKOUT => {
                use mesgdef::Workout as M;
                let name = text(message, M::WKT_NAME).map(ToOwned::to_owned);
                self.workout_name = name.or(self.workout_name.take());
            }
            typedef::MesgNum::ACTIVITY => {
                use mesgdef::Activity as M;
                self.utc_offset_s = utc_offset_s(
                    whole(message, M::TIMESTAMP),
                    whole(message, M::LOCAL_TIMESTAMP),
                )
                .or(self.utc_offset_s);
            }
            _ => {}
        }
    }

    fn take_event(&mut self, message: &Message) {
        use mesgdef::Event as M;
        if byte(message, M::EVENT) != Some(typedef::Event::TIMER.0) {
            return;
        }
        let running = match byte(message, M::EVENT_TYPE).map(typedef::EventType) {
            Some(typedef::EventType::START) => true,
            Some(
                typedef::EventType::STOP
                | typedef::EventType::STOP_ALL
                | typedef::EventType::STOP_DISABLE
                | typedef::EventType::STOP_DISABLE_ALL,
            ) => false,
            _ => return,
        };
        if let Some(time) = time(message, M::TIMESTAMP) {
            self.overflow |= !push(&mut self.timer, (time, running), MAX_MESSAGES);
        }
    }

    fn take_length(&mut self, message: &Message) {
        use mesgdef::Length as M;
        let Some(timer_s) = scaled(message, M::TOTAL_TIMER_TIME, 1000.0)
            .or_else(|| scaled(message, M::TOTAL_ELAPSED_TIME, 1000.0))
        else {
            return;
        };
        let length = Length {
            start_s: 0.0,
            timer_s,
            active: byte(message, M::LENGTH_TYPE) == Some(typedef::LengthType::ACTIVE.0),
            strokes: short(message, M::TOTAL_STROKES),
            stroke: byte(message, M::SWIM_STROKE)
                .filter(|stroke| *stroke <= typedef::SwimStroke::RIMO.0)
                .map(|stroke| typedef::SwimStroke(stroke).to_string()),
        };
        let start = time(message, M::START_TIME).or_else(|| time(message, M::TIMESTAMP));
        self.overflow |= !push(&mut self.lengths, (start, length), MAX_MESSAGES);
    }

    fn take_set(&mut self, message: &Message) {
        use mesgdef::Set as M;
        let category = first_short(message, M::CATEGORY)
            .map(typedef::ExerciseCategory)
            .filter(|&category| category != typedef::ExerciseCategory::UNKNOWN)
            .map(|category| category.to_string());
        let set = StrengthSet {
            start_s: 0.0,
            duration_s: scaled(message, M::DURATION, 1000.0),
            active: byte(message, M::SET_TYPE) == Some(typedef::SetType::ACTIVE.0),
            reps: short(message, M::REPETITIONS),
            weight_kg: scaled(message, M::WEIGHT, 16.0).filter(|&kg| kg > 0.0),
            category,
            ..StrengthSet::default()
        };
        let start = time(message, M::START_TIME).or_else(|| time(message, M::TIMESTAMP));
        self.overflow |= !push(&mut self.sets, (start, set), MAX_MESSAGES);
    }

    /// The recording, unless there is neither a sample nor a session with a time.
    pub(super) fn finish(self, damaged: bool) -> Option<Recording> {
        let Self {
            samples,
            beats,
            timer,
            laps,
            mut sessions,
            lengths,
            sets,
            ..
        } = self;
        sessions.sort_by_key(|session| session.start_ms.unwrap_or(i64::MAX));
        let (sport, sub_sport) = match sessions.as_slice() {
            [_, _, ..] => (Sport::Multisport, None),
            sessions => sessions
                .first()
                .and_then(|session| session.sport)
                .or(self.sport)
                .or_else(|| laps.iter().find_map(|lap| lap.sport))
                .map_or((Sport::Other, None), |(s, sub)| sports::from_fit(s, sub)),
        };
        let reported = sessions
            .iter()
            .find_map(|session| session.start_ms.or(session.end_ms));
        let start_ms = samples.start_ms().or(reported)?;
        let mut recording = samples.into_recording(Format::Fit, sport, reported)?;
        let clock = Clock::new(start_ms, &recording);

        recording.partial |= damaged || self.overflow;
        recording.sub_sport = sub_sport;
        recording.utc_offset_s = self.utc_offset_s;
        recording.pool_length_m = self.pool_length_m;
        recording.plan_hint = self.workout_name.map(PlanHint::Name);
        beats.merge_into(&mut recording.hr_bpm, start_ms, &recording.time_s);
        recording.timer_events = timer
            .into_iter()
            .filter_map(|(time, running)| {
                let time_s = clock.seconds(time)?;
                Some(TimerEvent { time_s, running })
            })
            .collect();
        recording.laps = clock.laps(&laps);
        recording.lengths = lengths
            .into_iter()
            .filter_map(|(start, length)| {
                let start_s = clock.seconds(start.unwrap_or(start_ms))?;
                Some(Length { start_s, ..length })
            })
            .collect();
        recording.sets = sets
            .into_iter()
            .filter_map(|(start, set)| {
                let start_s = clock.seconds(start.unwrap_or(start_ms))?;
                Some(StrengthSet { start_s, ..set })
            })
            .collect();
        recording.totals = totals(&sessions);
        if sport == Sport::Multisport {
            recording.sessions = clock.sessions(&sessions);
        }
        count_steps(&mut recording);
        Some(recording)
    }
}

/// Moments as seconds since the recording's start.
struct Clock {
    start_ms: i64,
    end_ms: i64,
}

impl Clock {
    fn new(start_ms: i64, recording: &Recording) -> Self {
        let elapsed = milliseconds(recording.elapsed_s().unwrap_or(0.0));
        Self {
            start_ms,
            end_ms: start_ms.saturating_add(elapsed),
        }
    }

    fn seconds(&self, time_ms: i64) -> Option<f64> {
        let near = (self.start_ms.saturating_sub(MAX_DISTANCE_MS)
            ..=self.end_ms.saturating_add(MAX_DISTANCE_MS))
            .contains(&time_ms);
        near.then(|| moment::seconds(time_ms.saturating_sub(self.start_ms)))
    }

    fn laps(&self, spans: &[Span]) -> Vec<Lap> {
        let mut laps: Vec<Lap> = Vec::with_capacity(spans.len());
        for span in spans {
            let start_s = span
                .start_ms
                .and_then(|start| self.seconds(start))
                .or_else(|| laps.last().map(|lap| lap.end_s))
                .unwrap_or(0.0);
            let end_s = span
                .end()
                .and_then(|end| self.seconds(end))
                .unwrap_or_else(|| moment::seconds(self.end_ms.saturating_sub(self.start_ms)));
            // Starts are whole seconds, total times are not: without this a sample would lie in two
            // laps.
            if let Some(before) = laps.last_mut()
                && before.start_s < start_s
            {
                before.end_s = before.end_s.min(start_s);
            }
            laps.push(Lap {
                start_s,
                end_s: end_s.max(start_s),
                timer_s: span.totals.timer_s,
                distance_m: span.totals.distance_m,
                workout_step_index: span.workout_step_index,
            });
        }
        laps
    }

    fn sessions(&self, spans: &[Span]) -> Vec<Session> {
        spans
            .iter()
            .filter_map(|span| {
                let start_s = self.seconds(span.start_ms?)?;
                let end_s = span.end().and_then(|end| self.seconds(end));
                let (sport, sub_sport) = span
                    .sport
                    .map_or((Sport::Other, None), |(s, sub)| sports::from_fit(s, sub));
                Some(Session {
                    sport,
                    sub_sport,
                    start_s,
                    end_s: end_s.unwrap_or(start_s).max(start_s),
                    totals: span.totals.clone(),
                })
            })
            .collect()
    }
}

/// Turns the cadence of sports on foot from revolutions of one leg into steps (rule M1 cuts).
fn count_steps(recording: &mut Recording) {
    let mut cuts = recording.sessions.iter().peekable();
    let mut on_foot = match cuts.next() {
        Some(session) => session.sport.is_on_foot(),
        None => recording.sport.is_on_foot(),
    };
    for (index, time_s) in recording.time_s.iter().enumerate() {
        while let Some(session) = cuts.next_if(|session| session.start_s <= *time_s) {
            on_foot = session.sport.is_on_foot();
        }
        if on_foot {
            let steps = recording.cadence.get(index).map(|cadence| cadence * 2.0);
            recording.cadence.set(index, steps);
        }
    }
}

fn lap(message: &Message) -> Span {
    use mesgdef::Lap as M;
    Span {
        start_ms: time(message, M::START_TIME),
        end_ms: time(message, M::TIMESTAMP),
        sport: kind(message, M::SPORT, M::SUB_SPORT),
        workout_step_index: short(message, M::WKT_STEP_INDEX),
        totals: Totals {
            elapsed_s: scaled(message, M::TOTAL_ELAPSED_TIME, 1000.0),
            timer_s: scaled(message, M::TOTAL_TIMER_TIME, 1000.0),
            distance_m: scaled(message, M::TOTAL_DISTANCE, 100.0),
            ..Totals::default()
        },
    }
}

fn session(message: &Message) -> Span {
    use mesgdef::Session as M;
    let kind = kind(message, M::SPORT, M::SUB_SPORT);
    let on_foot = kind.is_some_and(|(s, sub)| sports::from_fit(s, sub).0.is_on_foot());
    let cadence = scaled(message, M::AVG_CADENCE, 1.0).map(|cadence| {
        let fraction = scaled(message, M::AVG_FRACTIONAL_CADENCE, 128.0).unwrap_or(0.0);
        (cadence + fraction) * if on_foot { 2.0 } else { 1.0 }
    });
    Span {
        start_ms: time(message, M::START_TIME),
        end_ms: time(message, M::TIMESTAMP),
        sport: kind,
        workout_step_index: None,
        totals: Totals {
            elapsed_s: scaled(message, M::TOTAL_ELAPSED_TIME, 1000.0),
            timer_s: scaled(message, M::TOTAL_TIMER_TIME, 1000.0),
            distance_m: scaled(message, M::TOTAL_DISTANCE, 100.0),
            avg_hr_bpm: scaled(message, M::AVG_HEART_RATE, 1.0).filter(|&bpm| bpm > 0.0),
            max_hr_bpm: scaled(message, M::MAX_HEART_RATE, 1.0).filter(|&bpm| bpm > 0.0),
            avg_power_w: scaled(message, M::AVG_POWER, 1.0),
            max_power_w: scaled(message, M::MAX_POWER, 1.0),
            avg_cadence: cadence,
            max_speed_mps: scaled(message, M::ENHANCED_MAX_SPEED, 1000.0)
                .or_else(|| scaled(message, M::MAX_SPEED, 1000.0)),
            elevation_gain_m: scaled(message, M::TOTAL_ASCENT, 1.0),
            elevation_loss_m: scaled(message, M::TOTAL_DESCENT, 1.0),
            calories_kcal: scaled(message, M::TOTAL_CALORIES, 1.0),
            rpe: scaled(message, M::WORKOUT_RPE, 10.0).filter(|rpe| *rpe <= 10.0),
        },
    }
}

/// The totals of one session, or what can be added up over several.
fn totals(sessions: &[Span]) -> Totals {
    if let [session] = sessions {
        return session.totals.clone();
    }
    let all = |value: fn(&Totals) -> Option<f64>| {
        sessions.iter().filter_map(move |span| value(&span.totals))
    };
    let sum = |value| all(value).reduce(|a, b| a + b);
    let max = |value| all(value).reduce(f64::max);
    Totals {
        elapsed_s: sum(|t| t.elapsed_s),
        timer_s: sum(|t| t.timer_s),
        distance_m: sum(|t| t.distance_m),
        max_hr_bpm: max(|t| t.max_hr_bpm),
        max_power_w: max(|t| t.max_power_w),
        max_speed_mps: max(|t| t.max_speed_mps),
        elevation_gain_m: sum(|t| t.elevation_gain_m),
        elevation_loss_m: sum(|t| t.elevation_loss_m),
        calories_kcal: sum(|t| t.calories_kcal),
        avg_hr_bpm: None,
        avg_power_w: None,
        avg_cadence: None,
        rpe: None,
    }
}

fn kind(message: &Message, sport: u8, sub_sport: u8) -> Option<(u8, u8)> {
    let sport = byte(message, sport)?;
    Some((sport, byte(message, sub_sport).unwrap_or(u8::MAX)))
}

fn time(message: &Message, num: u8) -> Option<i64> {
    whole(message, num).and_then(moment::from_fit)
}

/// Local time minus UTC to the next quarter of an hour, if it is one that exists.
fn utc_offset_s(timestamp: Option<u32>, local: Option<u32>) -> Option<i32> {
    let offset = i64::from(local?) - i64::from(timestamp?);
    let rounded = (offset + 450).div_euclid(900) * 900;
    (rounded.abs() <= MAX_OFFSET_S)
        .then(|| i32::try_from(rounded).ok())
        .flatten()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from float saturates, and the callers add with saturation"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

fn push<T>(list: &mut Vec<T>, item: T, limit: usize) -> bool {
    let fits = list.len() < limit;
    if fits {
        list.push(item);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_rounded_to_quarters_and_must_be_believable() {
        assert_eq!(utc_offset_s(Some(1000), Some(8201)), Some(7200));
        assert_eq!(utc_offset_s(Some(20_000), Some(198)), Some(-19_800));
        assert_eq!(utc_offset_s(Some(0), Some(16 * 3600)), None);
        assert_eq!(utc_offset_s(Some(1000), None), None);
    }

    #[test]
    fn a_session_whose_timestamp_is_its_start_ends_by_its_total_time() {
        let span = Span {
            start_ms: Some(5_000),
            end_ms: Some(5_000),
            totals: Totals {
                elapsed_s: Some(2.5),
                ..Totals::default()
            },
            ..Span::default()
        };
        assert_eq!(span.end(), Some(7_500));
        assert_eq!(span.end(), Some(7_500));
    }

    const NOON: u32 = 1_000_000_000;

    fn session(sport: typedef::Sport, start: u32, elapsed_s: u32) -> Message {
        let mut session = mesgdef::Session::new();
        session.sport = sport;
        session.start_time = typedef::DateTime(start);
        session.timestamp = typedef::DateTime(start);
        session.total_elapsed_time = elapsed_s * 1000;
        session.total_calories = 100;
        Message::from(session)
    }

    /// P-44
    #[test]
    fn the_workout_that_the_device_was_guiding_is_named() {
        let named = |name: &str| {
            let mut workout = mesgdef::Workout::new();
            workout.wkt_name = name.into();
            let mut collector = Collector::default();
            collector.take(&Message::from(workout));
            collector.take(&record(NOON, 80));
            collector.finish(false).unwrap().plan_hint
        };
        let name = PlanHint::Name("4 × 8 min".to_owned());
        assert_eq!(named(" 4 × 8 min "), Some(name));
        assert_eq!(named(""), None);
        assert_eq!(named(&"x".repeat(201)), None);
    }

    fn record(time: u32, cadence: u8) -> Message {
        let mut record = mesgdef::Record::new();
        record.timestamp = typedef::DateTime(time);
        record.cadence = cadence;
        record.fractional_cadence = 64;
        Message::from(record)
    }

    fn timer(time: u32, event_type: typedef::EventType) -> Message {
        let mut event = mesgdef::Event::new();
        event.timestamp = typedef::DateTime(time);
        event.event = typedef::Event::TIMER;
        event.event_type = event_type;
        Message::from(event)
    }

    fn recording(messages: &[Message], damaged: bool) -> Option<Recording> {
        let mut collector = Collector::default();
        for message in messages {
            collector.take(message);
        }
        collector.finish(damaged)
    }

    #[test]
    fn a_session_without_records_is_a_recording_without_samples() {
        let only = recording(&[session(typedef::Sport::RUNNING, NOON, 60)], false).unwrap();
        assert_eq!(only.samples(), 0);
        assert_eq!(only.sport, Sport::Run);
        assert_eq!(only.start_utc.timestamp(), 1_631_065_600);
        assert_eq!(only.totals.elapsed_s, Some(60.0));
    }

    #[test]
    fn a_file_without_records_and_sessions_is_nothing() {
        assert_eq!(recording(&[], false), None);
        let event = timer(NOON, typedef::EventType::START);
        assert_eq!(recording(&[event], false), None);
    }

    #[test]
    fn several_sessions_are_multisport_and_each_counts_in_its_own_unit() {
        let both = recording(
            &[
                record(NOON - 3, 80),
                record(NOON + 10, 80),
                record(NOON + 110, 80),
                session(typedef::Sport::RUNNING, NOON + 100, 60),
                session(typedef::Sport::CYCLING, NOON, 90),
            ],
            false,
        )
        .unwrap();
        assert_eq!(both.sport, Sport::Multisport);
        let kinds: Vec<_> = both.sessions.iter().map(|session| session.sport).collect();
        assert_eq!(kinds, [Sport::Ride, Sport::Run]);
        assert!((both.sessions[1].start_s - 103.0).abs() < 1e-9);
        let cadence: Vec<_> = both.cadence.iter().flatten().collect();
        assert_eq!(cadence, [80.5, 80.5, 161.0]);
        assert_eq!(both.totals.elapsed_s, Some(150.0));
        assert_eq!(both.totals.calories_kcal, Some(200.0));
    }

    #[test]
    fn every_kind_of_stop_stops_and_absurd_times_are_left_out() {
        use typedef::EventType as E;
        let ridden = recording(
            &[
                timer(NOON - 45, E::START),
                record(NOON, 80),
                timer(NOON + 1, E::STOP),
                timer(NOON + 2, E::STOP_ALL),
                timer(NOON + 3, E::STOP_DISABLE),
                timer(NOON + 4, E::STOP_DISABLE_ALL),
                timer(NOON + 5, E::MARKER),
                timer(NOON + 99_999_999, E::START),
                session(typedef::Sport::CYCLING, NOON, 90),
            ],
            false,
        )
        .unwrap();
        let events: Vec<_> = ridden
            .timer_events
            .iter()
            .map(|event| (event.time_s, event.running))
            .collect();
        let expected = [
            (-45.0, true),
            (1.0, false),
            (2.0, false),
            (3.0, false),
            (4.0, false),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn neighbouring_laps_do_not_overlap() {
        let lap = |start, elapsed_ms| {
            let mut lap = mesgdef::Lap::new();
            lap.start_time = typedef::DateTime(start);
            lap.total_elapsed_time = elapsed_ms;
            Message::from(lap)
        };
        let messages = [record(NOON, 1), lap(NOON, 60_264), lap(NOON + 60, 30_500)];
        let laps = recording(&messages, false).unwrap().laps;
        let spans: Vec<_> = laps.iter().map(|lap| (lap.start_s, lap.end_s)).collect();
        assert_eq!(spans, [(0.0, 60.0), (60.0, 90.5)]);
    }

    #[test]
    fn without_a_session_the_sport_message_or_a_lap_tells_the_sport() {
        let mut sport = mesgdef::Sport::new();
        sport.sport = typedef::Sport::RUNNING;
        sport.sub_sport = typedef::SubSport::TRAIL;
        let messages = [record(NOON, 80), Message::from(sport)];
        let run = recording(&messages, true).unwrap();
        assert!(run.partial);
        assert_eq!(
            (run.sport, run.sub_sport.as_deref()),
            (Sport::Run, Some("trail"))
        );
        assert_eq!(run.cadence.get(0), Some(161.0));
    }
}
