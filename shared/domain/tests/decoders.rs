//! Every real file against what was measured on it, and damaged copies of them.

use domain::{
    decode::{DecodeError, decode_file},
    recording::{self, Recording},
    sport::Sport,
};
use serde_json::Value;
use std::path::Path;

type Outcome = Result<(), Box<dyn std::error::Error>>;
type File = (String, Value, Value, Recording);

fn read(name: &str) -> Result<Vec<u8>, std::io::Error> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/activities"
    );
    std::fs::read(Path::new(folder).join(name))
}

fn json(name: &str) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_slice(&read(name)?)?)
}

/// The name, the expectation, the manifest's entry and the decoded recording of every file.
fn all() -> Result<Vec<File>, Box<dyn std::error::Error>> {
    let expected = json("EXPECTED.json")?;
    let manifest = json("MANIFEST.json")?;
    let files = manifest.get("files").and_then(Value::as_array);
    let mut all = Vec::new();
    for entry in files.ok_or("no files")? {
        let name = entry.get("file").and_then(Value::as_str).ok_or("no name")?;
        let recording = decode_file(&read(name)?)?;
        let expectation = expected.get("files").and_then(|files| files.get(name));
        let expectation = expectation.ok_or("no expectation")?.clone();
        all.push((name.to_owned(), expectation, entry.clone(), recording));
    }
    Ok(all)
}

/// The profile's words for sport and sub-sport, as the manifest has them, in ours.
fn sport(sport: &str, sub_sport: &str) -> (Sport, Option<String>) {
    let ours = match sport {
        "cycling" => Sport::Ride,
        "running" => Sport::Run,
        "swimming" => Sport::Swim,
        "training" if sub_sport == "strength_training" => Sport::Strength,
        "transition" => return (Sport::Other, Some("transition".into())),
        joined if joined.contains('+') => return (Sport::Multisport, None),
        unknown => return (Sport::Other, Some(unknown.to_owned())),
    };
    let sub_sport = (!["", "generic"].contains(&sub_sport)).then(|| sub_sport.to_owned());
    (ours, sub_sport)
}

fn near(value: Option<f64>, expected: &Value, tolerance: f64) -> bool {
    match (value, expected.as_f64()) {
        (None, None) => true,
        (Some(value), Some(expected)) => (value - expected).abs() <= tolerance,
        (_, _) => false,
    }
}

fn max(channel: &recording::Channel) -> Option<f64> {
    channel.values().reduce(f64::max)
}

fn min(channel: &recording::Channel) -> Option<f64> {
    channel.values().reduce(f64::min)
}

#[test]
fn every_file_has_the_expected_samples_start_and_length() -> Outcome {
    for (name, expectation, entry, recording) in all()? {
        let overall = &expectation["overall"];
        assert_eq!(overall["samples"], recording.samples(), "{name}");
        let start = recording
            .start_utc
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(overall["start_utc"], start, "{name}");
        assert!(
            near(recording.elapsed_s(), &overall["elapsed_s"], 1e-9),
            "{name}"
        );
        let truncated = name == "corrupt_sigma_truncated.fit";
        assert_eq!(recording.partial, truncated, "{name}");
        let (sport, sub_sport) = sport(
            entry["sport"].as_str().ok_or("no sport")?,
            entry["sub_sport"].as_str().unwrap_or_default(),
        );
        assert_eq!(
            (recording.sport, &recording.sub_sport),
            (sport, &sub_sport),
            "{name}"
        );
    }
    Ok(())
}

#[test]
fn every_channel_has_the_expected_values() -> Outcome {
    for (name, expectation, entry, recording) in all()? {
        let overall = &expectation["overall"];
        let hr_tolerance = if entry["hr_messages"] == 0 { 0.0 } else { 0.03 };
        for (value, field) in [
            (max(&recording.hr_bpm), "max_hr"),
            (min(&recording.hr_bpm), "min_hr"),
        ] {
            let tolerance = overall[field].as_f64().unwrap_or_default() * hr_tolerance;
            assert!(
                near(value, &overall[field], tolerance),
                "{name} {field} {value:?}"
            );
        }
        // Where no pedal was ever pushed, the expectation has no greatest power.
        let power = max(&recording.power_w).filter(|&watts| watts > 0.0);
        assert!(near(power, &overall["max_power"], 0.0), "{name}");
        if overall["alt_max"].is_number() {
            assert!(
                near(max(&recording.altitude_m), &overall["alt_max"], 0.05),
                "{name}"
            );
            assert!(
                near(min(&recording.altitude_m), &overall["alt_min"], 0.05),
                "{name}"
            );
        }
        if recording.sport != Sport::Multisport {
            let legs = if recording.sport.is_on_foot() {
                2.0
            } else {
                1.0
            };
            let cadence = max(&recording.cadence).map(|cadence| cadence / legs);
            assert!(
                near(cadence, &overall["max_cadence"], 0.05),
                "{name} {cadence:?}"
            );
        }
        for (channel, field) in [
            (&recording.hr_bpm, "hr"),
            (&recording.power_w, "power"),
            (&recording.cadence, "cadence"),
            (&recording.altitude_m, "alt"),
            (&recording.latitude, "lat"),
            (&recording.longitude, "lat"),
            (&recording.distance_m, "dist"),
            (&recording.speed_mps, "speed"),
            (&recording.temperature_c, "temp"),
        ] {
            let mut expected = entry["channel_counts"][field].as_u64().unwrap_or(0);
            if name == "corrupt_sigma_truncated.fit" && field == "hr" {
                // The manifest counts four samples whose heart rate is 0, which means absent.
                expected -= 4;
            }
            assert_eq!(channel.values().count() as u64, expected, "{name} {field}");
            assert_eq!(channel.len(), recording.samples(), "{name} {field}");
        }
    }
    Ok(())
}

#[test]
fn every_file_has_the_expected_laps_and_sessions() -> Outcome {
    for (name, expectation, entry, recording) in all()? {
        assert_eq!(entry["laps"], recording.laps.len(), "{name}");
        let sessions = expectation["sessions"].as_array();
        assert_eq!(
            recording.sessions.len(),
            sessions.map_or(0, Vec::len),
            "{name}"
        );
        let start_s = |moment: &Value| -> Result<f64, Box<dyn std::error::Error>> {
            let moment = moment.as_str().ok_or("no start")?;
            let start = chrono::DateTime::parse_from_rfc3339(moment)?.to_utc();
            Ok((start - recording.start_utc).as_seconds_f64())
        };
        for (session, expected) in recording
            .sessions
            .iter()
            .zip(sessions.into_iter().flatten())
        {
            let (sport, sub_sport) = sport(
                expected["sport"].as_str().ok_or("no sport")?,
                expected["sub_sport"].as_str().unwrap_or_default(),
            );
            assert_eq!(
                (session.sport, &session.sub_sport),
                (sport, &sub_sport),
                "{name}"
            );
            // The expectation's start is the session's first sample.
            assert!(
                (start_s(&expected["start_utc"])? - session.start_s).abs() <= 6.0,
                "{name}"
            );
        }
    }
    Ok(())
}

#[test]
fn timer_events_add_up_to_the_expected_timer_time() -> Outcome {
    for (name, expectation, _, recording) in all()? {
        let overall = &expectation["overall"];
        let mut since = None;
        let mut timer_s = 0.0;
        for event in &recording.timer_events {
            match (event.running, since) {
                (true, None) => since = Some(event.time_s),
                (false, Some(start)) => {
                    timer_s += event.time_s - start;
                    since = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        if let (Some(start), Some(elapsed)) = (since, recording.elapsed_s()) {
            timer_s += elapsed - start;
        }
        let timer_s = (!recording.timer_events.is_empty()).then_some(timer_s);
        assert!(
            near(timer_s, &overall["timer_s"], 2.0),
            "{name} {timer_s:?}"
        );
    }
    Ok(())
}

#[test]
fn beats_sent_apart_are_merged_as_the_devices_maker_does() -> Outcome {
    let name = "triathlon_fr935_smart.fit";
    let recording = decode_file(&read(name)?)?;
    let expected = &json("EXPECTED.json")?["files"][name]["sessions"];
    let starts: Vec<f64> = recording.sessions.iter().map(|s| s.start_s).collect();
    for (index, session) in expected.as_array().ok_or("no sessions")?.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(f64::MAX);
        let rates: Vec<f64> = recording
            .time_s
            .iter()
            .zip(recording.hr_bpm.iter())
            .filter(|(time, _)| (starts[index]..end).contains(*time))
            .filter_map(|(_, rate)| rate)
            .collect();
        assert_eq!(session["samples"], rates.len(), "{index}");
        let greatest = rates.iter().copied().reduce(f64::max);
        let least = rates.iter().copied().reduce(f64::min);
        assert!(
            near(greatest, &session["max_hr"], 0.0),
            "{index} {greatest:?}"
        );
        assert!(near(least, &session["min_hr"], 0.0), "{index} {least:?}");
    }
    Ok(())
}

#[test]
fn the_swim_has_its_lengths() -> Outcome {
    let recording = decode_file(&read("swim_pool_fenix6.fit")?)?;
    let expected = &json("EXPECTED.json")?["files"]["swim_pool_fenix6.fit"]["swim"];
    let active = || recording.lengths.iter().filter(|length| length.active);
    assert_eq!(expected["lengths_active"], active().count());
    let idle = recording.lengths.len() - active().count();
    assert_eq!(expected["lengths_idle"], idle);
    let time = active().map(|length| length.timer_s).sum();
    assert!(near(Some(time), &expected["swim_time_s"], 0.01));
    let strokes: u32 = active().filter_map(|l| l.strokes).map(u32::from).sum();
    assert_eq!(expected["total_strokes"], strokes);
    assert!(near(
        recording.pool_length_m,
        &expected["pool_length_m"],
        0.0
    ));
    Ok(())
}

#[test]
fn the_strength_workout_has_its_sets() -> Outcome {
    let recording = decode_file(&read("strength_fr965.fit")?)?;
    let expected = &json("EXPECTED.json")?["files"]["strength_fr965.fit"]["strength"];
    let active = || recording.sets.iter().filter(|set| set.active);
    assert_eq!(expected["sets_total"], recording.sets.len());
    assert_eq!(expected["sets_active"], active().count());
    let reps: u32 = active().filter_map(|set| set.reps).map(u32::from).sum();
    assert_eq!(expected["reps_total"], reps);
    let volume = active()
        .filter_map(|set| Some(f64::from(set.reps?) * set.weight_kg?))
        .sum();
    assert!(near(Some(volume), &expected["volume_kg"], 0.01));
    let seconds = active().filter_map(|set| set.duration_s).sum();
    assert!(near(Some(seconds), &expected["active_s"], 0.01));
    assert_eq!(
        active().next().and_then(|set| set.category.as_deref()),
        None
    );
    let second = active().nth(1).and_then(|set| set.category.as_deref());
    assert_eq!(second, Some("sit_up"));
    Ok(())
}

#[test]
fn the_devices_totals_are_kept_for_whole_files_only() -> Outcome {
    let whole = decode_file(&read("indoor_bike_fr965.fit")?)?;
    assert_eq!(whole.totals.distance_m, Some(11_845.34));
    assert_eq!(whole.totals.avg_power_w, Some(163.0));
    assert_eq!(whole.totals.calories_kcal, Some(340.0));
    let bytes = read("indoor_bike_fr965.fit")?;
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    let flipped = decode_file(&flipped)?;
    assert!(flipped.partial);
    assert_eq!(flipped.totals, recording::Totals::default());
    Ok(())
}

#[test]
fn two_files_of_one_ride_agree() -> Outcome {
    let fit = decode_file(&read("ride_hr_fr935.fit")?)?;
    let tcx = decode_file(&read("ride_hr_fr935.tcx")?)?;
    assert_eq!(fit.time_s, tcx.time_s);
    assert_eq!(fit.hr_bpm, tcx.hr_bpm);
    assert_eq!(fit.altitude_m, tcx.altitude_m);
    assert_eq!(fit.distance_m, tcx.distance_m);
    for (a, b) in fit.laps.iter().zip(&tcx.laps) {
        assert!((a.start_s - b.start_s).abs() <= 1.0 && (a.end_s - b.end_s).abs() <= 1.5);
    }
    Ok(())
}

#[test]
fn every_recording_is_the_same_after_storage() -> Outcome {
    for (name, _, _, recording) in all()? {
        let stored = recording::encode(&recording);
        let read = recording::decode(&stored)?;
        assert_eq!(read, recording, "{name}");
        assert_eq!(recording::encode(&read), stored, "{name}");
    }
    Ok(())
}

#[test]
fn a_chained_file_is_read_to_its_end() -> Outcome {
    let bytes = read("swim_pool_fenix6.fit")?;
    let once = decode_file(&bytes)?;
    // The same file again brings no newer samples, but its lengths are there twice.
    let twice = decode_file(&[bytes.as_slice(), &bytes].concat())?;
    assert_eq!(twice.samples(), once.samples());
    assert_eq!(twice.lengths.len(), 2 * once.lengths.len());
    assert!(!twice.partial);
    let padded = decode_file(&[bytes.as_slice(), &[0; 7]].concat())?;
    assert_eq!(padded, once);
    Ok(())
}

#[test]
fn a_file_whose_device_died_before_writing_its_length_is_read() -> Outcome {
    let mut bytes = read("swim_pool_fenix6.fit")?;
    bytes[4..8].fill(0);
    let recording = decode_file(&bytes)?;
    assert!(recording.partial);
    assert_eq!(recording.samples(), 1762);
    Ok(())
}

#[test]
fn a_bare_header_is_undecodable() {
    let header = b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT\x00\x00";
    assert_eq!(decode_file(header), Err(DecodeError::Undecodable));
}

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % limit
    }
}

#[test]
fn damaged_copies_never_panic_and_keep_the_samples_in_order() -> Outcome {
    let mut random = Random(0x5eed_1234_5678_9abc);
    let mut sources = Vec::new();
    for name in [
        "swim_pool_fenix6.fit",
        "strength_fr965.fit",
        "indoor_bike_fr965.fit",
        "triathlon_fr935_smart.fit",
    ] {
        sources.push(read(name)?);
    }
    for name in ["ride_hr_fr935.tcx", "ride_power_edge1000_strava.gpx"] {
        sources.push(read(name)?[..40_000].to_vec());
    }
    for round in 0..300 {
        let mut bytes = sources[round % sources.len()].clone();
        if random.below(3) == 0 {
            bytes.truncate(random.below(bytes.len()));
        } else {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] ^= u8::try_from(1 + random.below(255))?;
            }
        }
        if let Ok(recording) = decode_file(&bytes) {
            assert!(recording.time_s.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!(recording.hr_bpm.len(), recording.samples());
            let stored = recording::encode(&recording);
            assert_eq!(recording::decode(&stored)?, recording);
        }
    }
    Ok(())
}
