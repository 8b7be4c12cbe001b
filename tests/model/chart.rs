//! `docs/stage-lifecycle.md`, the transition table and the database say the same.

use domain::stage::{StageName, StageStatus, TRANSITIONS};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use support::database::Database;

/// From, move, to; `none` is no row.
type Arrow = (String, String, String);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/stage-lifecycle.md")).unwrap()
}

/// What stands under a heading of the page.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, from) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    from.split("\n## ").next().unwrap()
}

/// The cells of a section's table, without its head.
fn table<'p>(page: &'p str, heading: &str) -> Vec<Vec<&'p str>> {
    let rows = section(page, heading)
        .lines()
        .filter_map(|line| line.strip_prefix("| "));
    let cells = rows.map(|row| {
        row.trim_end_matches('|')
            .split(" | ")
            .map(str::trim)
            .collect()
    });
    cells.skip(1).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn arrows_of_the_code() -> BTreeSet<Arrow> {
    let name = |status: Option<StageStatus>| status.map_or("none", StageStatus::as_str).to_owned();
    let arrows = TRANSITIONS.into_iter();
    arrows
        .map(|(from, what, to)| (name(from), format!("{what:?}"), name(Some(to))))
        .collect()
}

fn arrows_of_the_chart(page: &str) -> Vec<Arrow> {
    let chart = section(page, "Chart").lines().filter_map(|line| {
        let (from, rest) = line.trim().split_once(" --> ")?;
        let (to, what) = rest.split_once(": ")?;
        let from = if from == "[*]" { "none" } else { from };
        Some((from.to_owned(), what.to_owned(), to.to_owned()))
    });
    chart.collect()
}

fn arrows_of_the_moves(page: &str) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for row in table(page, "Moves") {
        for arrow in row[3].split(", ") {
            let (from, to) = arrow.split_once(" → ").unwrap();
            arrows.push((from.to_owned(), row[0].to_owned(), to.to_owned()));
        }
    }
    arrows
}

/// What each CHECK of the ledger says, by name.
async fn checks(sql: &mut PgConnection) -> BTreeMap<String, String> {
    let checks: Vec<(String, String)> = sqlx::query_as(
        "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = 'stage_runs'::regclass AND contype = 'c'",
    )
    .fetch_all(sql)
    .await
    .unwrap();
    checks.into_iter().collect()
}

/// The words between single quotes.
fn words(definition: &str) -> BTreeSet<&str> {
    definition.split('\'').skip(1).step_by(2).collect()
}

async fn database() -> PgConnection {
    Database::migrated(env!("CARGO_BIN_EXE_paceline-under-test"))
        .await
        .connect()
        .await
}

#[test]
fn the_chart_and_the_table_of_the_page_draw_each_arrow_of_the_code_once() {
    let page = page();
    let code = arrows_of_the_code();

    for drawn in [arrows_of_the_chart(&page), arrows_of_the_moves(&page)] {
        assert_eq!(drawn.len(), TRANSITIONS.len(), "{drawn:#?}");
        assert_eq!(drawn.into_iter().collect::<BTreeSet<_>>(), code);
    }
}

#[test]
fn a_move_leads_from_a_status_to_one_status_only() {
    for (from, what, to) in TRANSITIONS {
        assert_eq!(what.after(from), Some(to), "{from:?} {what:?}");
    }
}

#[test]
fn a_terminal_status_is_left_by_a_request_or_an_operator_only() {
    for (from, what, _) in arrows_of_the_code() {
        let terminal = StageStatus::from_name(&from).is_some_and(StageStatus::is_terminal);
        let operator = match from.as_str() {
            "failed" => "Redrive",
            _ => "Recompute",
        };
        let left = what == "Request" || what == operator;
        assert!(!terminal || left, "{from} {what}");
    }
}

#[tokio::test]
async fn the_database_knows_the_statuses_and_stages_of_the_chart_and_the_code() {
    let checks = checks(&mut database().await).await;
    let code: BTreeSet<&str> = StageStatus::ALL
        .into_iter()
        .map(StageStatus::as_str)
        .collect();
    let stages: BTreeSet<&str> = StageName::ALL.into_iter().map(StageName::as_str).collect();
    let page = page();
    let arrows = arrows_of_the_chart(&page);
    let ends = arrows
        .iter()
        .flat_map(|(from, _, to)| [from.as_str(), to.as_str()]);
    let drawn: BTreeSet<&str> = ends.filter(|status| *status != "none").collect();

    assert_eq!(words(&checks["status_known"]), code);
    assert_eq!(drawn, code);
    assert_eq!(words(&checks["stage_known"]), stages);
}

/// Where a claim begins and ends in the chart is where the CHECKs say that there is one.
#[tokio::test]
async fn the_statuses_with_a_claim_a_result_or_an_error_are_those_of_the_chart() {
    let checks = checks(&mut database().await).await;
    let reached = |by: &[&str]| -> BTreeSet<String> {
        let arrows = arrows_of_the_code().into_iter();
        arrows
            .filter(|(_, what, _)| by.contains(&what.as_str()))
            .map(|(.., to)| to)
            .collect()
    };
    let named = |check: &str| -> BTreeSet<String> {
        words(&checks[check])
            .into_iter()
            .map(str::to_owned)
            .collect()
    };

    assert_eq!(named("processing_has_claim"), reached(&["Claim"]));
    assert_eq!(named("complete_is_current"), reached(&["Finish"]));
    assert_eq!(
        named("failed_has_error"),
        reached(&["GiveUp", "RescueSpent", "SettleDeadLetter"])
    );
}

#[tokio::test]
async fn the_index_of_unfinished_runs_holds_every_status_that_is_not_terminal() {
    let (definition,): (String,) =
        sqlx::query_as("SELECT pg_get_indexdef('stage_runs_unfinished'::regclass)")
            .fetch_one(&mut database().await)
            .await
            .unwrap();

    let statuses = StageStatus::ALL
        .into_iter()
        .filter(|status| !status.is_terminal());
    let unfinished: BTreeSet<&str> = statuses.map(StageStatus::as_str).collect();
    assert_eq!(words(&definition), unfinished);
}

#[tokio::test]
async fn the_page_names_every_check_of_the_ledger_and_no_other() {
    let checks: BTreeSet<String> = checks(&mut database().await).await.into_keys().collect();
    let page = page();
    let rows = table(&page, "What the database refuses");

    let named: Vec<String> = rows
        .iter()
        .flat_map(|row| quoted(row[0]).map(str::to_owned))
        .collect();

    assert_eq!(named.len(), checks.len());
    assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), checks);
}

#[test]
fn every_file_and_test_that_the_page_names_is_there() {
    let page = page();
    let mut named = 0;

    // The chart is fenced by backticks of its own.
    let text = page.replace("```", "");
    for name in quoted(&text).filter(|name| name.contains('/')) {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        let content = std::fs::read_to_string(root().join(file));
        let content = content.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            content.contains(&format!("fn {test}")) || test.is_empty(),
            "{name}"
        );
        named += 1;
    }

    assert!(named > 20, "only {named} names were found");
}

#[test]
fn the_page_has_a_row_for_each_of_the_twelve_invariants() {
    let page = page();
    let rows = table(&page, "Invariants");

    let named: Vec<&str> = rows.iter().map(|row| row[0]).collect();

    let numbers = (1..=12).map(|number| format!("I{number}"));
    assert_eq!(named, numbers.collect::<Vec<_>>());
}
