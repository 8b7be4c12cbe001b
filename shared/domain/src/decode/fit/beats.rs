//! Heart beats in messages of their own, as straps with memory send them after a swim.
//!
//! They are merged into the samples as Garmin's SDK does it: beats are placed in time, holes up
//! to 5 s are filled with the last rate, and a sample gets the mean of the beats since the one
//! before it.

use super::fields;
use crate::{decode::moment, decode::samples::heart_rate, recording::Channel};
use rustyfit::{profile::mesgdef::Hr, proto::Message};

/// Beats that are kept: more than two days of 220 per minute.
const MAX_BEATS: usize = 1_000_000;
const GAP_STEP_S: f64 = 0.25;
const GAP_STEPS: u8 = 20;

/// The beats of a file, in the order of its messages.
#[derive(Debug, Default)]
pub(super) struct Beats {
    /// The moment, in seconds since 1970, at which the strap's counter stood at the second.
    anchor: Option<(f64, u32)>,
    /// The strap's counter at the last beat, in 1/1024 s.
    counter: u32,
    beats: Vec<(f64, f64)>,
}

impl Beats {
    /// Takes in one `hr` message.
    pub(super) fn add(&mut self, message: &Message) {
        let events = fields::longs(message, Hr::EVENT_TIMESTAMP);
        if let Some(time) = fields::whole(message, Hr::TIMESTAMP).and_then(moment::from_fit) {
            let fraction = fields::scaled(message, Hr::FRACTIONAL_TIMESTAMP, 32768.0)
                .or_else(|| fields::scaled(message, Hr::TIME256, 256.0))
                .unwrap_or(0.0);
            let counter = events.first().copied().unwrap_or(self.counter);
            self.anchor = Some((moment::seconds(time) + fraction, counter));
            self.counter = counter;
        }
        let rates = fields::bytes(message, Hr::FILTERED_BPM);
        if events.is_empty() {
            let packed = fields::bytes(message, Hr::EVENT_TIMESTAMP_12);
            for (offset, &bpm) in twelve_bits(packed).zip(rates) {
                // The counter's low 12 bits roll over every 4 s.
                let step = offset.wrapping_sub(self.counter) & 0xfff;
                self.counter = self.counter.wrapping_add(step);
                self.push(bpm);
            }
        } else {
            for (&counter, &bpm) in events.iter().zip(rates) {
                self.counter = counter;
                self.push(bpm);
            }
        }
    }

    fn push(&mut self, bpm: u8) {
        let Some((anchor_s, anchor_counter)) = self.anchor else {
            return;
        };
        if self.beats.len() >= MAX_BEATS {
            return;
        }
        let Some(bpm) = heart_rate(f64::from(bpm)) else {
            return;
        };
        let ticks = self.counter.wrapping_sub(anchor_counter).cast_signed();
        let time_s = anchor_s + f64::from(ticks) / 1024.0;
        if let Some(&(last_s, last_bpm)) = self.beats.last() {
            for step in 1..=GAP_STEPS {
                let filled_s = last_s + GAP_STEP_S * f64::from(step);
                if filled_s >= time_s || self.beats.len() >= MAX_BEATS {
                    break;
                }
                self.beats.push((filled_s, last_bpm));
            }
        }
        self.beats.push((time_s, bpm));
    }

    /// Gives every sample the mean rate of the beats since the sample before it.
    pub(super) fn merge_into(&self, hr_bpm: &mut Channel, start_ms: i64, time_s: &[f64]) {
        let start_s = moment::seconds(start_ms);
        let mut beats = self.beats.iter().peekable();
        let mut after_s = f64::NEG_INFINITY;
        for (index, offset_s) in time_s.iter().enumerate() {
            let until_s = start_s + offset_s;
            if index == 0 {
                after_s = until_s - 1.0;
            }
            let (mut sum, mut count) = (0.0, 0.0);
            while let Some((time_s, bpm)) = beats.next_if(|(time_s, _)| *time_s <= until_s) {
                if *time_s > after_s {
                    sum += bpm;
                    count += 1.0;
                }
            }
            if count > 0.0 {
                hr_bpm.set(index, Some((sum / count).round()));
            }
            after_s = until_s;
        }
    }
}

/// Numbers of 12 bits, packed two to three bytes, the low bits first.
fn twelve_bits(packed: &[u8]) -> impl Iterator<Item = u32> + '_ {
    packed.chunks_exact(3).flat_map(|chunk| {
        let [a, b, c] = [0, 1, 2].map(|i| chunk.get(i).copied().map_or(0, u32::from));
        [a | ((b & 0x0f) << 8), (b >> 4) | (c << 4)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_bit_numbers_are_unpacked_low_bits_first() {
        let numbers: Vec<u32> = twelve_bits(&[0x34, 0x62, 0x50, 0xff]).collect();
        assert_eq!(numbers, [0x234, 0x506]);
    }

    #[test]
    fn a_sample_gets_the_mean_of_the_beats_since_the_one_before() {
        let beats = Beats {
            beats: vec![(9.5, 100.0), (10.5, 120.0), (11.0, 130.0), (14.0, 90.0)],
            ..Beats::default()
        };
        let mut hr = Channel::absent(3);
        beats.merge_into(&mut hr, 10_000, &[0.0, 1.0, 2.0]);
        let rates: Vec<_> = hr.iter().collect();
        assert_eq!(rates, [Some(100.0), Some(125.0), None]);
    }
}
