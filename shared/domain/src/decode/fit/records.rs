//! A FIT record message as a sample.

use super::fields::{self, number, unsigned};
use crate::decode::{
    moment,
    samples::{Sample, heart_rate, position},
};
use rustyfit::{
    profile::mesgdef::Record,
    proto::{Message, Value},
};

const DEGREES_PER_SEMICIRCLE: f64 = 180.0 / 2_147_483_648.0;

/// The distance that old devices pack with the speed into three bytes, in 1/16 m.
#[derive(Debug, Default)]
pub(super) struct PackedDistance {
    total: u32,
}

impl PackedDistance {
    /// Speed in m/s and cumulative distance in m.
    fn unpack(&mut self, packed: &[u8]) -> Option<(f64, f64)> {
        let [a, b, c] = packed else { return None };
        let (a, b, c) = (u32::from(*a), u32::from(*b), u32::from(*c));
        if a & b & c == 0xff {
            return None;
        }
        let speed = a | ((b & 0x0f) << 8);
        let distance = (b >> 4) | (c << 4);
        let step = distance.wrapping_sub(self.total) & 0xfff;
        self.total = self.total.saturating_add(step);
        Some((f64::from(speed) / 100.0, f64::from(self.total) / 16.0))
    }
}

/// The record's sample, if it has a time.
///
/// Cadence stays in revolutions: which sport counts steps is known only at the end of the file.
pub(super) fn sample(message: &Message, packed: &mut PackedDistance) -> Option<Sample> {
    let mut sample = Sample::default();
    let mut time = None;
    let (mut latitude, mut longitude) = (None, None);
    let (mut speed, mut altitude, mut cadence, mut fraction) = (None, None, None, None);
    for field in &message.fields {
        match field.num {
            Record::TIMESTAMP => time = unsigned(field).and_then(moment::from_fit),
            Record::POSITION_LAT => latitude = number(field),
            Record::POSITION_LONG => longitude = number(field),
            Record::ALTITUDE => altitude = number(field),
            Record::ENHANCED_ALTITUDE => {
                sample.altitude_m = number(field).map(|v| v / 5.0 - 500.0);
            }
            Record::SPEED => speed = number(field),
            Record::ENHANCED_SPEED => sample.speed_mps = number(field).map(|v| v / 1000.0),
            Record::DISTANCE => sample.distance_m = number(field).map(|v| v / 100.0),
            Record::HEART_RATE => sample.hr_bpm = number(field).and_then(heart_rate),
            Record::POWER => sample.power_w = number(field),
            Record::CADENCE => cadence = number(field),
            Record::FRACTIONAL_CADENCE => fraction = number(field).map(|v| v / 128.0),
            Record::TEMPERATURE => sample.temperature_c = number(field),
            Record::COMPRESSED_SPEED_DISTANCE => {
                let bytes = if let Value::ArrayUint8(bytes) = &field.value {
                    bytes
                } else {
                    fields::bytes(message, Record::COMPRESSED_SPEED_DISTANCE)
                };
                if let Some((speed, distance)) = packed.unpack(bytes) {
                    sample.speed_mps = sample.speed_mps.or(Some(speed));
                    sample.distance_m = sample.distance_m.or(Some(distance));
                }
            }
            _ => {}
        }
    }
    sample.time_ms = time?;
    sample.speed_mps = sample.speed_mps.or(speed.map(|v| v / 1000.0));
    sample.altitude_m = sample.altitude_m.or(altitude.map(|v| v / 5.0 - 500.0));
    sample.cadence = cadence.map(|v| v + fraction.unwrap_or(0.0));
    if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
        sample.position = position(
            latitude * DEGREES_PER_SEMICIRCLE,
            longitude * DEGREES_PER_SEMICIRCLE,
        );
    }
    Some(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustyfit::{
        profile::typedef::{FitBaseType, MesgNum},
        proto::Field,
    };

    fn record(fields: &[(u8, FitBaseType, Value)]) -> Message {
        Message {
            num: MesgNum::RECORD,
            fields: fields
                .iter()
                .map(|(num, base_type, value)| Field {
                    num: *num,
                    base_type: *base_type,
                    value: value.clone(),
                    is_expanded: false,
                })
                .collect(),
            ..Message::default()
        }
    }

    #[test]
    fn enhanced_values_win_and_invalid_ones_are_absent() {
        let message = record(&[
            (
                Record::TIMESTAMP,
                FitBaseType::UINT32,
                Value::Uint32(1_000_000_000),
            ),
            (
                Record::ENHANCED_SPEED,
                FitBaseType::UINT32,
                Value::Uint32(2_500),
            ),
            (Record::SPEED, FitBaseType::UINT16, Value::Uint16(1_000)),
            (Record::ALTITUDE, FitBaseType::UINT16, Value::Uint16(3_000)),
            (Record::HEART_RATE, FitBaseType::UINT8, Value::Uint8(255)),
            (Record::POWER, FitBaseType::UINT16, Value::Uint16(0)),
            (Record::TEMPERATURE, FitBaseType::SINT8, Value::Int8(127)),
        ]);
        let sample = sample(&message, &mut PackedDistance::default()).unwrap();
        assert_eq!(sample.speed_mps, Some(2.5));
        assert_eq!(sample.altitude_m, Some(100.0));
        assert_eq!(sample.hr_bpm, None);
        assert_eq!(sample.power_w, Some(0.0));
        assert_eq!(sample.temperature_c, None);
    }

    #[test]
    fn a_record_without_a_time_is_no_sample() {
        let message = record(&[(Record::POWER, FitBaseType::UINT16, Value::Uint16(7))]);
        assert!(sample(&message, &mut PackedDistance::default()).is_none());
    }

    #[test]
    fn packed_distance_goes_on_after_its_rollover() {
        let mut packed = PackedDistance::default();
        assert_eq!(packed.unpack(&[0x64, 0x00, 0xff]), Some((1.0, 255.0)));
        assert_eq!(packed.unpack(&[0x64, 0x00, 0x01]), Some((1.0, 257.0)));
        assert_eq!(packed.unpack(&[0xff, 0xff, 0xff]), None);
    }
}
