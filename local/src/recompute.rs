//! `paceline recompute`: results of older algorithms are computed again, behind live work.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use domain::stage::StageName;
use serde_json::json;
use store::stages::{self, Outdated, Progress};
use store::{Store, StoreError};

use crate::operator::{Ledger, OperatorError, end, stage_of};

/// What is below the options in `--help`.
const AFTER: &str = "\
Every result carries the version of the algorithm that made it. This requests again, newest first,
what is complete and of an older version than this program computes; clients see the old result
until the new one is there. No more than --at-once of them wait at a time, so that a new activity is
never far behind them. The sweep rings for them once a minute.

It may be interrupted at any time: what was requested is computed, and the next call goes on.

Exit codes:
  0  nothing outdated is left
  1  it could not be done, or some runs failed: see paceline redrive
  2  the command line is wrong

Examples:
  paceline recompute --dry-run
  paceline recompute --stage analysis --since 2026-10-01";

/// How long it waits before it looks at the ledger again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Which results, and how fast.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// Results of this stage; of all stages without it
    #[arg(long, value_parser = stage_of(&StageName::COMPUTING))]
    stage: Option<StageName>,
    /// Results that were computed on this day (UTC) or later
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// Most runs that wait at a time; a sweep rings for 500 a minute
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(i64).range(1..=400))]
    at_once: i64,
    /// Count what would be computed again, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object for each stage, and nothing else on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    ledger: Ledger,
}

/// Computes again what the arguments select and tells how far it is.
///
/// # Errors
/// [`OperatorError`] says what to do.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, OperatorError> {
    let store = arguments.ledger.open().await?;
    let midnight = arguments.since.and_then(|day| day.and_hms_opt(0, 0, 0));
    let mut all_well = true;
    for (stage, version) in VERSIONS {
        if arguments.stage.is_some_and(|wanted| wanted != stage) {
            continue;
        }
        let outdated = Outdated {
            stage,
            version,
            since: midnight.map(|midnight| midnight.and_utc()),
        };
        let before = look(&store, &outdated).await?;
        let after = if arguments.dry_run {
            before
        } else {
            recompute(&store, &outdated, before, arguments.at_once).await?
        };
        all_well &= after.failed == 0;
        print(arguments, &outdated, before, after)?;
    }
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The stages that compute, and the versions that this program computes.
const VERSIONS: [(StageName, i32); 3] = [
    (StageName::Summary, compute_summary::VERSION),
    (StageName::Analysis, compute_analysis::VERSION),
    (StageName::Metrics, calculate_metrics::VERSION),
];

/// Requests a few at a time until nothing outdated is left or waits.
async fn recompute(
    store: &Store,
    outdated: &Outdated,
    before: Progress,
    at_once: i64,
) -> Result<Progress, OperatorError> {
    let total = before.complete + before.waiting;
    let mut told = None;
    loop {
        let now = look(store, outdated).await?;
        let left = now.complete + now.waiting;
        if told != Some(left) {
            told = Some(left);
            let done = (total - left).max(0);
            eprintln!(
                "{}: {done} of {total}, {} failed",
                outdated.stage, now.failed
            );
        }
        if left == 0 {
            return Ok(now);
        }
        request(store, outdated, at_once - now.waiting).await?;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Requests at most so many of the newest outdated results again.
async fn request(store: &Store, outdated: &Outdated, most: i64) -> Result<(), OperatorError> {
    if most <= 0 {
        return Ok(());
    }
    let mut tx = store.begin_without_user().await?;
    match stages::recompute_outdated(&mut tx, outdated, most).await {
        Ok(_) => Ok(tx.commit().await?),
        Err(error) => {
            end(tx).await;
            Err(error.into())
        }
    }
}

async fn look(store: &Store, outdated: &Outdated) -> Result<Progress, StoreError> {
    let mut tx = store.begin_without_user().await?;
    let progress = stages::count_outdated(&mut tx, outdated).await;
    end(tx).await;
    progress
}

fn print(
    arguments: &Arguments,
    outdated: &Outdated,
    before: Progress,
    after: Progress,
) -> io::Result<()> {
    let Outdated { stage, version, .. } = outdated;
    let (found, left) = (before.complete, after.complete);
    let line = if arguments.json {
        json!({
            "stage": stage,
            "version": version,
            "outdated": found,
            "left": left,
            "waiting": after.waiting,
            "failed": after.failed,
        })
        .to_string()
    } else if arguments.dry_run {
        format!("{stage}: {found} results are older than version {version}; nothing was changed")
    } else {
        format!(
            "{stage}: {found} results were older than version {version}, {} failed",
            after.failed
        )
    };
    writeln!(io::stdout(), "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_day_is_a_day_and_a_wish_for_too_much_at_once_is_refused() {
        let parse = |arguments: &[&str]| {
            let base = ["recompute", "--database-url", "postgres://x"];
            Cli::try_parse_from(base.iter().chain(arguments))
        };
        let day = parse(&["--since", "2026-10-01"]).unwrap().arguments.since;
        assert_eq!(day, NaiveDate::from_ymd_opt(2026, 10, 1));
        assert!(parse(&["--since", "yesterday"]).is_err());
        assert!(parse(&["--at-once", "401"]).is_err());
        assert!(parse(&["--stage", "everything"]).is_err());
    }
}
