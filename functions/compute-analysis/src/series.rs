//! The samples, thinned out for drawing.

use domain::recording::Channel;
use domain::signal::Signal;
use domain::signal::grade::Profile;
use domain::signal::grid::is_measured;
use domain::signal::number::mean;
use serde::Serialize;
use std::ops::Range;

/// The most samples that are kept as they are.
const ALL_UP_TO: usize = 1200;

/// How many points the thinning chooses, besides the ends and the extremes.
const BUCKETS: usize = 1000;

/// Arrays of equal length; a channel that was not recorded has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// How points were chosen: `all`, or `lttb`.
    ///
    /// `lttb` is Largest-Triangle-Three-Buckets (Steinarsson 2013) over the sum of all channels'
    /// triangles, each channel scaled to its range; the first and the last sample and every
    /// channel's extremes are kept too.
    pub method: &'static str,
    /// Seconds from the recording's start.
    pub time_s: Vec<f64>,
    /// Metres from the recording's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<Vec<Option<f64>>>,
    /// Metres per second, as the device smoothed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<Vec<Option<f64>>>,
    /// Beats per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_bpm: Option<Vec<Option<f64>>>,
    /// Watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w: Option<Vec<Option<f64>>>,
    /// Steps, revolutions or strokes per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence: Option<Vec<Option<f64>>>,
    /// Metres above sea level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude_m: Option<Vec<Option<f64>>>,
    /// Grade in per cent over 50 m around the point, limited to ±45 (rule A1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_pct: Option<Vec<Option<f64>>>,
}

/// Chooses at most some 1000 points, the same for every channel.
pub(crate) fn series(signal: &Signal<'_>) -> Series {
    let recording = signal.recording;
    let times = recording.time_s.as_slice();
    let metres = signal.distance.as_ref().map(|distance| distance.metres());
    let distance: Channel = metres
        .unwrap_or_default()
        .iter()
        .copied()
        .map(Some)
        .collect();
    let channels = [
        &distance,
        &recording.speed_mps,
        &recording.hr_bpm,
        &recording.power_w,
        &recording.cadence,
        &recording.altitude_m,
    ];
    let chosen: Vec<usize> = if times.len() <= ALL_UP_TO {
        (0..times.len()).collect()
    } else {
        thinned(times, &channels)
    };
    let values = |channel: &Channel| {
        let at = |index: &usize| channel.get(*index);
        channel
            .has_values()
            .then(|| chosen.iter().map(at).collect())
    };
    let effort = |channel: &Channel| is_measured(channel).then(|| values(channel)).flatten();
    Series {
        method: if times.len() <= ALL_UP_TO {
            "all"
        } else {
            "lttb"
        },
        time_s: chosen
            .iter()
            .filter_map(|index| times.get(*index).copied())
            .collect(),
        distance_m: values(&distance),
        speed_mps: values(&recording.speed_mps),
        hr_bpm: values(&recording.hr_bpm),
        power_w: effort(&recording.power_w),
        cadence: effort(&recording.cadence),
        altitude_m: values(&recording.altitude_m),
        grade_pct: grades(signal, &chosen),
    }
}

/// The grade at samples in ascending order, where distance and altitude are known.
fn grades(signal: &Signal<'_>, samples: &[usize]) -> Option<Vec<Option<f64>>> {
    let distance = signal.distance.as_ref();
    let profile = Profile::of(signal.recording, distance).ok()?;
    let metres = distance?.metres();
    let mut grades = profile.grades();
    let per_cent = samples
        .iter()
        .map(|sample| Some(grades.at(*metres.get(*sample)?) * 100.0));
    Some(per_cent.collect())
}

/// A channel's first least and first greatest value, each with its index.
struct Extremes {
    least: (usize, f64),
    greatest: (usize, f64),
}

impl Extremes {
    fn of(channel: &Channel) -> Option<Self> {
        let known = channel.iter().enumerate();
        let mut known = known.filter_map(|(index, value)| Some((index, value?)));
        let first = known.next()?;
        let mut extremes = Self {
            least: first,
            greatest: first,
        };
        for next in known {
            if next.1 < extremes.least.1 {
                extremes.least = next;
            }
            if next.1 > extremes.greatest.1 {
                extremes.greatest = next;
            }
        }
        Some(extremes)
    }
}

/// One channel scaled so that no unit outweighs another.
struct Scaled<'a> {
    channel: &'a Channel,
    scale: f64,
}

impl<'a> Scaled<'a> {
    fn of(channel: &'a Channel, extremes: &Extremes) -> Option<Self> {
        let (least, greatest) = (extremes.least.1, extremes.greatest.1);
        let scale = 1.0 / (greatest - least);
        (greatest > least && scale.is_finite()).then_some(Self { channel, scale })
    }

    fn at(&self, index: usize) -> Option<f64> {
        self.channel.get(index).map(|value| value * self.scale)
    }

    fn range(&self, bucket: Range<usize>) -> impl Iterator<Item = Option<f64>> {
        let values = self.channel.range(bucket);
        values.map(|value| value.map(|value| value * self.scale))
    }
}

/// Indices of the ends, the extremes and one point per bucket, ascending.
fn thinned(times: &[f64], channels: &[&Channel]) -> Vec<usize> {
    let mut chosen = vec![0, times.len() - 1];
    let mut scaled = Vec::with_capacity(channels.len());
    for channel in channels {
        if let Some(extremes) = Extremes::of(channel) {
            chosen.extend([extremes.least.0, extremes.greatest.0]);
            scaled.extend(Scaled::of(channel, &extremes));
        }
    }
    let inner = times.len() - 2;
    // Bucket `k` spans the samples between both ends; one past the last is the last sample.
    let bucket = |k: usize| {
        let bound = |k: usize| 1 + (k * inner / BUCKETS).min(inner);
        if k < BUCKETS {
            bound(k)..bound(k + 1)
        } else {
            times.len() - 1..times.len()
        }
    };
    let times_in = |bucket: Range<usize>| times.get(bucket).unwrap_or_default();
    let mut previous = 0;
    let mut areas = Vec::new();
    for k in 0..BUCKETS {
        let (here, next) = (bucket(k), bucket(k + 1));
        let next_time = mean(times_in(next.clone()).iter().copied());
        let Some((t0, t2)) = times.get(previous).copied().zip(next_time) else {
            break;
        };
        areas.clear();
        areas.resize(here.len(), 0.0);
        for channel in &scaled {
            let next_value = mean(channel.range(next.clone()).flatten());
            let Some((v0, v2)) = channel.at(previous).zip(next_value) else {
                continue;
            };
            let points = times_in(here.clone())
                .iter()
                .zip(channel.range(here.clone()));
            for (area, (t1, v1)) in areas.iter_mut().zip(points) {
                if let Some(v1) = v1 {
                    *area += ((t0 - t2) * (v1 - v0) - (t0 - t1) * (v2 - v0)).abs();
                }
            }
        }
        let best = here.zip(areas.iter().copied());
        if let Some((index, _)) =
            best.reduce(|best, next| if next.1 > best.1 { next } else { best })
        {
            chosen.push(index);
            previous = index;
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Recording};
    use domain::signal::number::from_count;
    use domain::sport::Sport;

    fn recorded(samples: usize) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = (0..samples).map(from_count).collect();
        recording.hr_bpm = (0..samples)
            .map(|second| (second % 7 != 3).then(|| 120.0 + from_count(second * second % 61)))
            .collect();
        recording.power_w = (0..samples)
            .map(|second| Some(from_count(second % 2) * 200.0))
            .collect();
        recording
    }

    #[test]
    fn a_short_recording_is_kept_whole() {
        let recording = recorded(ALL_UP_TO);
        let series = series(&Signal::of(&recording).unwrap());
        assert_eq!((series.method, series.time_s.len()), ("all", ALL_UP_TO));
        assert_eq!(series.altitude_m, None);
    }

    /// P-65
    #[test]
    fn a_long_recording_keeps_its_ends_and_its_extremes() {
        let mut recording = recorded(10_000);
        recording.hr_bpm.set(4321, Some(199.0));
        recording.power_w.set(8765, Some(1500.0));
        let series = series(&Signal::of(&recording).unwrap());
        let length = series.time_s.len();
        assert!(
            (BUCKETS..=BUCKETS + 14).contains(&length),
            "{length} points"
        );
        assert_eq!(series.time_s.first(), Some(&0.0));
        assert_eq!(series.time_s.last(), Some(&9999.0));
        assert!(series.time_s.windows(2).all(|pair| pair[0] < pair[1]));
        let (hr, power) = (series.hr_bpm.unwrap(), series.power_w.unwrap());
        assert_eq!((hr.len(), power.len()), (length, length));
        assert!(hr.contains(&Some(199.0)));
        assert!(power.contains(&Some(1500.0)));
    }

    #[test]
    fn a_climb_has_its_grade_and_a_level_road_none() {
        let mut recording = recorded(200);
        assert_eq!(series(&Signal::of(&recording).unwrap()).grade_pct, None);
        recording.distance_m = (0..200).map(|s| Some(from_count(s) * 10.0)).collect();
        recording.altitude_m = (0..200).map(|s| Some(from_count(s) * 0.5)).collect();
        let grades = series(&Signal::of(&recording).unwrap()).grade_pct.unwrap();
        assert_eq!(grades.len(), 200);
        let all_five = grades
            .iter()
            .flatten()
            .all(|grade| (grade - 5.0).abs() < 1e-9);
        assert!(all_five, "{grades:?}");
    }
}
