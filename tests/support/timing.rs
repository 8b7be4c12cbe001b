//! How long things take, beside what PostgreSQL alone takes for as little in the same run.

use clap::Parser;
use local::cloud::{Executables, MAX_CONCURRENCY, Start};
use local::instance::{self, Instance, InstanceOptions};
use local::log::LogSink;
use local::postgres::{Postgres, PostgresOptions};
use local::process::Spawner;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::database::scratch;

/// Whatever prevents a measurement.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Measures, when cargo asks for it: `cargo test --all-targets` runs benchmarks too, without asking.
///
/// A function's process is this program again.
pub fn main<C: Parser>(
    is_asked: impl FnOnce(&C) -> bool,
    measure: impl AsyncFnOnce(&C) -> Result<(), Failure>,
) -> ExitCode {
    local::cli::run_or(|| {
        let cli = C::parse();
        if is_asked(&cli) {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(measure(&cli))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Measures on a PostgreSQL of its own, which forces commits to the disk if it is durable.
///
/// # Errors
/// What was measured with, and when PostgreSQL cannot be started or stopped.
pub async fn on_postgres(
    durable: bool,
    log: LogSink,
    measure: impl AsyncFnOnce(&Postgres) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let spawner = Spawner::start()?;
    let options = PostgresOptions {
        folder: scratch("postgres"),
        durable,
        launcher: None,
    };
    let postgres = Postgres::start(&options, &spawner, &log).await?;
    let measured = measure(&postgres).await;
    postgres.stop_and_delete().await?;
    measured
}

/// Starts an instance of this very program on a database, which does nothing by itself.
///
/// # Errors
/// When it cannot be started.
pub async fn instance_on(name: &str, database_url: &str) -> Result<Instance, Failure> {
    let own = std::env::current_exe()?;
    let instance = Instance::start(InstanceOptions {
        folder: scratch(name),
        ephemeral: true,
        database: instance::Database::Given(database_url.to_owned()),
        port: 0,
        launcher: own.clone(),
        executables: Executables::Reexecuted(own),
        environment: BTreeMap::new(),
        parameters: BTreeMap::new(),
        simulator_port: None,
        providers: BTreeMap::new(),
        start: Start::Paused,
        log: LogSink::discard(),
    });
    Ok(instance.await?)
}

/// The least that could be called a write, over as many connections as a function has environments.
#[derive(Debug)]
pub struct Bare {
    idle: tokio::sync::Mutex<mpsc::Receiver<PgConnection>>,
    give_back: mpsc::Sender<PgConnection>,
}

impl Bare {
    /// Opens the connections to a database of its own.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let (give_back, idle) = mpsc::channel(MAX_CONCURRENCY);
        for nth in 0..MAX_CONCURRENCY {
            let mut connection = PgConnection::connect(url).await?;
            if nth == 0 {
                sqlx::query("CREATE TABLE bare (id uuid PRIMARY KEY, body text NOT NULL)")
                    .execute(&mut connection)
                    .await?;
            }
            give_back.send(connection).await?;
        }
        Ok(Self {
            idle: tokio::sync::Mutex::new(idle),
            give_back,
        })
    }

    /// Begins, inserts two rows and commits so many times.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn insert(self: &Arc<Self>, parallel: usize, count: usize) -> Result<Timed, Failure> {
        let jobs = vec![(); count];
        let bare = Arc::clone(self);
        timed(parallel, jobs, move |()| {
            let bare = Arc::clone(&bare);
            async move { bare.insert_two().await }
        })
        .await
    }

    async fn insert_two(&self) -> Result<(), Failure> {
        let mut connection = self.idle.lock().await.recv().await.ok_or("a connection")?;
        let mut tx = connection.begin().await?;
        for _ in 0..2 {
            sqlx::query("INSERT INTO bare (id, body) VALUES ($1, $2)")
                .bind(Uuid::now_v7())
                .bind("A row of about the length that a delivery's row has, which is not much.")
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.give_back.send(connection).await?;
        Ok(())
    }

    /// Hangs up.
    ///
    /// # Errors
    /// When something is still being inserted.
    pub async fn close(self) -> Result<(), Failure> {
        let mut idle = self.idle.into_inner();
        for _ in 0..MAX_CONCURRENCY {
            idle.recv().await.ok_or("a connection")?.close().await?;
        }
        Ok(())
    }
}

/// Does jobs, some at a time, and takes the time of each.
///
/// # Errors
/// What a job failed with.
pub async fn timed<J, F, W>(parallel: usize, jobs: Vec<J>, work: F) -> Result<Timed, Failure>
where
    J: Send + 'static,
    F: Fn(J) -> W + Send + Sync + 'static,
    W: Future<Output = Result<(), Failure>> + Send,
{
    let jobs = Arc::new(Mutex::new(jobs.into_iter()));
    let work = Arc::new(work);
    let begun = Instant::now();
    let workers: Vec<_> = (0..parallel)
        .map(|_| {
            let (jobs, work) = (Arc::clone(&jobs), Arc::clone(&work));
            tokio::spawn(async move {
                let mut each = Vec::new();
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(job) = job else {
                        return Ok::<_, Failure>(each);
                    };
                    let begun = Instant::now();
                    work(job).await?;
                    each.push(begun.elapsed());
                }
            })
        })
        .collect();
    let mut each = Vec::new();
    for worker in workers {
        each.extend(worker.await??);
    }
    Ok(Timed {
        each,
        total: begun.elapsed(),
    })
}

/// How long jobs took.
#[derive(Debug, Clone)]
pub struct Timed {
    /// Each of them.
    pub each: Vec<Duration>,
    /// All of them.
    pub total: Duration,
}

impl Timed {
    /// Their quantiles.
    pub fn spread(&self) -> Spread {
        Spread::of(&self.each)
    }

    /// Seconds for one, whatever else was done meanwhile.
    pub fn seconds_for_one(&self) -> f64 {
        self.total.as_secs_f64() / f64::from(u32::try_from(self.each.len()).unwrap_or(u32::MAX))
    }
}

/// Quantiles in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 of 100 took no longer.
    pub p95: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// None took longer.
    pub max: f64,
    /// How many there are.
    pub count: usize,
}

impl Spread {
    /// Of so many durations.
    pub fn of(each: &[Duration]) -> Self {
        let sorted = sorted(each.iter().map(|took| took.as_secs_f64() * 1e3));
        Self {
            p50: quantile(&sorted, 50),
            p95: quantile(&sorted, 95),
            p99: quantile(&sorted, 99),
            max: quantile(&sorted, 100),
            count: sorted.len(),
        }
    }

    /// As JSON.
    pub fn to_json(self) -> Value {
        json!({ "p50_ms": self.p50, "p95_ms": self.p95, "p99_ms": self.p99, "max_ms": self.max, "count": self.count })
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The smallest value that so many in a hundred do not exceed; 0 of nothing.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// The same things done round by round at several places.
#[derive(Debug, Default)]
pub struct Rounds {
    rounds: Vec<BTreeMap<(&'static str, usize), Timed>>,
}

/// What became of one place.
struct Line {
    place: &'static str,
    parallel: usize,
    spread: Spread,
    per_second: f64,
    to_bare: Ratio,
    to_empty: Ratio,
}

/// A ratio over the rounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ratio {
    /// The least.
    pub min: f64,
    /// The middle.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl Ratio {
    /// Of so many ratios.
    pub fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let sorted = sorted(ratios);
        Self {
            min: quantile(&sorted, 0),
            median: quantile(&sorted, 50),
            max: quantile(&sorted, 100),
        }
    }

    /// As JSON.
    pub fn to_json(self) -> Value {
        json!({ "min": self.min, "median": self.median, "max": self.max })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.min, self.max)
    }
}

impl Rounds {
    /// Adds a round: where, how many at once, and how long it took.
    pub fn add(&mut self, round: Vec<(&'static str, usize, Timed)>) {
        let round = round
            .into_iter()
            .map(|(place, parallel, timed)| ((place, parallel), timed));
        self.rounds.push(round.collect());
    }

    fn lines(&self) -> Vec<Line> {
        let Some(first) = self.rounds.first() else {
            return Vec::new();
        };
        first
            .keys()
            .map(|(place, parallel)| {
                let all = || {
                    self.rounds
                        .iter()
                        .filter_map(|round| round.get(&(*place, *parallel)))
                };
                let each: Vec<Duration> = all().flat_map(|timed| timed.each.clone()).collect();
                let ratio = |other: &'static str| {
                    Ratio::of(self.rounds.iter().filter_map(|round| {
                        let own = round.get(&(*place, *parallel))?;
                        let other = round.get(&(other, *parallel))?;
                        Some(own.seconds_for_one() / other.seconds_for_one())
                    }))
                };
                Line {
                    place,
                    parallel: *parallel,
                    spread: Spread::of(&each),
                    per_second: 1.0 / quantile(&sorted(all().map(Timed::seconds_for_one)), 50),
                    to_bare: ratio("bare"),
                    to_empty: ratio("empty"),
                }
            })
            .collect()
    }

    /// As JSON.
    pub fn to_json(&self) -> Vec<Value> {
        let lines = self.lines();
        let lines = lines.iter().map(|line| {
            json!({
                "place": line.place,
                "parallel": line.parallel,
                "took": line.spread.to_json(),
                "per_second": line.per_second,
                "to_bare": line.to_bare.to_json(),
                "to_empty": line.to_empty.to_json(),
            })
        });
        lines.collect()
    }

    /// Prints a table, with ratios to the places `bare` and `empty` of the same round.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| where | in parallel | p50 | p95 | p99 | per second | × bare (min–max) | × empty (min–max) |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
        for line in self.lines() {
            let Spread { p50, p95, p99, .. } = line.spread;
            writeln!(
                f,
                "| {} | {} | {p50:.1} ms | {p95:.1} ms | {p99:.1} ms | {:.0} | {} | {} |",
                line.place, line.parallel, line.per_second, line.to_bare, line.to_empty,
            )?;
        }
        Ok(())
    }
}
