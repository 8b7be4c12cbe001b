//! The compact stored form of a [`Recording`].
//!
//! One version byte, then a raw deflate stream of:
//!
//! 1. the length of a JSON header as a varint, and the header: everything but the columns, and
//!    the number of samples;
//! 2. the times in milliseconds, as varints of the differences (the first from 0);
//! 3. the channels in the order distance, speed, heart rate, power, cadence, altitude, latitude,
//!    longitude, temperature. Each is a varint of how many runs its presence has, the runs'
//!    lengths as varints (present and absent in turn, beginning with present), and for every
//!    value that is there a zigzag varint of its difference to the one before (from 0).
//!
//! A varint has seven bits per byte, the low ones first; the high bit says that more follow.
//! Values are whole multiples of a quantum, none coarser than what devices record: 0.01 m of
//! distance, 0.001 m/s, 0.1 of a beat, watt, revolution, metre of altitude and degree Celsius, and
//! 1e-7 degrees. The header's seconds, metres and kilograms are rounded to 1e-4.

use super::{
    Channel, Format, Lap, Length, PlanHint, Recording, Session, StrengthSet, TimerEvent, Totals,
};
use crate::sport::Sport;
use chrono::{DateTime, Utc};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// How many samples a recording may have: eleven days at one per second.
pub const MAX_SAMPLES: usize = 1_000_000;

const VERSION: u8 = 1;
/// The largest recording, of [`MAX_SAMPLES`] and with nine noisy channels, stays below it.
const MAX_INFLATED_BYTES: usize = 256 * 1024 * 1024;
/// Whole numbers up to here are exact in a float.
const MAX_QUANTA: i64 = 1 << 53;

/// Why stored bytes are no recording.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// They were written by a version that this one does not know.
    #[error("stored recording has the unknown version {0}")]
    UnknownVersion(u8),
    /// They are larger than any recording, once inflated.
    #[error("stored recording is too large")]
    TooLarge,
    /// They are cut or damaged.
    #[error("stored recording is damaged: {0}")]
    Damaged(&'static str),
}

/// Everything but the columns.
#[derive(Serialize, Deserialize)]
struct Header {
    format: Format,
    sport: Sport,
    sub_sport: Option<String>,
    partial: bool,
    start_ms: i64,
    utc_offset_s: Option<i32>,
    samples: usize,
    timer_events: Vec<TimerEvent>,
    laps: Vec<Lap>,
    sessions: Vec<Session>,
    lengths: Vec<Length>,
    sets: Vec<StrengthSet>,
    pool_length_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan_hint: Option<PlanHint>,
    totals: Totals,
}

/// Writes a recording in the stored form.
///
/// What comes back from [`decode`] is the recording [quantised](Recording::quantised); samples
/// beyond [`MAX_SAMPLES`] are left out.
pub fn encode(recording: &Recording) -> Vec<u8> {
    let times = time_quanta(&recording.time_s);
    let header = header(recording, times.len());
    // Neither this nor the writing below can fail: the header has no maps, and a vector grows.
    let json = serde_json::to_vec(&header).unwrap_or_default();
    let mut raw = Vec::with_capacity(json.len().saturating_add(times.len().saturating_mul(12)));
    put(&mut raw, u64::try_from(json.len()).unwrap_or(u64::MAX));
    raw.extend_from_slice(&json);
    let mut before = 0;
    for &time in &times {
        put(&mut raw, time.abs_diff(before));
        before = time;
    }
    for (channel, per_unit) in columns(recording) {
        put_channel(&mut raw, channel, per_unit, times.len());
    }
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::default());
    encoder
        .write_all(&raw)
        .and_then(move |()| encoder.finish())
        .unwrap_or_default()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
///
/// [`CodecError::UnknownVersion`] tells that newer code wrote the bytes; the other cases tell that
/// nobody did.
pub fn decode(bytes: &[u8]) -> Result<Recording, CodecError> {
    let (&version, packed) = bytes.split_first().ok_or(CodecError::Damaged("empty"))?;
    if version != VERSION {
        return Err(CodecError::UnknownVersion(version));
    }
    let raw = inflate(packed)?;
    let mut reader = Cursor { rest: &raw };
    let length = reader.length()?;
    let header: Header =
        serde_json::from_slice(reader.take(length)?).map_err(|_| CodecError::Damaged("header"))?;
    let samples = header.samples;
    if samples > MAX_SAMPLES || samples > reader.rest.len() {
        return Err(CodecError::Damaged("number of samples"));
    }
    let start_utc = DateTime::<Utc>::from_timestamp_millis(header.start_ms)
        .ok_or(CodecError::Damaged("start"))?;
    let mut recording = Recording::empty(header.format, header.sport, start_utc);
    recording.time_s = reader.times(samples)?;
    for (channel, per_unit) in columns_mut(&mut recording) {
        *channel = reader.channel(per_unit, samples)?;
    }
    if !reader.rest.is_empty() {
        return Err(CodecError::Damaged("bytes after the end"));
    }
    recording.sub_sport = header.sub_sport;
    recording.partial = header.partial;
    recording.utc_offset_s = header.utc_offset_s;
    recording.timer_events = header.timer_events;
    recording.laps = header.laps;
    recording.sessions = header.sessions;
    recording.lengths = header.lengths;
    recording.sets = header.sets;
    recording.pool_length_m = header.pool_length_m;
    recording.plan_hint = header.plan_hint;
    recording.totals = header.totals;
    Ok(recording)
}

impl Recording {
    /// The recording as it is after storage: rounded to the quanta of the stored form.
    ///
    /// What is computed from it is the same before and after storage.
    #[must_use]
    pub fn quantised(mut self) -> Self {
        let times = time_quanta(&self.time_s);
        let samples = times.len();
        self.time_s = times.into_iter().map(|ms| units(ms, 1e3)).collect();
        for (channel, per_unit) in columns_mut(&mut self) {
            *channel = (0..samples)
                .map(|index| Some(units(quanta(channel.get(index)?, per_unit)?, per_unit)))
                .collect();
        }
        let header = header(&self, samples);
        Self {
            start_utc: DateTime::from_timestamp_millis(header.start_ms).unwrap_or(self.start_utc),
            timer_events: header.timer_events,
            laps: header.laps,
            sessions: header.sessions,
            lengths: header.lengths,
            sets: header.sets,
            pool_length_m: header.pool_length_m,
            totals: header.totals,
            ..self
        }
    }
}

/// The channels in the stored order, with the number of quanta in one unit.
fn columns(recording: &Recording) -> [(&Channel, f64); 9] {
    [
        (&recording.distance_m, 1e2),
        (&recording.speed_mps, 1e3),
        (&recording.hr_bpm, 1e1),
        (&recording.power_w, 1e1),
        (&recording.cadence, 1e1),
        (&recording.altitude_m, 1e1),
        (&recording.latitude, 1e7),
        (&recording.longitude, 1e7),
        (&recording.temperature_c, 1e1),
    ]
}

/// The same as [`columns`], to be written.
fn columns_mut(recording: &mut Recording) -> [(&mut Channel, f64); 9] {
    [
        (&mut recording.distance_m, 1e2),
        (&mut recording.speed_mps, 1e3),
        (&mut recording.hr_bpm, 1e1),
        (&mut recording.power_w, 1e1),
        (&mut recording.cadence, 1e1),
        (&mut recording.altitude_m, 1e1),
        (&mut recording.latitude, 1e7),
        (&mut recording.longitude, 1e7),
        (&mut recording.temperature_c, 1e1),
    ]
}

/// The value in whole quanta; absent when it is beyond what a float counts exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the bound is a power of two, and what is rounded lies within it"
)]
fn quanta(value: f64, per_unit: f64) -> Option<i64> {
    let scaled = (value * per_unit).round();
    (scaled.abs() <= MAX_QUANTA as f64).then_some(scaled as i64)
}

/// The value of so many quanta.
#[expect(clippy::cast_precision_loss, reason = "the callers stay within 2^53")]
fn units(quanta: i64, per_unit: f64) -> f64 {
    quanta as f64 / per_unit
}

/// Times in milliseconds, kept strictly increasing where rounding makes two equal.
fn time_quanta(time_s: &[f64]) -> Vec<i64> {
    let mut last = -1;
    let mut times = Vec::with_capacity(time_s.len().min(MAX_SAMPLES));
    for &time in time_s.iter().take(MAX_SAMPLES) {
        let least = last + 1;
        last = quanta(time, 1e3).unwrap_or(least).max(least);
        times.push(last);
    }
    times
}

/// The recording's header, rounded.
fn header(recording: &Recording, samples: usize) -> Header {
    tidy(Header {
        format: recording.format,
        sport: recording.sport,
        sub_sport: recording.sub_sport.clone(),
        partial: recording.partial,
        start_ms: recording.start_utc.timestamp_millis(),
        utc_offset_s: recording.utc_offset_s,
        samples,
        timer_events: recording.timer_events.clone(),
        laps: recording.laps.clone(),
        sessions: recording.sessions.clone(),
        lengths: recording.lengths.clone(),
        sets: recording.sets.clone(),
        pool_length_m: recording.pool_length_m,
        plan_hint: recording.plan_hint.clone(),
        totals: recording.totals.clone(),
    })
}

/// Rounds the header's numbers, so that their shortest decimal form reads back exactly.
fn tidy(mut header: Header) -> Header {
    const PER_UNIT: f64 = 1e4;
    let optional = |value: &mut Option<f64>| {
        *value = value.and_then(|v| Some(units(quanta(v, PER_UNIT)?, PER_UNIT)));
    };
    let number = |value: &mut f64| {
        *value = quanta(*value, PER_UNIT).map_or(0.0, |q| units(q, PER_UNIT));
    };
    for event in &mut header.timer_events {
        number(&mut event.time_s);
    }
    for lap in &mut header.laps {
        number(&mut lap.start_s);
        number(&mut lap.end_s);
        optional(&mut lap.timer_s);
        optional(&mut lap.distance_m);
    }
    for session in &mut header.sessions {
        number(&mut session.start_s);
        number(&mut session.end_s);
    }
    let sessions = header
        .sessions
        .iter_mut()
        .map(|session| &mut session.totals);
    for totals in sessions.chain(std::iter::once(&mut header.totals)) {
        for value in [
            &mut totals.elapsed_s,
            &mut totals.timer_s,
            &mut totals.distance_m,
            &mut totals.avg_hr_bpm,
            &mut totals.max_hr_bpm,
            &mut totals.avg_power_w,
            &mut totals.max_power_w,
            &mut totals.avg_cadence,
            &mut totals.max_speed_mps,
            &mut totals.elevation_gain_m,
            &mut totals.elevation_loss_m,
            &mut totals.calories_kcal,
            &mut totals.rpe,
        ] {
            optional(value);
        }
    }
    for length in &mut header.lengths {
        number(&mut length.start_s);
        number(&mut length.timer_s);
    }
    for set in &mut header.sets {
        number(&mut set.start_s);
        optional(&mut set.duration_s);
        optional(&mut set.weight_kg);
        optional(&mut set.distance_m);
        optional(&mut set.rpe);
    }
    optional(&mut header.pool_length_m);
    header
}

fn put(raw: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            raw.push(low & 0x7f);
            return;
        }
        raw.push(low | 0x80);
    }
}

fn put_channel(raw: &mut Vec<u8>, channel: &Channel, per_unit: f64, samples: usize) {
    let column: Vec<Option<i64>> = (0..samples)
        .map(|index| channel.get(index).and_then(|v| quanta(v, per_unit)))
        .collect();
    let mut runs = Vec::new();
    let mut present = true;
    let mut run = 0u64;
    for value in &column {
        if value.is_some() != present {
            runs.push(run);
            run = 0;
            present = !present;
        }
        run += 1;
    }
    runs.push(run);
    put(raw, u64::try_from(runs.len()).unwrap_or(u64::MAX));
    for run in runs {
        put(raw, run);
    }
    let mut before = 0;
    for value in column.into_iter().flatten() {
        put(raw, zigzag(value.wrapping_sub(before)));
        before = value;
    }
}

fn zigzag(value: i64) -> u64 {
    (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned()
}

fn from_zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ (value & 1).cast_signed().wrapping_neg()
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, CodecError> {
    let limit = u64::try_from(MAX_INFLATED_BYTES).unwrap_or(u64::MAX);
    let mut raw = Vec::new();
    let mut decoder = DeflateDecoder::new(packed);
    decoder
        .by_ref()
        .take(limit.saturating_add(1))
        .read_to_end(&mut raw)
        .map_err(|_| CodecError::Damaged("deflate stream"))?;
    if raw.len() > MAX_INFLATED_BYTES {
        return Err(CodecError::TooLarge);
    }
    if usize::try_from(decoder.total_in()) != Ok(packed.len()) {
        return Err(CodecError::Damaged("bytes after the end"));
    }
    Ok(raw)
}

/// What is left to be read.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(CodecError::Damaged("cut"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(CodecError::Damaged("cut"))?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(CodecError::Damaged("varint"))
    }

    fn length(&mut self) -> Result<usize, CodecError> {
        usize::try_from(self.varint()?).map_err(|_| CodecError::Damaged("length"))
    }

    fn times(&mut self, samples: usize) -> Result<Vec<f64>, CodecError> {
        let mut times = Vec::with_capacity(samples);
        let mut time = 0i64;
        for index in 0..samples {
            let step = self.varint()?;
            let next = time.checked_add_unsigned(step).unwrap_or(i64::MAX);
            if next > MAX_QUANTA || (step == 0 && index > 0) {
                return Err(CodecError::Damaged("time"));
            }
            time = next;
            times.push(units(time, 1e3));
        }
        Ok(times)
    }

    fn channel(&mut self, per_unit: f64, samples: usize) -> Result<Channel, CodecError> {
        let count = self.length()?;
        // Only the first run may be empty, so there are no more than this.
        if count > samples.saturating_add(1) {
            return Err(CodecError::Damaged("presence"));
        }
        let mut runs = Vec::with_capacity(count);
        let mut total = 0usize;
        for _ in 0..count {
            let run = self.length()?;
            total = total.saturating_add(run);
            runs.push(run);
        }
        if total != samples {
            return Err(CodecError::Damaged("presence"));
        }
        let mut channel = Channel::default();
        let mut value = 0i64;
        let mut present = true;
        for run in runs {
            for _ in 0..run {
                if !present {
                    channel.push(None);
                    continue;
                }
                value = value
                    .checked_add(from_zigzag(self.varint()?))
                    .filter(|value| value.unsigned_abs() <= MAX_QUANTA.unsigned_abs())
                    .ok_or(CodecError::Damaged("value"))?;
                channel.push(Some(units(value, per_unit)));
            }
            present = !present;
        }
        Ok(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Recording {
        let start = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let mut recording = Recording::empty(Format::Fit, Sport::Run, start);
        recording.sub_sport = Some("trail".into());
        recording.utc_offset_s = Some(-19_800);
        recording.time_s = vec![0.0, 1.0, 2.5, 60.0];
        let absent = Channel::absent(4);
        for (channel, _) in columns_mut(&mut recording) {
            *channel = absent.clone();
        }
        recording.hr_bpm = [None, Some(100.0), Some(101.04), None]
            .into_iter()
            .collect();
        recording.altitude_m = [-12.2, 396.799_999_999_999_95, 397.0, 0.0]
            .into_iter()
            .map(Some)
            .collect();
        recording.latitude.set(2, Some(-33.856_784_012));
        recording.laps.push(Lap {
            end_s: 0.1 + 0.2,
            distance_m: Some(f64::NAN),
            workout_step_index: Some(3),
            ..Lap::default()
        });
        recording.timer_events.push(TimerEvent {
            time_s: -45.0,
            running: true,
        });
        recording.totals.calories_kcal = Some(12.345_678);
        recording
    }

    #[test]
    fn what_is_stored_comes_back_up_to_the_quanta() {
        let recording = sample();
        let stored = encode(&recording);
        let read = decode(&stored).unwrap();
        assert_eq!(read, recording.quantised());
        assert_eq!(read.hr_bpm.get(2), Some(101.0));
        assert_eq!(read.altitude_m.get(1), Some(396.8));
        assert_eq!(read.latitude.get(2), Some(-33.856_784));
        assert_eq!(encode(&read), stored);
    }

    #[test]
    fn a_recording_without_samples_is_stored_too() {
        let empty = Recording::empty(Format::Json, Sport::Other, DateTime::UNIX_EPOCH);
        assert_eq!(decode(&encode(&empty)).unwrap(), empty);
    }

    #[test]
    fn times_that_round_to_the_same_millisecond_stay_apart() {
        let mut recording = sample();
        recording.time_s = vec![0.0, 0.0001, 0.0002, 1.0];
        assert_eq!(recording.quantised().time_s, [0.0, 0.001, 0.002, 1.0]);
    }

    #[test]
    fn another_version_is_told_from_damage() {
        assert!(matches!(
            decode(&[9, 1, 2]),
            Err(CodecError::UnknownVersion(9))
        ));
        assert!(matches!(decode(&[]), Err(CodecError::Damaged(_))));
    }

    #[test]
    fn a_count_of_samples_that_does_not_fit_is_refused() {
        let json = serde_json::to_string(&header(&sample(), 999_999)).unwrap();
        let mut raw = Vec::new();
        put(&mut raw, json.len() as u64);
        raw.extend_from_slice(json.as_bytes());
        let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::default());
        encoder.write_all(&raw).unwrap();
        let bytes = encoder.finish().unwrap();
        assert!(matches!(
            decode(&bytes),
            Err(CodecError::Damaged("number of samples"))
        ));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut versioned = vec![VERSION];
            versioned.extend_from_slice(&bytes);
            prop_assert!(decode(&versioned).is_err() || !versioned.is_empty());
        }

        #[test]
        fn cuts_and_flips_never_panic(cut in 0usize..400, at in 0usize..400, flip in any::<u8>()) {
            let mut bytes = encode(&sample());
            let length = bytes.len();
            bytes[at % length] ^= flip;
            bytes.truncate(length - cut % length);
            if let Ok(read) = decode(&bytes) {
                prop_assert_eq!(read.samples(), read.hr_bpm.len());
            }
        }

        #[test]
        fn flips_below_the_deflate_never_panic(at in 0usize..2000, flip in any::<u8>()) {
            let mut raw = inflate(&encode(&sample())[1..]).unwrap();
            let length = raw.len();
            raw[at % length] ^= flip;
            let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::fast());
            encoder.write_all(&raw).unwrap();
            if let Ok(read) = decode(&encoder.finish().unwrap()) {
                prop_assert_eq!(read.samples(), read.hr_bpm.len());
            }
        }

        #[test]
        fn storing_is_idempotent(
            steps in proptest::collection::vec((1u32..100_000, any::<Option<f64>>(), -90f64..90.0), 0..200),
        ) {
            let mut recording = sample();
            let mut time = 0.0;
            recording.time_s = steps.iter().map(|(step, _, _)| {
                let now = time;
                time += f64::from(*step) / 1000.0;
                now
            }).collect();
            for (channel, _) in columns_mut(&mut recording) {
                *channel = Channel::absent(steps.len());
            }
            recording.power_w = steps.iter().map(|(_, power, _)| *power).collect();
            recording.latitude = steps.iter().map(|(_, _, latitude)| Some(*latitude)).collect();
            let stored = encode(&recording);
            let read = decode(&stored).unwrap();
            prop_assert_eq!(encode(&read), stored);
            prop_assert_eq!(&read, &recording.quantised());
            prop_assert_eq!(read.clone().quantised(), read);
        }
    }
}
