//! Breaks everything at once for a while, and says what became of what was acknowledged.

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use support::chaos::{Settings, run};
use support::dice::Dice;

/// Delivers activities while processes are killed and stopped, PostgreSQL crashes and SQS misbehaves; prints a table,
/// and fails when anything acknowledged was lost, or anything is stale, stuck or locked at the end.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
struct Cli {
    /// Deliveries, repetitions included
    #[arg(long, default_value_t = 10_000)]
    deliveries: usize,
    /// Deliver for no longer than this many seconds
    #[arg(long, default_value_t = 1200)]
    seconds: u64,
    /// Make the choices of an earlier run again
    #[arg(long)]
    seed: Option<u64>,
    /// Athletes
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Activities of each athlete
    #[arg(long, default_value_t = 12)]
    activities: usize,
    /// Deliveries at once
    #[arg(long, default_value_t = 16)]
    tasks: usize,
    /// Crashes of PostgreSQL
    #[arg(long, default_value_t = 10)]
    crashes: usize,
    /// Let PostgreSQL forget commits when it crashes, which the run has to find out
    #[arg(long)]
    forgetful: bool,
}

fn main() -> ExitCode {
    // A function's process is this program again.
    local::cli::run_or(|| {
        let cli = Cli::parse();
        let settings = Settings {
            deliveries: cli.deliveries,
            at_most: Duration::from_secs(cli.seconds),
            seed: cli.seed.unwrap_or_else(Dice::seed),
            users: cli.users.max(1),
            activities: cli.activities.max(1),
            tasks: cli.tasks.max(1),
            crashes: cli.crashes,
            durable: !cli.forgetful,
            executable: std::env::current_exe()?,
            progress: true,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let report = runtime.block_on(run(settings));
        write!(std::io::stdout(), "{report}")?;
        Ok(if report.is_clean() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}
