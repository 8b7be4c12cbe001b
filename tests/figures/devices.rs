//! How far our figures lie from those that the devices stored of the same sessions.
//!
//! A device is no oracle: it counts other seconds, smooths altitude in its own way and rounds. But
//! a figure that lies far off in the middle of many devices is wrong here.
//! `cargo test -p tests --test figures devices -- --nocapture` prints the table.

use crate::oracle::computed;
use domain::decode::decode_file;
use domain::signal::session;
use serde_json::Value;
use support::oracle::{Failure, Oracle, at, bytes};

/// A device's key, where ours is, the unit of the difference, and the greatest median allowed.
const FIGURES: [(&str, &str, Difference, f64); 6] = [
    (
        "total_distance",
        "/overall/distance_m",
        Difference::Percent,
        0.1,
    ),
    (
        "total_timer_time",
        "/overall/timer_s",
        Difference::Seconds,
        1.0,
    ),
    (
        "total_ascent",
        "/overall/elevation_gain_m",
        Difference::Percent,
        10.0,
    ),
    (
        "avg_heart_rate",
        "/overall/avg_hr_bpm",
        Difference::Percent,
        0.5,
    ),
    (
        "avg_power",
        "/overall/avg_power_w",
        Difference::Percent,
        1.0,
    ),
    (
        "normalized_power",
        "/metrics/normalized_power_w",
        Difference::Percent,
        1.0,
    ),
];

#[derive(Debug, Clone, Copy)]
enum Difference {
    Percent,
    Seconds,
}

impl Difference {
    fn of(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::Percent => 100.0 * (ours - theirs) / theirs,
            Self::Seconds => ours - theirs,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Seconds => "s",
        }
    }
}

/// The sessions of every whole file: its name, the device's figures and ours.
fn sessions() -> Result<Vec<(String, Value, Value)>, Failure> {
    let oracle = Oracle::read()?;
    let mut all = Vec::new();
    for (file, expected) in oracle.files() {
        let Some(theirs) = expected["device_sessions"].as_array() else {
            continue;
        };
        let recording = decode_file(&bytes(file)?)?;
        // A damaged file's totals speak of samples that are gone.
        if recording.partial {
            continue;
        }
        let parts = session::cut(&recording);
        let ours = if parts.is_empty() {
            vec![recording]
        } else {
            parts
        };
        assert_eq!(ours.len(), theirs.len(), "{file}");
        for (part, theirs) in ours.into_iter().zip(theirs) {
            let figures = computed(part, oracle.athlete())?;
            all.push((file.to_owned(), theirs.clone(), figures));
        }
    }
    Ok(all)
}

#[test]
fn the_middle_of_the_devices_agrees_with_us() -> Result<(), Failure> {
    let sessions = sessions()?;
    for (key, path, difference, most) in FIGURES {
        let mut found: Vec<(f64, &str)> = sessions
            .iter()
            .filter_map(|(file, theirs, ours)| {
                let theirs = theirs[key].as_f64().filter(|value| *value > 0.0)?;
                let off = difference.of(at(ours, path).as_f64()?, theirs);
                Some((off, file.as_str()))
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        let (median, _) = found[found.len() / 2];
        let (worst, file) = found[found.len() - 1];
        let unit = difference.unit();
        eprintln!(
            "{key}: {} sessions, median {median:+.2} {unit}, worst {worst:+.2} {unit} ({file})",
            found.len()
        );
        assert!(median.abs() <= most, "{key}: {median} {unit}");
    }
    Ok(())
}
