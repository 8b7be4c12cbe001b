//! What several sources of one session say together.

use crate::recording::{Channel, Lap, Length, Recording, StrengthSet, Totals};
use std::collections::BTreeMap;

/// How far a sample of another source may lie from the moment that it stands for, in seconds. Devices
/// record once a second, or every few seconds when they save space.
const NEAR_S: f64 = 5.0;

/// Which provider each part of a merged recording comes from, by the name of the part.
pub type Provenance = BTreeMap<String, String>;

/// One source's recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Who tells it.
    pub(super) provider: String,
    /// What it tells.
    pub(super) recording: Recording,
}

/// A channel of a recording, by the name under which it is shown.
type Named = (
    &'static str,
    fn(&Recording) -> &Channel,
    fn(&mut Recording) -> &mut Channel,
);

/// A figure of the totals, by the name under which it is shown.
type Total = (&'static str, fn(&mut Totals) -> &mut Option<f64>);

const CHANNELS: [Named; 7] = [
    ("distance_m", |r| &r.distance_m, |r| &mut r.distance_m),
    ("speed_mps", |r| &r.speed_mps, |r| &mut r.speed_mps),
    ("hr_bpm", |r| &r.hr_bpm, |r| &mut r.hr_bpm),
    ("power_w", |r| &r.power_w, |r| &mut r.power_w),
    ("cadence", |r| &r.cadence, |r| &mut r.cadence),
    ("altitude_m", |r| &r.altitude_m, |r| &mut r.altitude_m),
    (
        "temperature_c",
        |r| &r.temperature_c,
        |r| &mut r.temperature_c,
    ),
];

const TOTALS: [Total; 13] = [
    ("totals.elapsed_s", |t| &mut t.elapsed_s),
    ("totals.timer_s", |t| &mut t.timer_s),
    ("totals.distance_m", |t| &mut t.distance_m),
    ("totals.avg_hr_bpm", |t| &mut t.avg_hr_bpm),
    ("totals.max_hr_bpm", |t| &mut t.max_hr_bpm),
    ("totals.avg_power_w", |t| &mut t.avg_power_w),
    ("totals.max_power_w", |t| &mut t.max_power_w),
    ("totals.avg_cadence", |t| &mut t.avg_cadence),
    ("totals.max_speed_mps", |t| &mut t.max_speed_mps),
    ("totals.elevation_gain_m", |t| &mut t.elevation_gain_m),
    ("totals.elevation_loss_m", |t| &mut t.elevation_loss_m),
    ("totals.calories_kcal", |t| &mut t.calories_kcal),
    ("totals.rpe", |t| &mut t.rpe),
];

/// Puts the recordings of one session together, the lead first, and says whose each part is.
///
/// The samples are those of the first that has any. A channel that they lack comes from the next that
/// has it, at the times of the samples; what lies farther than five seconds from any of its samples
/// is absent. So do laps, lengths and totals; sets come from whoever knows the loads of most of them.
/// `None` for no recording at all.
pub(super) fn combine(parts: &[Part]) -> Option<(Recording, Provenance)> {
    let lead = parts.first()?;
    let base = parts
        .iter()
        .find(|part| part.recording.samples() > 0)
        .unwrap_or(lead);
    let mut provenance = Provenance::new();
    let mut whole = base.recording.clone();
    whole.sport = lead.recording.sport;
    whole.sub_sport.clone_from(&lead.recording.sub_sport);
    whole.utc_offset_s = parts.iter().find_map(|part| part.recording.utc_offset_s);
    note(&mut provenance, "sport", lead);
    if whole.samples() > 0 {
        note(&mut provenance, "samples", base);
    }

    for (name, read, write) in CHANNELS {
        let Some(owner) = owner(parts, base, |r| read(r).has_values()) else {
            continue;
        };
        note(&mut provenance, name, owner);
        if owner != base {
            *write(&mut whole) = moved(&base.recording, &owner.recording, read);
        }
    }
    // Half of a position is none, so both halves come from one source.
    if let Some(owner) = owner(parts, base, |r| r.latitude.has_values()) {
        note(&mut provenance, "position", owner);
        if owner != base {
            whole.latitude = moved(&base.recording, &owner.recording, |r| &r.latitude);
            whole.longitude = moved(&base.recording, &owner.recording, |r| &r.longitude);
        }
    }

    if let Some(owner) = owner(parts, base, |r| !r.laps.is_empty()) {
        note(&mut provenance, "laps", owner);
        let by = offset_s(&base.recording, &owner.recording);
        let shift = |lap: &Lap| Lap {
            start_s: lap.start_s + by,
            end_s: lap.end_s + by,
            ..lap.clone()
        };
        whole.laps = owner.recording.laps.iter().map(shift).collect();
    }
    if let Some(owner) = owner(parts, base, |r| !r.lengths.is_empty()) {
        note(&mut provenance, "lengths", owner);
        let by = offset_s(&base.recording, &owner.recording);
        let shift = |length: &Length| Length {
            start_s: length.start_s + by,
            ..length.clone()
        };
        whole.lengths = owner.recording.lengths.iter().map(shift).collect();
        whole.pool_length_m = owner.recording.pool_length_m;
    }
    if let Some(owner) = who_tells_the_sets(parts) {
        note(&mut provenance, "sets", owner);
        let by = offset_s(&base.recording, &owner.recording);
        let shift = |set: &StrengthSet| StrengthSet {
            start_s: set.start_s + by,
            ..set.clone()
        };
        whole.sets = owner.recording.sets.iter().map(shift).collect();
    }

    let mut totals = Totals::default();
    for (name, figure) in TOTALS {
        for part in parts {
            if let Some(value) = *figure(&mut part.recording.totals.clone()) {
                *figure(&mut totals) = Some(value);
                note(&mut provenance, name, part);
                break;
            }
        }
    }
    whole.totals = totals;
    Some((whole, provenance))
}

fn note(provenance: &mut Provenance, name: &str, part: &Part) {
    provenance.insert(name.to_owned(), part.provider.clone());
}

/// Whose part something is: that of the samples, else the first that has it.
fn owner<'a>(
    parts: &'a [Part],
    base: &'a Part,
    has: impl Fn(&Recording) -> bool,
) -> Option<&'a Part> {
    std::iter::once(base)
        .chain(parts)
        .find(|part| has(&part.recording))
}

/// Whose sets they are, as [`super::whose_sets`] says too.
fn who_tells_the_sets(parts: &[Part]) -> Option<&Part> {
    let telling = parts.iter().filter(|part| !part.recording.sets.is_empty());
    super::first_of_most(telling, |part| {
        let active = || part.recording.sets.iter().filter(|set| set.active);
        let sets = super::Sets {
            loaded: active().filter(|set| set.weight_kg.is_some()).count(),
            all: active().count(),
        };
        (&part.provider, sets)
    })
}

/// Seconds by which a recording began after the one of the samples.
fn offset_s(base: &Recording, other: &Recording) -> f64 {
    let apart = other.start_utc - base.start_utc;
    apart.as_seconds_f64()
}

/// A channel of another recording at the times of the samples.
fn moved(base: &Recording, other: &Recording, read: fn(&Recording) -> &Channel) -> Channel {
    let by = offset_s(base, other);
    let there: Vec<(f64, f64)> = other
        .time_s
        .iter()
        .zip(read(other).iter())
        .filter_map(|(time, value)| Some((time + by, value?)))
        .collect();
    let mut next = 0;
    base.time_s
        .iter()
        .map(|&time| {
            while there.get(next).is_some_and(|(at, _)| *at < time) {
                next += 1;
            }
            let before = next.checked_sub(1).and_then(|last| there.get(last));
            let nearest = [before, there.get(next)]
                .into_iter()
                .flatten()
                .map(|(at, value)| ((at - time).abs(), *value))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            nearest
                .filter(|(apart, _)| *apart <= NEAR_S)
                .map(|(_, value)| value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Format;
    use crate::sport::Sport;
    use chrono::{DateTime, TimeDelta, Utc};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn part(provider: &str, start: i64, time_s: &[f64]) -> Part {
        let mut recording = Recording::empty(Format::Json, Sport::Strength, at(start));
        recording.time_s = time_s.to_vec();
        for (_, _, write) in CHANNELS {
            *write(&mut recording) = Channel::absent(time_s.len());
        }
        recording.latitude = Channel::absent(time_s.len());
        recording.longitude = Channel::absent(time_s.len());
        Part {
            provider: provider.to_owned(),
            recording,
        }
    }

    fn set(start_s: f64, weight_kg: Option<f64>) -> StrengthSet {
        StrengthSet {
            start_s,
            duration_s: None,
            active: true,
            reps: Some(5),
            weight_kg,
            category: None,
            ..StrengthSet::default()
        }
    }

    #[test]
    fn nothing_is_combined_of_nothing() {
        assert_eq!(combine(&[]), None);
    }

    #[test]
    fn a_source_alone_says_what_it_says() {
        let mut alone = part("garmin", 0, &[0.0, 1.0]);
        alone.recording.hr_bpm = [Some(100.0), None].into_iter().collect();
        let (whole, provenance) = combine(std::slice::from_ref(&alone)).unwrap();
        assert_eq!(whole, alone.recording);
        assert!(provenance.values().all(|provider| provider == "garmin"));
    }

    #[test]
    fn a_watch_gives_heart_rate_and_an_app_gives_sets() {
        let mut app = part("hevy", 30, &[]);
        app.recording.sets = vec![set(10.0, Some(80.0)), set(200.0, Some(82.5))];
        app.recording.totals.rpe = Some(8.0);
        let mut watch = part("garmin", 0, &[0.0, 1.0, 2.0]);
        watch.recording.hr_bpm = [Some(100.0), Some(110.0), None].into_iter().collect();
        watch.recording.sets = vec![set(35.0, None), set(150.0, None), set(230.0, None)];
        watch.recording.totals.calories_kcal = Some(300.0);

        for order in [[app.clone(), watch.clone()], [watch.clone(), app.clone()]] {
            let (whole, provenance) = combine(&order).unwrap();
            assert_eq!(whole.hr_bpm, watch.recording.hr_bpm);
            let sets: Vec<_> = whole
                .sets
                .iter()
                .map(|s| (s.start_s, s.weight_kg))
                .collect();
            assert_eq!(sets, [(40.0, Some(80.0)), (230.0, Some(82.5))]);
            assert_eq!(whole.start_utc, at(0));
            assert_eq!(whole.totals.calories_kcal, Some(300.0));
            assert_eq!(whole.totals.rpe, Some(8.0));
            let whose = |name: &str| provenance.get(name).map(String::as_str);
            assert_eq!(whose("hr_bpm"), Some("garmin"));
            assert_eq!(whose("samples"), Some("garmin"));
            assert_eq!(whose("sets"), Some("hevy"));
            assert_eq!(whose("totals.calories_kcal"), Some("garmin"));
            assert_eq!(whose("power_w"), None);
        }
    }

    #[test]
    fn a_channel_of_another_clock_is_moved_and_not_stretched() {
        let base = part("strava", 100, &[0.0, 1.0, 2.0, 20.0]);
        let mut other = part("garmin", 98, &[0.0, 3.0, 4.0]);
        other.recording.power_w = [Some(150.0), None, Some(170.0)].into_iter().collect();
        let (whole, provenance) = combine(&[base, other]).unwrap();
        // At 98 s and 102 s of the day there is power; the samples are at 100, 101, 102 and 120 s.
        let watts: Vec<_> = whole.power_w.iter().collect();
        assert_eq!(watts, [Some(150.0), Some(170.0), Some(170.0), None]);
        assert_eq!(provenance.get("power_w").unwrap(), "garmin");
    }

    #[test]
    fn the_lead_says_what_both_say() {
        let mut lead = part("garmin", 0, &[0.0]);
        let mut other = part("strava", 0, &[0.0]);
        lead.recording.hr_bpm = [Some(100.0)].into_iter().collect();
        other.recording.hr_bpm = [Some(90.0)].into_iter().collect();
        lead.recording.totals.distance_m = Some(1000.0);
        other.recording.totals.distance_m = Some(990.0);
        let (whole, _) = combine(&[lead, other]).unwrap();
        assert_eq!(whole.hr_bpm.get(0), Some(100.0));
        assert_eq!(whole.totals.distance_m, Some(1000.0));
    }
}
