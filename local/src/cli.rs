//! The command line.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use store::setup::Owner;
use tokio::signal::unix::{SignalKind, signal};

use crate::athlete::Athlete;
use crate::client::Client;
use crate::cloud::{Executables, FUNCTION, Start};
use crate::instance::{Database, Instance, InstanceOptions};
use crate::log::{Echo, LogSink};
use crate::process::{die_with_parent, run_launcher};
use crate::{
    connect, demo, functions, import_predecessor, process_files, recompute, reconcile, redrive,
    replay, simulate,
};

/// Paceline on this machine: the whole pipeline with its own PostgreSQL, queues and Lambda.
#[derive(Debug, Parser)]
#[command(
    name = "paceline",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: Up,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything and stay up until Ctrl-C (this is what no command does)
    Up(Up),
    /// Run recordings through the whole pipeline and print what came of each
    Process(Process),
    /// Bring a database's schema up to date, on a direct connection as its owner
    Migrate(Migrate),
    /// Bring in an athlete's tokens at a provider, sealed
    Connect(connect::Arguments),
    /// Read again what providers said, as it came, by the code of today
    Replay(replay::Arguments),
    /// Request failed or stuck stage runs again, once their cause is gone
    Redrive(redrive::Arguments),
    /// Compute results of older algorithms again, behind live work
    Recompute(recompute::Arguments),
    /// Take over an athlete's sets from a predecessor's tables, and make the records anew
    ImportPredecessor(import_predecessor::Arguments),
    /// Have connections asked what no webhook told, now and not when they are due
    Reconcile(reconcile::Arguments),
    /// Play providers and their athletes against a running instance, and compare what it shows
    Simulate(simulate::Arguments),
}

#[derive(Debug, Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Port of the HTTP API; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Port at which `paceline simulate` answers as the providers
    #[arg(long, default_value_t = 8081, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    simulator_port: u16,
    #[command(flatten)]
    athlete: Athlete,
}

#[derive(Debug, Args)]
struct Process {
    /// FIT, TCX or GPX files, plain or gzip
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object a line, and nothing else on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
    /// Port of the HTTP API; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    athlete: Athlete,
}

#[derive(Debug, Args)]
struct Migrate {
    /// URL of the database, as its owner
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// Where an instance keeps what it keeps.
#[derive(Debug, Args)]
struct Place {
    /// Folder for the database, keys and logs
    #[arg(long, default_value = ".paceline", value_name = "FOLDER")]
    data_dir: PathBuf,
    /// Keep nothing: a fresh folder that goes when this ends
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// A PostgreSQL server to use instead of a private one, as its owner
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Show the functions' log lines on standard error too
    #[arg(long)]
    verbose: bool,
}

/// Whatever ends a command.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs whatever this process was started as: a launcher, a function, or the command line.
pub fn main() -> ExitCode {
    run_or(|| run_command(Cli::parse()))
}

/// Becomes what a cloud re-executed this program for, a function or a launcher, or does what it is otherwise for.
pub fn run_or(otherwise: impl FnOnce() -> Result<ExitCode, Failure>) -> ExitCode {
    if let Some(code) = run_launcher() {
        return code;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to tell a re-executed process what it is"
    )]
    let done = match std::env::var(FUNCTION) {
        Ok(function) => run_function(&function).map(|()| ExitCode::SUCCESS),
        Err(_) => otherwise(),
    };
    done.unwrap_or_else(|failure| {
        report(&*failure);
        ExitCode::FAILURE
    })
}

/// Says what went wrong, and below it why.
fn report(failure: &dyn Error) {
    eprintln!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
}

/// Becomes one execution environment of a function, exactly as the deployed binary does.
fn run_function(name: &str) -> Result<(), Failure> {
    die_with_parent()?;
    platform::telemetry::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(functions::run(name)) {
        Some(ended) => ended,
        None => Err(format!("{FUNCTION} is {name}, which is no function").into()),
    }
}

fn run_command(cli: Cli) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            None => up(cli.up).await,
            Some(Command::Up(arguments)) => up(arguments).await,
            Some(Command::Process(arguments)) => process(arguments).await,
            Some(Command::Migrate(arguments)) => migrate(arguments).await,
            Some(Command::Connect(arguments)) => Ok(connect::run(&arguments).await?),
            Some(Command::Replay(arguments)) => Ok(replay::run(&arguments).await?),
            Some(Command::Redrive(arguments)) => Ok(redrive::run(&arguments).await?),
            Some(Command::Recompute(arguments)) => Ok(recompute::run(&arguments).await?),
            Some(Command::ImportPredecessor(arguments)) => {
                Ok(import_predecessor::run(&arguments).await?)
            }
            Some(Command::Reconcile(arguments)) => Ok(reconcile::run(&arguments).await?),
            Some(Command::Simulate(arguments)) => Ok(simulate::run(&arguments).await?),
        }
    })
}

async fn up(arguments: Up) -> Result<ExitCode, Failure> {
    let mut stop = Stop::listen()?;
    let ports = Ports {
        api: arguments.port,
        simulator: Some(arguments.simulator_port),
    };
    let (instance, client) = tokio::select! {
        started = start(&arguments.place, ports, &arguments.athlete) => started?,
        () = stop.asked() => return Ok(ExitCode::SUCCESS),
    };
    demo::ensure_plan(&client).await?;
    writeln!(io::stdout(), "{}", welcome(&instance))?;
    stop.asked().await;
    eprintln!("stopping");
    instance.stop().await?;
    Ok(ExitCode::SUCCESS)
}

async fn process(arguments: Process) -> Result<ExitCode, Failure> {
    let mut stop = Stop::listen()?;
    let ports = Ports {
        api: arguments.port,
        simulator: None,
    };
    let (instance, client) = start(&arguments.place, ports, &arguments.athlete).await?;
    let done = tokio::select! {
        done = process_files::run(&client, &arguments.files, arguments.json) => done,
        () = stop.asked() => Ok(ExitCode::from(130)),
    };
    instance.stop().await?;
    Ok(done?)
}

async fn migrate(arguments: Migrate) -> Result<ExitCode, Failure> {
    let owner = Owner::connect(&arguments.database_url).await?;
    owner.migrate().await?;
    owner.close().await;
    eprintln!("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

/// Where an instance listens, and where it asks.
struct Ports {
    api: u16,
    simulator: Option<u16>,
}

async fn start(
    place: &Place,
    ports: Ports,
    athlete: &Athlete,
) -> Result<(Instance, Client), Failure> {
    let begun = Instant::now();
    eprintln!("starting PostgreSQL, queues and functions …");
    let folder = place.folder();
    std::fs::create_dir_all(&folder)?;
    let echo = if place.verbose {
        Echo::Stderr
    } else {
        Echo::Nothing
    };
    let log = LogSink::file(&folder.join("functions.log"), echo)?;
    let database = match &place.database_url {
        Some(url) => Database::Given(url.clone()),
        None => Database::Private,
    };
    let launcher = std::env::current_exe()?;
    let instance = Instance::start(InstanceOptions {
        folder,
        ephemeral: place.ephemeral,
        database,
        port: ports.api,
        executables: Executables::Reexecuted(launcher.clone()),
        launcher,
        environment: std::collections::BTreeMap::new(),
        parameters: std::collections::BTreeMap::new(),
        simulator_port: ports.simulator,
        providers: std::collections::BTreeMap::new(),
        start: Start::Running,
        log,
    })
    .await?;
    let client = Client::new(instance.endpoint());
    if let Some(profile) = athlete.profile() {
        client
            .ask(reqwest::Method::PUT, "/athlete", profile.to_string())
            .await?;
    }
    let url = &instance.endpoint().url;
    eprintln!("ready in {:.1} s at {url}", begun.elapsed().as_secs_f64());
    Ok((instance, client))
}

impl Place {
    fn folder(&self) -> PathBuf {
        if self.ephemeral {
            crate::process::scratch("paceline-")
        } else {
            self.data_dir.clone()
        }
    }
}

/// What to try first.
fn welcome(instance: &Instance) -> String {
    let endpoint = instance.endpoint();
    let (url, token) = (&endpoint.url, &endpoint.token);
    let (bold, plain) = if io::stdout().is_terminal() {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    format!(
        "\n{bold}Paceline is up at {url}{plain}\n\n\
         Try, in another terminal:\n\n  \
         export TOKEN={token}\n\n  \
         curl -sH \"Authorization: Bearer $TOKEN\" --data-binary \
         @tests/fixtures/activities/ride_power_edge1000.fit {url}/activities\n\n  \
         curl -sH \"Authorization: Bearer $TOKEN\" {url}/workouts\n\n  \
         curl -sH \"Authorization: Bearer $TOKEN\" {url}/planned-workouts\n\n\
         Ctrl-C stops it."
    )
}

/// The signals that ask to stop.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
