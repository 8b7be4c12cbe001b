//! `docs/figures.md` against what the stages really write.

use crate::{Outcome, openapi, recorded};
use domain::reason::Reason;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The cells of the page's tables whose first header is `first`.
fn rows(first: &str) -> Outcome<Vec<Vec<String>>> {
    let page = crate::read("docs/figures.md")?;
    let mut rows = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        let cells = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"));
        match cells {
            Some(cells) => {
                let cells: Vec<String> = cells.split(" | ").map(str::to_owned).collect();
                if is_inside {
                    rows.push(cells);
                } else {
                    is_inside = cells.first().is_some_and(|cell| cell == first);
                }
            }
            None if line.starts_with("|---") => {}
            None => is_inside = false,
        }
    }
    Ok(rows)
}

/// What a cell has between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// `a.{b,c}.d` is `a.b.d` and `a.c.d`.
fn unfolded(key: &str) -> Vec<String> {
    let parts = key
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        Some((before, (choices, after))) => choices
            .split(',')
            .flat_map(|choice| unfolded(&format!("{before}{choice}{after}")))
            .collect(),
        None => vec![key.to_owned()],
    }
}

/// What was seen of one key.
#[derive(Default)]
struct Seen {
    /// Whether it was ever a figure of its own: no object, and no array of objects.
    is_figure: bool,
    /// Why it was `null`.
    reasons: BTreeSet<String>,
}

fn look(value: &Value, key: &str, seen: &mut BTreeMap<String, Seen>) {
    let entry = seen.entry(key.to_owned()).or_default();
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "reasons") {
                look(member, &format!("{key}.{name}"), seen);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                look(item, &format!("{key}[]"), seen);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            entry.is_figure = true;
        }
    }
}

/// Every key that the stages write for the fixtures.
fn seen() -> Outcome<BTreeMap<String, Seen>> {
    let mut seen = BTreeMap::new();
    for (_, computed) in recorded::computed()? {
        for (part, value) in computed.as_object().into_iter().flatten() {
            look(value, part, &mut seen);
            let reasons = value.get("reasons").and_then(Value::as_object);
            for (key, reason) in reasons.into_iter().flatten() {
                let entry = seen.entry(format!("{part}.{key}")).or_default();
                entry.reasons.extend(reason.as_str().map(str::to_owned));
            }
        }
    }
    Ok(seen)
}

#[test]
fn every_key_of_the_results_is_explained_and_every_explained_one_is_there() {
    let seen = seen().unwrap();
    let mut explained = BTreeMap::new();
    for row in rows("key").unwrap() {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row.iter().all(|cell| !cell.trim().is_empty()), "{row:?}");
        let reasons: BTreeSet<String> = quoted(&row[4]).map(str::to_owned).collect();
        for key in quoted(&row[0]).flat_map(unfolded) {
            let before = explained.insert(key.clone(), reasons.clone());
            assert!(before.is_none(), "{key} is explained twice");
        }
    }
    let mut wrong = Vec::new();
    for (key, seen) in &seen {
        match explained.get(key) {
            Some(reasons) => {
                let unknown = &seen.reasons - reasons;
                if !unknown.is_empty() {
                    wrong.push(format!("{key} is also null for {unknown:?}"));
                }
            }
            None if seen.is_figure => wrong.push(format!("{key} is not explained")),
            None => {}
        }
    }
    for key in explained.keys().filter(|key| !seen.contains_key(*key)) {
        wrong.push(format!("{key} is explained and never there"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_reason_is_explained_and_every_explained_one_is_a_reason() {
    let explained: BTreeSet<String> = rows("code")
        .unwrap()
        .iter()
        .flat_map(|row| quoted(&row[0]).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let reasons = openapi::variants::<Reason>();
    assert!(reasons.contains("no_samples"));
    assert_eq!(explained, reasons);
    for row in rows("key").unwrap() {
        for code in quoted(&row[4]) {
            assert!(reasons.contains(code), "{code} in {row:?} is no reason");
        }
    }
}
