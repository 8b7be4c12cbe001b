//! What logging a set takes of an athlete's time, beside what PostgreSQL alone takes for as little.
//!
//! ```text
//! cargo bench -p tests --bench sets [-- --help]
//! ```
//!
//! A real instance of this very program runs on a PostgreSQL of its own that forces every commit to the disk. The
//! baseline is the least that could be called a write: begin, insert one row, insert another, commit. It runs in turn
//! with what is compared with it, round by round. Some athletes have years of sets of the exercise behind them.

use clap::Parser;
use domain::purpose::Purpose;
use local::instance::Instance;
use local::log::LogSink;
use local::postgres::Postgres;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::PgConnection;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::setup;
use support::history::{self, Person, Size};
use support::timing::{self, Bare, Failure, Rounds, Timed, instance_on, timed};
use uuid::Uuid;

/// Requests at once where many are.
const MANY: usize = 64;
/// The bench press of the catalogue.
const BENCH: &str = "85cf7a08-c5a9-55ff-8373-79fea5fbd1ec";

/// Measures how long a set takes to be logged, as a ratio to a bare insert-and-commit in the same run.
#[derive(Debug, Clone, Parser)]
#[command(name = "sets")]
struct Cli {
    /// Rounds
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Sets of a round that has 64 in parallel; a quarter of them for one after another
    #[arg(long, default_value_t = 320)]
    sets: usize,
    /// Sets of the exercise that athletes with years behind them have
    #[arg(long, default_value_t = 1000)]
    history: i32,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// What cargo says to a benchmark, and not to a test
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    timing::main(|cli: &Cli| cli.bench, measure)
}

async fn measure(cli: &Cli) -> Result<(), Failure> {
    timing::on_postgres(true, LogSink::discard(), async |postgres| {
        measure_on(postgres, cli).await
    })
    .await
}

async fn measure_on(postgres: &Postgres, cli: &Cli) -> Result<(), Failure> {
    let mut server = PgConnection::connect(&postgres.url("postgres")).await?;
    sqlx::query("CREATE DATABASE bare")
        .execute(&mut server)
        .await?;
    setup::create_database(&postgres.url("postgres")).await?;
    let bare = Arc::new(Bare::open(&postgres.url("bare")).await?);
    let url = postgres.url("paceline");
    let instance = Arc::new(instance_on("sets", &url).await?);
    let mut sql = PgConnection::connect(&url).await?;
    let size = Size {
        athletes: u16::try_from(2 * MANY)?,
        workouts_each: 1,
    };
    let mut people = history::fill(&mut sql, size).await;
    let old = people.split_off(MANY);
    let places = [
        Gym::open("empty", &instance, &mut sql, people, 0).await?,
        Gym::open("years", &instance, &mut sql, old, cli.history).await?,
    ];

    let mut rounds = Rounds::default();
    for round in 0..=cli.rounds {
        let mut took = Vec::new();
        for parallel in [MANY, 1] {
            let count = if parallel == 1 {
                cli.sets / 4
            } else {
                cli.sets
            };
            // Whoever comes first in a round does not come first in the next.
            for turn in 0..=places.len() {
                match (round + turn) % (places.len() + 1) {
                    0 => took.push(("bare", parallel, bare.insert(parallel, count).await?)),
                    which => {
                        let gym = places.get(which - 1).ok_or("a gym")?;
                        took.push((gym.name, parallel, gym.log(parallel, count).await?));
                    }
                }
            }
        }
        // The first round starts processes, opens connections and fills caches.
        if round > 0 {
            rounds.add(took);
        }
    }

    let mut out = std::io::stdout().lock();
    if cli.json {
        writeln!(out, "{}", json!(rounds.to_json()))?;
    } else {
        writeln!(
            out,
            "A set logged over HTTP; `years` have {} sets of the exercise before:\n",
            cli.history
        )?;
        write!(out, "{}", Table(&rounds))?;
    }
    drop(out);
    drop(places);
    let instance = Arc::into_inner(instance).ok_or("a task still runs")?;
    instance.stop().await?;
    let bare = Arc::into_inner(bare).ok_or("a task still runs")?;
    bare.close().await
}

struct Table<'a>(&'a Rounds);

impl std::fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.print(f)
    }
}

/// Athletes, each in a workout.
struct Gym {
    name: &'static str,
    http: Client,
    url: String,
    lifters: Vec<Lifter>,
    next: AtomicUsize,
}

/// An athlete's token and workout.
struct Lifter {
    token: String,
    workout: String,
}

impl Gym {
    async fn open(
        name: &'static str,
        instance: &Arc<Instance>,
        sql: &mut PgConnection,
        people: Vec<Person>,
        history: i32,
    ) -> Result<Self, Failure> {
        let http = Client::new();
        let url = instance.endpoint().url.clone();
        let mut lifters = Vec::new();
        for person in people {
            sqlx::query(
                "INSERT INTO workout_sets (
                     user_id, id, workout_id, exercise_id, set_index, reps, weight, performed_at)
                 SELECT $1, gen_random_uuid(), w.id, $2::uuid, n, 3 + n % 10, 40 + n % 60,
                     timestamptz '2020-01-01' + n * interval '1 day'
                 FROM generate_series(1, $3) AS n
                 CROSS JOIN LATERAL (SELECT id FROM workouts WHERE user_id = $1 LIMIT 1) AS w",
            )
            .bind(person.user.0)
            .bind(BENCH)
            .bind(history)
            .execute(&mut *sql)
            .await?;
            let token = instance.token_of(person.user, Purpose::Display)?;
            let start = http
                .post(format!("{url}/workouts"))
                .bearer_auth(&token)
                .body(json!({"client_id": Uuid::new_v4()}).to_string());
            let started = created(start).await?;
            let workout = started.get("workout_id").and_then(Value::as_str);
            lifters.push(Lifter {
                workout: workout.ok_or("a workout")?.to_owned(),
                token,
            });
        }
        sqlx::query("ANALYZE").execute(&mut *sql).await?;
        sqlx::query("CHECKPOINT").execute(&mut *sql).await?;
        Ok(Self {
            name,
            http,
            url,
            lifters,
            next: AtomicUsize::new(0),
        })
    }

    /// Logs sets, each athlete in turn.
    async fn log(&self, parallel: usize, count: usize) -> Result<Timed, Failure> {
        let mut requests = Vec::new();
        for _ in 0..count {
            let nth = self.next.fetch_add(1, Ordering::Relaxed);
            let lifter = self.lifters.get(nth % self.lifters.len());
            let lifter = lifter.ok_or("nobody")?;
            let set = json!({
                "set_id": Uuid::new_v4(), "exercise_id": BENCH, "rpe": 8,
                "reps": 5 + nth % 5, "weight": 60 + nth % 50, "weight_unit": "kg",
            });
            let request = self
                .http
                .post(format!("{}/workouts/{}/sets", self.url, lifter.workout))
                .bearer_auth(&lifter.token)
                .body(set.to_string());
            requests.push(request);
        }
        timed(parallel, requests, |request| async {
            created(request).await.map(drop)
        })
        .await
    }
}

async fn created(request: RequestBuilder) -> Result<Value, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let answer: Value = serde_json::from_slice(&response.bytes().await?)?;
    if status.as_u16() == 201 {
        Ok(answer)
    } else {
        Err(format!("{status}: {answer}").into())
    }
}
