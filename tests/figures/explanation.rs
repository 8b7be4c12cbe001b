//! Every number of an explanation is one of the figures beside it.

use crate::execution::{analysed, explained, explanation, planned, ride, track_run};
use crate::properties::{plans, recordings};
use domain::athlete::Athlete;
use domain::plan::PlannedWorkout;
use domain::recording::Recording;
use domain::signal::number::from_count;
use domain::stage::StageInput;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::oracle::{Failure, at};

/// Most characters of an explanation, as `docs/openapi.yaml` says.
const LONGEST: usize = 1200;

/// What follows a number and says what it measures; the longer of two that begin alike first.
const UNITS: [&str; 9] = [
    "/km", "/100 m", "/min", " km/h", " W", " bpm", " %", " min", " m",
];
/// What comes before a number without a unit that is a score; any other one counts.
const SCORES: [&str; 3] = ["Score ", "length ", "intensity "];

/// A number of a text, with its unit: one of [`UNITS`], `score` or `count`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number<'t> {
    at: usize,
    text: &'t str,
    unit: &'t str,
}

/// How many bytes of a text are a number: digits, and what joins digits.
fn digits(text: &str) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        let is_part = c.is_ascii_digit()
            || (at == 0 && next && "+-".contains(c))
            || (at > 0 && next && ":.e".contains(c));
        if !is_part {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

fn unit<'t>(before: &str, after: &'t str) -> &'t str {
    if let Some(unit) = UNITS.iter().find(|unit| after.starts_with(**unit)) {
        return unit;
    }
    // Two numbers share the unit of the second.
    let joined = ["–", " of "]
        .iter()
        .find_map(|join| after.strip_prefix(join));
    if let Some(second) = joined {
        return unit("", &second[digits(second)..]);
    }
    let is_score = SCORES.iter().any(|name| before.ends_with(name));
    if is_score { "score" } else { "count" }
}

/// The numbers of a text, but for the hundred of a unit.
fn numbers(text: &str) -> Vec<Number<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let length = digits(&text[at..]);
        if length > 0 && !text[..at].ends_with('/') {
            let (number, after) = text[at..].split_at(length);
            let unit = unit(&text[..at], after);
            found.push(Number {
                at,
                text: number,
                unit,
            });
        }
        at += length.max(c.len_utf8());
    }
    found
}

/// The figures that a text may speak of, in the units of a text.
fn figures(value: &Value, found: &mut Vec<(&'static str, f64)>) {
    let quantity = value.get("quantity").and_then(Value::as_str);
    for (key, member) in value.as_object().into_iter().flatten() {
        let Some(number) = member.as_f64() else {
            figures(member, found);
            continue;
        };
        match (key.as_str(), quantity) {
            ("low" | "high" | "mean", Some("power_w")) => found.push((" W", number)),
            ("low" | "high" | "mean", Some("hr_bpm")) => found.push((" bpm", number)),
            ("low" | "high" | "mean", Some("cadence")) => found.push(("/min", number)),
            ("low" | "high" | "mean", _) => found.extend([
                ("/km", 1000.0 / number),
                ("/100 m", 100.0 / number),
                (" km/h", number * 3.6),
            ]),
            ("bpm" | "drop_bpm", _) => found.push((" bpm", number)),
            ("miss_pct" | "length_pct", _) => found.push((" %", number.abs())),
            ("score" | "length_score" | "intensity_score", _) => found.push(("score", number)),
            ("exercises" | "sets" | "recoveries", _) => found.push(("count", number)),
            (key, _) if key.ends_with("steps") => {
                found.push(("count", number));
            }
            (key, _) if key.ends_with("_s") => found.push((" min", number)),
            (key, _) if key.ends_with("_m") => found.push((" m", number)),
            _ => {}
        }
    }
    for item in value.as_array().into_iter().flatten() {
        figures(item, found);
    }
}

/// Whether a number is the figure, rounded as the page says: paces and times to whole seconds,
/// per cents and km/h to tenths, all else to whole numbers.
fn is_rounded(number: Number<'_>, figure: f64) -> bool {
    let half = match number.unit {
        " %" | " km/h" => 0.05,
        _ => 0.5,
    };
    let read = match number.text.split_once(':') {
        Some((minutes, seconds)) => {
            let part = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            part(minutes) * 60.0 + part(seconds)
        }
        None => number.text.parse().unwrap_or(f64::NAN),
    };
    let half = if number.text.contains('e') {
        figure.abs() * 0.05
    } else {
        half
    };
    (read - figure).abs() <= half + 1e-6
}

/// The numbers of the explanation that are no figures.
fn invented(execution: &Value) -> Vec<Number<'_>> {
    let mut known = Vec::new();
    figures(execution, &mut known);
    let said = numbers(at(execution, "/explanation").as_str().unwrap_or_default());
    said.into_iter()
        .filter(|number| {
            let mut alike = known.iter().filter(|(unit, _)| *unit == number.unit);
            !alike.any(|(_, figure)| is_rounded(*number, *figure))
        })
        .collect()
}

/// P-66
#[test]
fn a_number_that_is_no_figure_is_noticed() -> Result<(), Failure> {
    let mut execution = track_run()?;
    assert_eq!(invented(&execution), []);
    let said = execution["explanation"]
        .as_str()
        .ok_or("nothing said")?
        .to_owned();
    let all = numbers(&said);
    assert_eq!(all.len(), 22, "{all:?}");
    for number in all {
        // Another digit in front of the first one.
        let sign = number.text.len() - number.text.trim_start_matches(['+', '-']).len();
        let (before, after) = said.split_at(number.at + sign);
        execution["explanation"] = json!(format!("{before}9{after}"));
        assert_eq!(invented(&execution).len(), 1, "{number:?}");
    }
    Ok(())
}

/// P-66
#[test]
fn a_thousand_different_steps_are_explained_in_a_few_sentences() -> Result<(), Failure> {
    let different = |index: usize| {
        json!({"kind": "work", "duration": {"type": "time", "value": 5},
            "target": {"type": "power", "low": 150 + index, "high": 100_000, "unit": "w"}})
    };
    let steps: Value = (0..1000).map(different).collect();
    let analysis = analysed(&ride(5_000, |_| Some(120.0)), &steps)?;
    let groups = at(&analysis, "/execution/groups")
        .as_array()
        .ok_or("none")?;
    assert_eq!(groups.len(), 1000);
    let said = explanation(&analysis);
    assert!(said.chars().count() < 1000, "{said}");
    assert!(said.contains("Further steps are not told."), "{said}");
    Ok(())
}

/// P-66
#[test]
fn the_example_of_the_page_is_what_the_code_says() -> Result<(), Failure> {
    let block = |kind: &str, seconds: u16, low: u16, high: u16| {
        json!({"kind": kind, "duration": {"type": "time", "value": seconds},
            "target": {"type": "power", "low": low, "high": high, "unit": "w"}})
    };
    let steps = [
        block("work", 300, 240, 260),
        block("recovery", 120, 140, 160),
    ];
    let mut hard = ride(1680, |second| {
        // The heart follows within a minute, two beats higher in every repeat.
        let (repeat, within) = (second / 420, second % 420);
        let is_work = within < 300;
        let since = from_count(if is_work { within } else { within - 300 }).min(60.0) / 60.0;
        let (low, high) = (130.0, 160.0 + 2.0 * from_count(repeat));
        let (from, to) = if is_work { (low, high) } else { (high, low) };
        Some(from + (to - from) * since)
    });
    hard.power_w = (0..=1680)
        .map(|second| Some(if second % 420 < 300 { 325.0 } else { 195.0 }))
        .collect();
    let analysis = analysed(&hard, &json!([{"repeat": 4, "steps": steps}]))?;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/figures.md"))?;
    let page: Vec<&str> = page
        .split_whitespace()
        .filter(|word| *word != ">")
        .collect();
    let said = explanation(&analysis);
    assert!(page.join(" ").contains(said), "{said}");
    Ok(())
}

/// What steps are for, work twice as often as each other thing.
const KINDS: [&str; 6] = ["work", "work", "recovery", "rest", "warmup", "drill"];

/// Any recording, with a plan that divides its time.
fn divided() -> impl Strategy<Value = (Recording, PlannedWorkout)> {
    let target = prop_oneof![
        1 => Just(json!({"type": "open"})),
        2 => (100.0..900.0_f64, 0.0..60.0_f64).prop_map(|(low, width)| json!(
            {"type": "pace", "low": low, "high": low + width, "unit": "s_per_km"})),
        2 => (0.0..1500.0_f64).prop_map(|low| json!({"type": "power", "low": low})),
        2 => (40.0..220.0_f64).prop_map(|high| json!({"type": "hr", "high": high})),
        1 => (30.0..200.0_f64).prop_map(|low| json!({"type": "cadence", "low": low, "high": low})),
    ];
    let step = (proptest::sample::select(&KINDS[..]), 0.1..1.0_f64, target);
    let steps = (vec(step, 1..5), 1..6_u16);
    (recordings(), steps).prop_filter_map("there is nothing to divide", |(recording, plan)| {
        let (steps, repeat) = plan;
        let shares: f64 = steps.iter().map(|(_, share, _)| share).sum();
        let whole_s = recording.elapsed_s()? / shares / f64::from(repeat);
        let steps: Vec<Value> = steps
            .into_iter()
            .map(|(kind, share, target)| {
                let duration = json!({"type": "time", "value": share * whole_s});
                json!({"kind": kind, "duration": duration, "target": target})
            })
            .collect();
        let plan = planned(
            recording.sport,
            &json!([{"repeat": repeat, "steps": steps}]),
        )?;
        Some((recording, plan))
    })
}

fn held(recording: Recording, plan: PlannedWorkout) -> Result<Value, TestCaseError> {
    let input = StageInput {
        provenance: domain::merging::Provenance::new(),
        local_date: recording.start_utc.date_naive(),
        recording,
        athlete: Athlete::default(),
        plan: Some(plan),
    };
    let execution = explained(&input).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(invented(&execution), [], "{}", execution);
    let said = at(&execution, "/explanation").as_str();
    let said = said.unwrap_or_default();
    prop_assert!(
        said.ends_with('.') && said.chars().count() <= LONGEST,
        "{}",
        said
    );
    Ok(execution)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// P-66
    #[test]
    fn an_explanation_of_steps_mentions_only_numbers_that_are_there((recording, plan) in divided()) {
        let execution = held(recording, plan)?;
        prop_assume!(execution["fit"] == "steps");
    }

    /// P-66
    #[test]
    fn an_explanation_of_any_plan_mentions_only_numbers_that_are_there(
        recording in recordings(), plan in plans(),
    ) {
        if let Some(plan) = plan {
            held(recording, plan)?;
        }
    }
}
