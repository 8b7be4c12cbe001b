//! `paceline redrive`: an operator requests failed or stuck runs again.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use domain::id::WorkoutId;
use domain::stage::{StageName, StageStatus};
use platform::config::LIMITS;
use serde_json::json;
use store::Store;
use store::stages::{self, Redrivable, Selection};

use crate::operator::{Ledger, OperatorError, end, stage_of};

/// The exit code when more runs match than one call takes.
const MORE: u8 = 3;

/// What is below the options in `--help`.
const AFTER: &str = "\
A failed run becomes pending at the generation that it failed for, with all its attempts; the sweep
rings for it within a minute. A stuck run is pending, or claimed by a worker that died, and nothing
has happened to it for longer than the sweep takes to repair anything; a live claim is never touched.
What fails for a reason in the workout itself fails again.

Exit codes:
  0  every run that matched was requested, or none matched
  1  it could not be done; what is printed was done
  2  the command line is wrong
  3  more runs match than --limit: call it again

Examples:
  paceline redrive --failed --code dead_letter --dry-run
  paceline redrive --stage metrics --failed --limit 500 --json
  paceline redrive --workout 01a1fdac-0e70-773d-b7f7-d9834918f57e";

/// Which runs, and how.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER,
    group = ArgGroup::new("selection").args(["stage", "workout", "failed", "code"]).multiple(true).required(true)
)]
pub(crate) struct Arguments {
    /// Runs of this stage, whose doorbells are in the queue of the same name
    #[arg(long, visible_alias = "queue", value_parser = stage_of(&StageName::ALL))]
    stage: Option<StageName>,
    /// Runs of this workout
    #[arg(long, value_name = "ID")]
    workout: Option<WorkoutId>,
    /// Failed runs only, and no stuck ones
    #[arg(long)]
    failed: bool,
    #[arg(
        long,
        help = "Runs whose latest error has this code, such as dead_letter or gave_up"
    )]
    code: Option<String>,
    /// Print what would be requested, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object a line, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Most runs of one call; a sweep rings for 500 a minute
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=500))]
    limit: i64,
    #[command(flatten)]
    ledger: Ledger,
}

/// What became of a run that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Requested,
    WouldRequest,
    /// Somebody else was faster: it is pending, claimed or newer by now.
    Changed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::WouldRequest => "would request",
            Self::Changed => "changed meanwhile",
        }
    }
}

/// Requests what the arguments select and says what it did, run by run.
///
/// # Errors
/// [`OperatorError`] says what to do; what is printed was done.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, OperatorError> {
    let store = arguments.ledger.open().await?;
    let mut found = find(&store, arguments).await?;
    let most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);

    let mut requested = 0;
    for (index, redrivable) in found.iter().enumerate() {
        let outcome = if arguments.dry_run {
            Outcome::WouldRequest
        } else {
            request(&store, redrivable).await?
        };
        requested += usize::from(outcome != Outcome::Changed);
        let mut out = io::stdout().lock();
        if arguments.json {
            writeln!(out, "{}", as_json(redrivable, outcome))?;
        } else {
            if index == 0 {
                writeln!(out, "{HEADER}")?;
            }
            writeln!(out, "{}", as_row(redrivable, outcome))?;
        }
    }
    eprintln!("{}", conclusion(arguments, requested, more));
    Ok(if more {
        ExitCode::from(MORE)
    } else {
        ExitCode::SUCCESS
    })
}

/// Lists what matches, one more than is taken, so that it is known whether more is left.
async fn find(store: &Store, arguments: &Arguments) -> Result<Vec<Redrivable>, OperatorError> {
    let selection = Selection {
        stage: arguments.stage,
        workout_id: arguments.workout,
        code: arguments.code.clone(),
        failed_only: arguments.failed,
    };
    let mut tx = store.begin_without_user().await?;
    let limit = arguments.limit.saturating_add(1);
    let listed = stages::list_redrivable(&mut tx, &selection, LIMITS.repair(), limit).await;
    end(tx).await;
    Ok(listed?)
}

/// In a transaction of its own: it locks one row at a time, and what was printed stays done.
async fn request(store: &Store, redrivable: &Redrivable) -> Result<Outcome, OperatorError> {
    let mut tx = store.begin_without_user().await?;
    let (run, wanted) = (redrivable.run, redrivable.wanted);
    match stages::redrive_stage(&mut tx, run, wanted, LIMITS.repair()).await {
        Ok(done) => {
            tx.commit().await?;
            Ok(if done {
                Outcome::Requested
            } else {
                Outcome::Changed
            })
        }
        Err(error) => {
            end(tx).await;
            Err(error.into())
        }
    }
}

const HEADER: &str = "workout                               stage     generation  was         outcome            error";

fn as_row(redrivable: &Redrivable, outcome: Outcome) -> String {
    let Redrivable {
        run,
        wanted,
        status,
        error,
    } = redrivable;
    format!(
        "{:<36}  {:<8}  {wanted:>10}  {:<10}  {:<17}  {}",
        run.workout_id.to_string(),
        run.stage.as_str(),
        was(*status),
        outcome.as_str(),
        error.as_deref().unwrap_or("–")
    )
}

fn as_json(redrivable: &Redrivable, outcome: Outcome) -> String {
    json!({
        "workout_id": redrivable.run.workout_id,
        "stage": redrivable.run.stage,
        "generation": redrivable.wanted,
        "was": was(redrivable.status),
        "error": redrivable.error,
        "outcome": outcome.as_str().replace(' ', "_"),
    })
    .to_string()
}

fn was(status: StageStatus) -> &'static str {
    if status.is_terminal() {
        status.as_str()
    } else {
        "stuck"
    }
}

fn conclusion(arguments: &Arguments, requested: usize, more: bool) -> String {
    let mut text = match (requested, arguments.dry_run) {
        (0, _) => "nothing to request".to_owned(),
        (runs, true) => format!("{runs} would be requested; nothing was changed"),
        (runs, false) => format!("{runs} requested; the sweep rings within a minute"),
    };
    if more {
        text.push_str("\nmore runs match: call it again, or raise --limit");
    }
    text
}
