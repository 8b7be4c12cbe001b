//! An activity as the FIT file that a device makes of it.
//!
//! Source: Garmin's FIT protocol and its profile.

use super::activity::{Activity, Sample};
use domain::fit::{ENUM, U8, U16, U32, Writer};

/// Seconds from 1970 to the FIT epoch, the last day of 1989.
const EPOCH_S: i64 = 631_065_600;
/// What a power that was not measured is told as.
const NO_POWER: u16 = u16::MAX;
/// Kinds of the timer's event.
const START: u8 = 0;
const STOP: u8 = 4;

/// The file of an activity with samples.
pub(super) fn file(activity: &Activity) -> Vec<u8> {
    let begin = u32::try_from(activity.start.timestamp() - EPOCH_S).unwrap_or_default();
    let end = begin + activity.elapsed_s;
    let mut writer = Writer::default();
    writer.define(0, &[(0, 1, ENUM), (4, 4, U32)]);
    writer.message(&[&[4], &begin.to_le_bytes()]);

    timer(&mut writer, begin, START);
    define_records(&mut writer);
    let mut before: Option<Sample> = None;
    for sample in &activity.samples {
        if let Some(before) = before
            && sample.is_after_pause(before)
        {
            timer(&mut writer, begin + before.at_s, STOP);
            timer(&mut writer, begin + sample.at_s, START);
            define_records(&mut writer);
        }
        record(&mut writer, begin, sample);
        before = Some(*sample);
    }
    timer(&mut writer, end, STOP);

    writer.define(
        18,
        &[
            (253, 4, U32),
            (2, 4, U32),
            (7, 4, U32),
            (8, 4, U32),
            (9, 4, U32),
            (5, 1, ENUM),
        ],
    );
    writer.message(&[
        &end.to_le_bytes(),
        &begin.to_le_bytes(),
        &(activity.elapsed_s * 1000).to_le_bytes(),
        &(activity.timer_s * 1000).to_le_bytes(),
        &(activity.distance_dm * 10).to_le_bytes(),
        &[activity.kind.fit()],
    ]);
    writer.finish()
}

fn timer(writer: &mut Writer, at: u32, kind: u8) {
    writer.define(21, &[(253, 4, U32), (0, 1, ENUM), (1, 1, ENUM)]);
    writer.message(&[&at.to_le_bytes(), &[0], &[kind]]);
}

fn define_records(writer: &mut Writer) {
    writer.define(
        20,
        &[
            (253, 4, U32),
            (5, 4, U32),
            (6, 2, U16),
            (2, 2, U16),
            (7, 2, U16),
            (3, 1, U8),
            (4, 1, U8),
        ],
    );
}

/// Centimetres, millimetres a second, fifths of a metre above 500 m below the sea, watts, beats, and
/// revolutions of one leg.
fn record(writer: &mut Writer, begin: u32, sample: &Sample) {
    let short = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
    let byte = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    let watts = sample.watts.map_or(NO_POWER, short);
    writer.message(&[
        &(begin + sample.at_s).to_le_bytes(),
        &(sample.distance_dm * 10).to_le_bytes(),
        &short(sample.speed * 100).to_le_bytes(),
        &short(sample.altitude_dm / 2 + 2500).to_le_bytes(),
        &watts.to_le_bytes(),
        &[byte(sample.hr_bpm)],
        &[byte(sample.cadence / 2)],
    ]);
}

#[cfg(test)]
mod tests {
    use super::super::key::Key;
    use super::super::{Options, Provider};
    use super::*;
    use domain::decode::decode_file;

    #[test]
    fn a_file_is_read_back_as_what_was_done() {
        let options = Options::default();
        for index in 0..20 {
            let key = Key {
                provider: Provider::named("strava").unwrap(),
                athlete: 0,
                index,
            };
            let activity = Activity::of(&options, key, 0);
            if activity.samples.is_empty() {
                continue;
            }

            let read = decode_file(&file(&activity)).unwrap();

            assert_eq!(read.sport.as_str(), activity.kind.sport());
            assert!(!read.partial);
            assert_eq!(read.start_utc, activity.start);
            assert_eq!(read.samples(), activity.samples.len());
            assert_eq!(read.totals.timer_s, Some(f64::from(activity.timer_s)));
            let distance_m = f64::from(activity.distance_dm) / 10.0;
            assert_eq!(read.totals.distance_m, Some(distance_m));
        }
    }
}
