//! The command line of `paceline simulate`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;

use super::key::{GREATEST_SEED, MOST_ACTIVITIES, MOST_ATHLETES};
use super::{NEWEST, Options, Provider, SimulateError, Simulation, Target};

/// All providers together.
const ALL: &str = "all";
/// Activities, a day apart, that the instance sees when it looks back for the first time.
const LOOKED_BACK: u32 = 26;

/// What is below the options in `--help`.
const AFTER: &str = "\
The instance has to run on the same data folder: `cargo run` in another terminal. What athletes did follows
from the seed alone: a second run with the same seed finds the same athletes, and says the same again.

Of what a provider tells, a tenth of the activities is changed once and a twenty-fifth is deleted; a twelfth was
typed in. A duplicate is sent at the same time as its original, or later. Out of order are activities among each
other and what is said of one; a deletion stays the last word, and Garmin, which tells no times, keeps the order of
what it says of one activity. What is forged has a wrong secret, or none, and must be answered 401.

Of what is dropped nothing is sent, but the API knows it, and it must not be shown. With --reconciled what is
dropped must be shown, but for COROS, Garmin and the generic provider, who list nothing: once everything is sent, all
athletes are made due, as `paceline reconcile --from-the-first` does, and the instance looks back at 30 days of each
at once. So the activities are of the last days then. Hevy's edits, which its list alone tells, are played then, too.

Exit codes:
  0  everything is shown as it must be
  1  there are differences, or it could not be done
  2  the command line is wrong

Examples:
  paceline simulate --provider strava --athletes 3 --activities 4
  paceline simulate --provider strava,garmin --athletes 50 --activities 20 \\
      --duplicate 0.2 --reorder --forge 0.1 --json
  paceline simulate --provider hevy,polar,whoop --athletes 50 --activities 20 \\
      --duplicate 0.2 --reorder --drop 0.1 --reconciled
  paceline simulate --provider all --athletes 2 --activities 5";

/// Who is played, and how.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// Who sends webhooks and is asked; several are separated by commas, or given one by one
    #[arg(
        long = "provider",
        required = true,
        value_parser = names(),
        value_delimiter = ',',
        value_name = "NAME,…"
    )]
    providers: Vec<String>,
    /// Athletes of each provider
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ATHLETES)))]
    athletes: u32,
    /// Activities of each athlete
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ACTIVITIES)))]
    activities: u32,
    /// Webhooks a second; without it, as fast as they are answered
    #[arg(long, value_name = "R", value_parser = rate, conflicts_with = "storm")]
    rate: Option<f64>,
    /// Share of webhooks that are sent twice
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    duplicate: f64,
    /// Send out of order
    #[arg(long)]
    reorder: bool,
    /// Send everything at once, out of order
    #[arg(long)]
    storm: bool,
    /// Share of activities of which nothing is sent
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    drop: f64,
    /// Share of activities beside which something is forged
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    forge: f64,
    /// Share of Strava's, Suunto's and WHOOP's activities of which something comes later; the instance asks again
    /// after 15 s at the earliest
    #[arg(long, value_name = "P", default_value_t = 0.02, value_parser = share)]
    late: f64,
    /// What is dropped must be shown all the same, of those who list it; at most 26 activities
    #[arg(long)]
    reconciled: bool,
    /// UTC day of everybody's newest activity [default: 2025-06-01; with --reconciled two days ago]
    #[arg(long, value_name = "DATE")]
    newest: Option<NaiveDate>,
    /// Decides what athletes did
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=i64::from(GREATEST_SEED)))]
    seed: u32,
    /// Seconds that the instance may take after the last webhook [default: 300; with --reconciled 900]
    #[arg(long, value_name = "SECONDS")]
    patience: Option<u64>,
    /// Print one JSON object, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// The instance's folder
    #[arg(long, default_value = ".paceline", value_name = "FOLDER")]
    data_dir: PathBuf,
}

impl Arguments {
    /// What they ask for, or what is wrong with them.
    fn options(&self) -> Result<Options, clap::Error> {
        let wrong =
            |problem: &str| clap::Error::raw(ErrorKind::ValueValidation, format!("{problem}\n"));
        // An activity may last into the next day, and a provider speaks of it later still.
        let latest = platform::clock::now().date_naive() - TimeDelta::days(2);
        if self.newest.is_some_and(|newest| newest > latest) {
            return Err(wrong(&format!("--newest must be at most {latest}")));
        }
        if self.reconciled && self.activities > LOOKED_BACK {
            let problem = format!("--reconciled needs --activities of at most {LOOKED_BACK}");
            return Err(wrong(&problem));
        }
        let (newest, patience) = if self.reconciled {
            (latest, 900)
        } else {
            (NEWEST, 300)
        };
        let is_named = |provider: &Provider| {
            let mut names = self.providers.iter();
            names.any(|name| name == ALL || name == provider.as_str())
        };
        Ok(Options {
            providers: Provider::all().filter(is_named).collect(),
            athletes: self.athletes,
            activities: self.activities,
            rate: self.rate,
            duplicate: self.duplicate,
            reorder: self.reorder,
            storm: self.storm,
            drop: self.drop,
            forge: self.forge,
            late: self.late,
            seed: self.seed,
            reconciled: self.reconciled,
            newest: self.newest.unwrap_or(newest),
            patience: Duration::from_secs(self.patience.unwrap_or(patience)),
        })
    }
}

/// Plays the providers, and prints what was sent and what differs.
///
/// # Errors
/// [`SimulateError`] says what to do.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, SimulateError> {
    // As for every other command line that is wrong.
    let options = arguments.options().unwrap_or_else(|wrong| wrong.exit());
    let target = Target::find(&arguments.data_dir).await?;
    let simulation = Simulation::prepare(target, options).await?;
    eprintln!("the athletes are connected; sending …");
    simulation.send().await;
    if simulation.is_reconciled() {
        eprintln!("everything is sent; the instance looks back …");
        simulation.look_back().await?;
        eprintln!("it has looked back; comparing …");
    } else {
        eprintln!("everything is sent; comparing …");
    }
    simulation.compare().await?;

    let report = simulation.report();
    let mut out = io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string(&report).map_err(io::Error::other)?;
        writeln!(out, "{text}")?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Everybody's name, and that of all of them.
fn names() -> PossibleValuesParser {
    let all = Provider::all().map(Provider::as_str);
    PossibleValuesParser::new(all.chain([ALL]))
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share: f64 = text.parse().map_err(|_| "is no number")?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("must be from 0 to 1")
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate: f64 = text.parse().map_err(|_| "is no number")?;
    if (0.001..=100_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("must be from 0.001 to 100000")
    }
}
