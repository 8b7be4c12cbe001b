//! Rules S1 to S3: what makes a sample, for every kind of file.

use super::moment;
use crate::{
    recording::{Channel, Format, MAX_SAMPLES, Recording},
    sport::Sport,
};

/// Rule S3: after a longer leap the device's clock is not believed.
const MAX_LEAP_MS: i64 = 7 * 24 * 3600 * 1000;

/// One message or point as it stands in the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    pub(super) time_ms: i64,
    pub(super) distance_m: Option<f64>,
    pub(super) speed_mps: Option<f64>,
    pub(super) hr_bpm: Option<f64>,
    pub(super) power_w: Option<f64>,
    pub(super) cadence: Option<f64>,
    pub(super) altitude_m: Option<f64>,
    pub(super) position: Option<(f64, f64)>,
    pub(super) temperature_c: Option<f64>,
}

impl Sample {
    /// The sample without values that no athlete and no place on earth can have.
    ///
    /// A damaged file holds any number; one of them would spoil a maximum, or a sum.
    fn believable(self) -> Self {
        let within = |value: Option<f64>, low: f64, high: f64| {
            value.filter(|value| (low..=high).contains(value))
        };
        Self {
            distance_m: within(self.distance_m, 0.0, 20_037_508.0),
            speed_mps: within(self.speed_mps, 0.0, 150.0),
            power_w: within(self.power_w, 0.0, 10_000.0),
            cadence: within(self.cadence, 0.0, 500.0),
            // Aeroplanes and skydivers go higher than mountains.
            altitude_m: within(self.altitude_m, -1_000.0, 20_000.0),
            temperature_c: within(self.temperature_c, -100.0, 100.0),
            ..self
        }
    }
}

/// The samples kept so far, in columns.
#[derive(Debug, Default)]
pub(super) struct Samples {
    start_ms: Option<i64>,
    last_ms: i64,
    overflow: bool,
    time_s: Vec<f64>,
    distance_m: Channel,
    speed_mps: Channel,
    hr_bpm: Channel,
    power_w: Channel,
    cadence: Channel,
    altitude_m: Channel,
    latitude: Channel,
    longitude: Channel,
    temperature_c: Channel,
}

impl Samples {
    /// Keeps a sample, merges it with the last one, or drops it.
    pub(super) fn add(&mut self, sample: &Sample) {
        let sample = &sample.believable();
        let Some(start_ms) = self.start_ms else {
            self.start_ms = Some(sample.time_ms);
            self.last_ms = sample.time_ms;
            self.append(0.0, sample);
            return;
        };
        let step = sample.time_ms.saturating_sub(self.last_ms);
        if step == 0 {
            self.merge(sample);
        } else if step > 0 && step <= MAX_LEAP_MS {
            if self.time_s.len() >= MAX_SAMPLES {
                self.overflow = true;
                return;
            }
            self.last_ms = sample.time_ms;
            self.append(
                moment::seconds(sample.time_ms.saturating_sub(start_ms)),
                sample,
            );
        }
    }

    fn append(&mut self, time_s: f64, sample: &Sample) {
        self.time_s.push(time_s);
        self.distance_m.push(sample.distance_m);
        self.speed_mps.push(sample.speed_mps);
        self.hr_bpm.push(sample.hr_bpm);
        self.power_w.push(sample.power_w);
        self.cadence.push(sample.cadence);
        self.altitude_m.push(sample.altitude_m);
        self.latitude
            .push(sample.position.map(|(latitude, _)| latitude));
        self.longitude
            .push(sample.position.map(|(_, longitude)| longitude));
        self.temperature_c.push(sample.temperature_c);
    }

    fn merge(&mut self, sample: &Sample) {
        let index = self.time_s.len().saturating_sub(1);
        for (channel, value) in [
            (&mut self.distance_m, sample.distance_m),
            (&mut self.speed_mps, sample.speed_mps),
            (&mut self.hr_bpm, sample.hr_bpm),
            (&mut self.power_w, sample.power_w),
            (&mut self.cadence, sample.cadence),
            (&mut self.altitude_m, sample.altitude_m),
            (
                &mut self.latitude,
                sample.position.map(|(latitude, _)| latitude),
            ),
            (
                &mut self.longitude,
                sample.position.map(|(_, longitude)| longitude),
            ),
            (&mut self.temperature_c, sample.temperature_c),
        ] {
            if value.is_some() {
                channel.set(index, value);
            }
        }
    }

    /// The time of the first sample.
    pub(super) fn start_ms(&self) -> Option<i64> {
        self.start_ms
    }

    /// The recording of these samples; without any it begins at `reported_start_ms`.
    ///
    /// `None` when there is no believable start at all.
    pub(super) fn into_recording(
        self,
        format: Format,
        sport: Sport,
        reported_start_ms: Option<i64>,
    ) -> Option<Recording> {
        let start_utc = moment::utc(self.start_ms.or(reported_start_ms)?)?;
        Some(Recording {
            partial: self.overflow,
            time_s: self.time_s,
            distance_m: self.distance_m,
            speed_mps: self.speed_mps,
            hr_bpm: self.hr_bpm,
            power_w: self.power_w,
            cadence: self.cadence,
            altitude_m: self.altitude_m,
            latitude: self.latitude,
            longitude: self.longitude,
            temperature_c: self.temperature_c,
            ..Recording::empty(format, sport, start_utc)
        })
    }
}

/// A heart rate, unless it is one of the values that straps send for "no contact".
pub(super) fn heart_rate(bpm: f64) -> Option<f64> {
    (bpm > 0.0 && bpm < 255.0).then_some(bpm)
}

/// A fix in degrees, unless it is none: (0, 0) is what receivers report before the first one.
pub(super) fn position(latitude: f64, longitude: f64) -> Option<(f64, f64)> {
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let null_island = latitude.abs() < 1e-9 && longitude.abs() < 1e-9;
    (on_earth && !null_island).then_some((latitude, longitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time_ms: i64) -> Sample {
        Sample {
            time_ms,
            ..Sample::default()
        }
    }

    fn recording(samples: &[Sample]) -> Recording {
        let mut kept = Samples::default();
        for sample in samples {
            kept.add(sample);
        }
        kept.into_recording(Format::Fit, Sport::Run, None).unwrap()
    }

    #[test]
    fn equal_times_are_merged_and_the_last_value_wins() {
        let first = Sample {
            hr_bpm: Some(100.0),
            power_w: Some(5.0),
            ..at(1000)
        };
        let second = Sample {
            hr_bpm: Some(101.0),
            distance_m: Some(3.0),
            ..at(1000)
        };
        let merged = recording(&[first, second]);
        assert_eq!(merged.samples(), 1);
        assert_eq!(merged.hr_bpm.get(0), Some(101.0));
        assert_eq!(merged.power_w.get(0), Some(5.0));
        assert_eq!(merged.distance_m.get(0), Some(3.0));
    }

    #[test]
    fn samples_back_in_time_and_after_a_leap_are_dropped() {
        let kept = recording(&[
            at(5_000),
            at(7_000),
            at(6_000),
            at(7_000 + MAX_LEAP_MS + 1),
            at(8_000),
        ]);
        assert_eq!(kept.time_s, [0.0, 2.0, 3.0]);
    }

    #[test]
    fn values_beyond_belief_are_absent() {
        let wild = recording(&[Sample {
            power_w: Some(65_000.0),
            altitude_m: Some(1e9),
            distance_m: Some(-1.0),
            speed_mps: Some(0.0),
            ..at(1000)
        }]);
        assert_eq!(wild.samples(), 1);
        assert_eq!(wild.power_w.get(0), None);
        assert_eq!(wild.altitude_m.get(0), None);
        assert_eq!(wild.distance_m.get(0), None);
        assert_eq!(wild.speed_mps.get(0), Some(0.0));
    }

    #[test]
    fn the_null_island_and_what_lies_off_the_earth_are_no_fixes() {
        assert_eq!(position(0.0, 0.0), None);
        assert_eq!(position(91.0, 0.0), None);
        assert_eq!(position(0.0, 180.5), None);
        assert_eq!(position(f64::NAN, 1.0), None);
        assert_eq!(position(0.0, 10.0), Some((0.0, 10.0)));
    }
}
