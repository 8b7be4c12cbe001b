//! Sends damaged and absurd recordings from bytes to figures, as many as the time allows.
//!
//! `cargo run --release -p tests --bin fuzz -- --seconds 600` prints how many inputs were tried, how
//! they ended, and the worst time and memory of one. What panics is kept in `target/fuzz`.

use clap::Parser;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::dice::Dice;
use support::fuzz::{Fuzzer, Input, Verdict};
use support::oracle::Failure;

/// Tries inputs made of real recordings on the decoders and all stages, and fails when one panics, breaks a promise, or
/// takes longer than it may.
#[derive(Debug, Parser)]
#[command(name = "fuzz")]
struct Cli {
    /// Stop after this many seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Stop after this many inputs
    #[arg(long, default_value_t = u64::MAX)]
    inputs: u64,
    /// Make the inputs of an earlier run again
    #[arg(long)]
    seed: Option<u64>,
    /// Take no more than this of each recording
    #[arg(long, default_value_t = 4 * 1024 * 1024)]
    most_bytes: usize,
    /// The most milliseconds that one input may take
    #[arg(long, default_value_t = 5_000)]
    most_ms: u64,
    /// Try this file alone, as it is
    #[arg(long)]
    file: Option<std::path::PathBuf>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Report {
    inputs: u64,
    computed: u64,
    partial: u64,
    refused: u64,
    broken: u64,
    slowest: Duration,
    slowest_origin: String,
    most_kib: u64,
    most_origin: String,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<bool, Failure> {
    let seed = cli.seed.unwrap_or_else(Dice::seed);
    let mut fuzzer = Fuzzer::new(seed, cli.most_bytes)?;
    // What a panic says is told with its input; a backtrace each would bury it.
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(file) = &cli.file {
        let input = Input {
            origin: file.display().to_string(),
            bytes: fs::read(file)?,
        };
        let trial = fuzzer.attempt(&input);
        writeln!(io::stdout(), "{:?} in {:?}", trial.verdict, trial.took)?;
        return Ok(trial.verdict.is_ok());
    }
    let mut report = Report::default();
    let until = Instant::now() + Duration::from_secs(cli.seconds);
    let mut told = Instant::now();
    while report.inputs < cli.inputs && Instant::now() < until {
        let input = fuzzer.next_input();
        forget_peak()?;
        let trial = fuzzer.attempt(&input);
        report.inputs += 1;
        match &trial.verdict {
            Ok(Verdict::Computed) => report.computed += 1,
            Ok(Verdict::Partial) => report.partial += 1,
            Ok(Verdict::Refused) => report.refused += 1,
            Err(why) => {
                report.broken += 1;
                keep(&input, report.inputs, why)?;
            }
        }
        if trial.took > report.slowest {
            report.slowest = trial.took;
            report.slowest_origin.clone_from(&input.origin);
            if trial.took > Duration::from_millis(cli.most_ms) {
                report.broken += 1;
                keep(&input, report.inputs, "it took too long")?;
            }
        }
        let peak = peak_kib()?;
        if peak > report.most_kib {
            report.most_kib = peak;
            report.most_origin = input.origin;
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            eprintln!("{} inputs, {} broken", report.inputs, report.broken);
        }
    }
    writeln!(
        io::stdout(),
        "inputs    {}\ncomputed  {}\npartial   {}\nrefused   {}\nbroken    {}\n\
         slowest   {:.1} ms (of {})\nmemory    {:.1} MiB at most (of {})\nseed      {seed}",
        report.inputs,
        report.computed,
        report.partial,
        report.refused,
        report.broken,
        report.slowest.as_secs_f64() * 1e3,
        report.slowest_origin,
        mebibytes(report.most_kib),
        report.most_origin,
    )?;
    Ok(report.broken == 0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no process has so many kibibytes"
)]
fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

/// Keeps an input that broke something, for a test of its own.
fn keep(input: &Input, number: u64, why: &str) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{number}-{}", input.origin));
    fs::write(&file, &input.bytes)?;
    eprintln!("{}: {why}", file.display());
    Ok(())
}

/// Lets the kernel forget the greatest resident size of this process, where it can.
fn forget_peak() -> io::Result<()> {
    if Path::new("/proc/self/clear_refs").exists() {
        fs::write("/proc/self/clear_refs", "5")?;
    }
    Ok(())
}

/// The greatest resident size since then, in kibibytes; 0 where the kernel does not say.
fn peak_kib() -> io::Result<u64> {
    if !Path::new("/proc/self/status").exists() {
        return Ok(0);
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    Ok(number.unwrap_or(0))
}
