//! When the heart rate of a session against its plan can be compared, and when not.

use crate::execution::{analysed, explanation, near, ride, step};
use chrono::DateTime;
use domain::recording::{Format, Recording};
use domain::signal::number::from_count;
use domain::sport::Sport;
use serde_json::{Value, json};
use support::oracle::{Failure, at};

/// P-66
#[test]
fn a_heart_rate_that_cannot_be_compared_says_why() -> Result<(), Failure> {
    let whole = |second: usize| Some(120.0 + from_count(second % 60));
    let repeats = json!([{"repeat": 3, "steps": [step("work", 300), step("recovery", 60)]}]);
    let short = json!([{"repeat": 60, "steps": [step("work", 9), step("recovery", 9)]}]);
    let hurried = json!([{"repeat": 60, "steps": [step("work", 30), step("rest", 9)]}]);
    let once = json!([step("work", 1080)]);
    let pyramid = json!([step("work", 500), step("work", 580)]);
    let easy = json!([step("warmup", 500), step("cooldown", 580)]);
    let lost = |second: usize| (second < 5).then_some(120.0);
    let cases: [(&Value, Recording, &str, &str); 7] = [
        (
            &repeats,
            ride(1080, |_| None),
            "no_heart_rate",
            "no_heart_rate",
        ),
        (&repeats, ride(1080, lost), "too_short", "too_short"),
        (&short, ride(1080, whole), "too_short", "too_short"),
        (&once, ride(1080, whole), "too_short", "not_planned"),
        (&pyramid, ride(1080, whole), "not_planned", "not_planned"),
        (&easy, ride(1080, whole), "not_planned", "not_planned"),
        (&hurried, ride(2340, whole), "", "too_short"),
    ];
    for (steps, recording, drift, recovery) in cases {
        let analysis = analysed(&recording, steps)?;
        let reason = |key| {
            analysis["reasons"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let said = [
            reason("execution.heart_rate.drift"),
            reason("execution.heart_rate.recovery"),
        ];
        assert_eq!(said, [drift, recovery], "{steps}");
        for reason in said.iter().filter(|reason| !reason.is_empty()) {
            let words = format!("({})", reason.replace('_', " "));
            assert!(explanation(&analysis).contains(&words), "{analysis}");
        }
    }
    let reported = Recording::empty(Format::Json, Sport::Ride, DateTime::UNIX_EPOCH);
    let analysis = analysed(&reported, &once)?;
    assert_eq!(
        analysis["reasons"]["execution.heart_rate.drift"],
        "no_samples"
    );
    Ok(())
}

/// P-66
#[test]
fn short_steady_work_leaves_out_its_first_minutes_only() -> Result<(), Failure> {
    // A beat more every minute.
    let rising = |second: usize| Some(120.0 + from_count(second) / 60.0);
    for (minutes, expected) in [(20, 7.0), (24, 11.0), (25, 5.0), (30, 10.0)] {
        let analysis = analysed(
            &ride(minutes * 60, rising),
            &json!([step("work", minutes * 60)]),
        )?;
        let drift = at(&analysis, "/execution/heart_rate/drift/bpm");
        near(drift, expected, 1e-9, &format!("{minutes} min"));
    }
    Ok(())
}
