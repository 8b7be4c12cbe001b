//! What the pipeline takes of the time of whoever waits for it, beside what PostgreSQL alone takes for as little.
//!
//! ```text
//! cargo bench -p tests --bench pipeline [-- --help]
//! ```
//!
//! A real instance of this very program runs on a PostgreSQL of its own that forces every commit to the disk. The
//! baseline is the least that could be called a delivery: begin, insert one row, insert another, commit, over as many
//! connections as a function has execution environments. It runs in turn with what is compared with it, round by
//! round, so that a busy moment of the machine hits all alike; a ratio is the median of the rounds' ratios.
//!
//! A second instance has many workouts already. Acknowledgements and stage runs take their turns there too.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use domain::id::{UserId, WorkoutId};
use domain::purpose::Purpose;
use domain::stage::StageName;
use local::instance::Instance;
use local::invoke::Invoke;
use local::log::LogSink;
use local::postgres::Postgres;
use platform::doorbell::Message;
use platform::signature::SigningKeys;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::setup;
use support::history::{self, Person, Planning, Size};
use support::timing::{self, Bare, Failure, Ratio, Rounds, Spread, Timed, instance_on, timed};
use support::world::now;
use uuid::Uuid;

/// Requests at once where many are.
const MANY: usize = 16;
/// Activities of one backfill.
const BACKFILL: usize = 500;
/// A ride of one hour at one sample a second.
const HOUR_S: u32 = 3600;
/// Athletes of the empty database, and those of the large one who deliver more.
const ATHLETES: u16 = 64;
/// How often a running pipeline is asked whether it is done.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// Measures how long deliveries and stages take, as ratios to a bare insert-and-commit in the same run.
#[derive(Debug, Clone, Parser)]
#[command(name = "pipeline")]
struct Cli {
    /// Rounds of acknowledgements and stage runs
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Deliveries of a round that has 16 in parallel; a quarter of them for one after another
    #[arg(long, default_value_t = 320)]
    deliveries: usize,
    /// Rides on an idle system
    #[arg(long, default_value_t = 100)]
    rides: usize,
    /// Backfills of 500 activities, of either kind
    #[arg(long, default_value_t = 5)]
    backfills: usize,
    /// Workouts of each of the large database's 200 athletes; 0 leaves it out
    #[arg(long, default_value_t = 500)]
    workouts: u16,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Print how PostgreSQL runs the hot statements in the large database
    #[arg(long)]
    plans: bool,
    /// What cargo says to a benchmark, and not to a test
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    timing::main(|cli: &Cli| cli.bench, measure)
}

async fn measure(cli: &Cli) -> Result<(), Failure> {
    let statements = Statements::default();
    let log = statements.sink();
    timing::on_postgres(true, log, async |postgres| {
        measure_on(postgres, statements, cli).await
    })
    .await
}

async fn measure_on(postgres: &Postgres, statements: Statements, cli: &Cli) -> Result<(), Failure> {
    let mut server = PgConnection::connect(&postgres.url("postgres")).await?;
    sqlx::query("CREATE DATABASE bare")
        .execute(&mut server)
        .await?;
    sqlx::query("CREATE DATABASE large")
        .execute(&mut server)
        .await?;
    setup::create_database(&postgres.url("postgres")).await?;

    let bare = Arc::new(Bare::open(&postgres.url("bare")).await?);
    let nothing = Size {
        athletes: ATHLETES,
        workouts_each: 0,
    };
    let empty = Site::start("empty", &postgres.url("paceline"), nothing).await?;
    let mut sites = vec![Arc::clone(&empty)];
    if cli.workouts > 0 {
        let size = Size {
            athletes: 200,
            workouts_each: cli.workouts,
        };
        progress(&format!("storing {} workouts", size.workouts()));
        sites.push(Site::start("large", &postgres.url("large"), size).await?);
    }

    let mut report = Report {
        stored: sites.get(1).map(|_| u32::from(cli.workouts) * 200),
        ..Report::default()
    };
    acknowledgements(&bare, &sites, cli, &mut report).await?;
    report.round_trips = round_trips(&empty, &mut server, statements).await?;
    rides(&bare, &empty, cli, &mut report).await?;
    for samples in [0, HOUR_S] {
        backfills(&bare, &empty, samples, cli, &mut report).await?;
    }

    let mut out = std::io::stdout().lock();
    if cli.json {
        writeln!(out, "{}", report.to_json())?;
    } else {
        write!(out, "{report}")?;
    }
    drop(out);
    if let (true, Some(large)) = (cli.plans, sites.get(1)) {
        let mut sql = PgConnection::connect(&large.database_url).await?;
        for statement in history::explain(&mut sql, large.person(0)?, Planning::Custom).await {
            write!(std::io::stdout(), "\n{statement}")?;
        }
    }
    drop(empty);
    for site in sites {
        Arc::into_inner(site)
            .ok_or("a task still runs")?
            .stop()
            .await?;
    }
    Arc::into_inner(bare)
        .ok_or("a task still runs")?
        .close()
        .await?;
    Ok(())
}

/// Acknowledgements while no stage runs, and then the runs that they asked for, one doorbell at a time.
async fn acknowledgements(
    bare: &Arc<Bare>,
    sites: &[Arc<Site>],
    cli: &Cli,
    report: &mut Report,
) -> Result<(), Failure> {
    for round in 0..=cli.rounds {
        if round > 0 {
            progress(&format!(
                "acknowledgements, round {round} of {}",
                cli.rounds
            ));
        }
        let (mut acks, mut cycles) = (Vec::new(), Vec::new());
        for parallel in [MANY, 1] {
            let count = if parallel == 1 {
                cli.deliveries / 4
            } else {
                cli.deliveries
            };
            // Whoever comes first in a round does not come first in the next.
            for turn in 0..=sites.len() {
                match (round + turn) % (sites.len() + 1) {
                    0 => acks.push(("bare", parallel, bare.insert(parallel, count).await?)),
                    which => {
                        let site = sites.get(which - 1).ok_or("a site")?;
                        let deliveries = site.deliveries(count, 0)?;
                        acks.push((
                            site.name,
                            parallel,
                            site.deliver(parallel, deliveries).await?,
                        ));
                    }
                }
            }
        }
        let count = cli.deliveries / 4;
        for turn in 0..=sites.len() {
            match (round + turn) % (sites.len() + 1) {
                0 => cycles.push(("bare", 1, bare.insert(1, count).await?)),
                which => {
                    let site = sites.get(which - 1).ok_or("a site")?;
                    cycles.push((site.name, 1, site.run_summaries(count).await?));
                }
            }
        }
        for site in sites {
            site.settle().await?;
        }
        // The first round starts processes, opens connections and fills caches.
        if round > 0 {
            report.acknowledged.add(acks);
            report.cycles.add(cycles);
        }
    }
    Ok(())
}

/// A ride posted while nothing else happens, until its three stages are complete.
async fn rides(
    bare: &Arc<Bare>,
    site: &Arc<Site>,
    cli: &Cli,
    report: &mut Report,
) -> Result<(), Failure> {
    progress("rides on an idle system");
    site.instance.cloud().resume_mappings();
    let mut sql = PgConnection::connect(&site.database_url).await?;
    let mut delivered = Vec::new();
    for ride in 0..=cli.rides {
        let delivery = site.deliveries(1, HOUR_S)?.pop().ok_or("a ride")?;
        let begun = Instant::now();
        let workout = site.post(delivery).await?;
        wait_until_complete(&mut sql, workout).await?;
        // The first one starts what has not run yet.
        if ride > 0 {
            delivered.push(begun.elapsed());
        }
    }
    let mut uploaded = Vec::new();
    let file = support::oracle::bytes("ride_hr_fr935.fit").map_err(|error| error.to_string())?;
    for person in site.people.iter().take(cli.rides) {
        let token = site.instance.token_of(person.user, Purpose::Display)?;
        let url = format!("{}/activities", site.instance.endpoint().url);
        let upload = site.http.post(url).bearer_auth(token).body(file.clone());
        let begun = Instant::now();
        let workout = workout_of(upload).await?;
        wait_until_complete(&mut sql, workout).await?;
        uploaded.push(begun.elapsed());
    }
    site.settle().await?;
    report.rides = vec![
        (
            "1 h, 3600 samples, webhook".to_owned(),
            Spread::of(&delivered),
        ),
        (
            "86 min, 5159 records, FIT file".to_owned(),
            Spread::of(&uploaded),
        ),
        ("bare".to_owned(), bare.insert(1, cli.rides).await?.spread()),
    ];
    Ok(())
}

/// Many activities at once, from the first post to the end of the last stage.
async fn backfills(
    bare: &Arc<Bare>,
    site: &Arc<Site>,
    samples: u32,
    cli: &Cli,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut backfill = Backfill {
        samples,
        ..Backfill::default()
    };
    let mut sql = PgConnection::connect(&site.database_url).await?;
    for round in 0..=cli.backfills {
        if round > 0 {
            progress(&format!(
                "backfill of {BACKFILL} with {samples} samples, {round} of {}",
                cli.backfills
            ));
        }
        let inserted = bare.insert(MANY, BACKFILL).await?;
        let deliveries = site.deliveries(BACKFILL, samples)?;
        site.instance.cloud().resume_mappings();
        let begun = Instant::now();
        let acknowledged = site.deliver(MANY, deliveries).await?;
        wait_until_all_complete(&mut sql).await?;
        let took = begun.elapsed();
        site.settle().await?;
        if round > 0 {
            backfill
                .ratios
                .push(took.as_secs_f64() / inserted.total.as_secs_f64());
            backfill.took.push(took);
            backfill.acknowledged.extend(acknowledged.each);
        }
    }
    if cli.backfills > 0 {
        report.backfills.push(backfill);
    }
    Ok(())
}

/// What PostgreSQL is asked for one new activity and for one stage run, as its own log tells.
async fn round_trips(
    site: &Arc<Site>,
    server: &mut PgConnection,
    statements: Statements,
) -> Result<Vec<(String, Asked)>, Failure> {
    const TIMES: usize = 20;
    progress("what PostgreSQL is asked");
    let mut asked = Vec::new();
    set_log(server, "0").await?;
    let deliveries = site.deliveries(TIMES, 0)?;
    statements.mark(server).await?;
    site.deliver(1, deliveries).await?;
    asked.push((
        "an acknowledgement".to_owned(),
        statements.mark(server).await?,
    ));
    site.run_summaries(TIMES).await?;
    asked.push(("a stage run".to_owned(), statements.mark(server).await?));
    set_log(server, "-1").await?;
    site.settle().await?;
    for (_, asked) in &mut asked {
        asked.share(u32::try_from(TIMES)?);
    }
    Ok(asked)
}

async fn set_log(server: &mut PgConnection, at_least: &'static str) -> Result<(), Failure> {
    let set = match at_least {
        "0" => "ALTER SYSTEM SET log_min_duration_statement = 0",
        _ => "ALTER SYSTEM RESET log_min_duration_statement",
    };
    sqlx::query(set).execute(&mut *server).await?;
    sqlx::query("SELECT pg_reload_conf()")
        .execute(&mut *server)
        .await?;
    // A session reads its settings again between two statements, some time after it was told to.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}

async fn wait_until_complete(sql: &mut PgConnection, workout: WorkoutId) -> Result<(), Failure> {
    loop {
        let (complete,): (i64,) = sqlx::query_as(
            "SELECT count(*) FROM stage_runs WHERE workout_id = $1 AND status = 'complete'",
        )
        .bind(workout.0)
        .fetch_one(&mut *sql)
        .await?;
        if complete == 3 {
            return Ok(());
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

async fn wait_until_all_complete(sql: &mut PgConnection) -> Result<(), Failure> {
    loop {
        let (unfinished, failed): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM stage_runs WHERE status IN ('pending', 'processing')),
                 EXISTS (SELECT FROM workouts AS w JOIN stage_runs AS r ON r.workout_id = w.id
                     WHERE w.started_at > '2026-01-01' AND r.status = 'failed')",
        )
        .fetch_one(&mut *sql)
        .await?;
        if failed {
            return Err("a stage failed".into());
        }
        if !unfinished {
            return Ok(());
        }
        tokio::time::sleep(5 * ASK_AGAIN).await;
    }
}

/// An instance, and who delivers to it.
struct Site {
    name: &'static str,
    database_url: String,
    instance: Instance,
    http: Client,
    keys: SigningKeys,
    people: Vec<Person>,
    delivered: AtomicUsize,
    /// Workouts whose stages were requested and not yet let run.
    waiting: Mutex<Vec<(UserId, WorkoutId)>>,
}

/// A delivery that has only to be sent.
struct Delivery {
    user: UserId,
    request: RequestBuilder,
}

impl Site {
    async fn start(
        name: &'static str,
        database_url: &str,
        size: Size,
    ) -> Result<Arc<Self>, Failure> {
        let instance = instance_on(name, database_url).await?;
        let mut sql = PgConnection::connect(database_url).await?;
        let mut people = history::fill(&mut sql, size).await;
        people.truncate(usize::from(ATHLETES));
        sqlx::query("CHECKPOINT").execute(&mut sql).await?;
        let secret = instance.endpoint().webhook_secret.clone();
        Ok(Arc::new(Self {
            name,
            database_url: database_url.to_owned(),
            instance,
            http: Client::new(),
            keys: SigningKeys::parse(&[secret]).ok_or("a secret")?,
            people,
            delivered: AtomicUsize::new(0),
            waiting: Mutex::default(),
        }))
    }

    fn person(&self, nth: usize) -> Result<&Person, Failure> {
        Ok(self.people.get(nth % self.people.len()).ok_or("nobody")?)
    }

    /// Makes deliveries of new activities, each athlete in turn, signed as the provider would.
    fn deliveries(&self, count: usize, samples: u32) -> Result<Vec<Delivery>, Failure> {
        let columns = (samples > 0).then(|| columns(samples));
        let url = format!("{}/webhooks/paceline", self.instance.endpoint().url);
        let mut deliveries = Vec::new();
        for _ in 0..count {
            let nth = self.delivered.fetch_add(1, Ordering::Relaxed);
            let person = self.person(nth)?;
            let id = format!("new-{nth}");
            let body = body(person, nth, columns.as_ref())?;
            let now = DateTime::<Utc>::from(now()).timestamp();
            let signature = self
                .keys
                .sign(&id, now, body.as_bytes())
                .ok_or("a signature")?;
            deliveries.push(Delivery {
                user: person.user,
                request: self
                    .http
                    .post(&url)
                    .header("content-type", "application/json")
                    .header("webhook-id", id)
                    .header("webhook-timestamp", now)
                    .header("webhook-signature", signature)
                    .body(body),
            });
        }
        Ok(deliveries)
    }

    /// Delivers and waits for the acknowledgement.
    async fn post(&self, delivery: Delivery) -> Result<WorkoutId, Failure> {
        let workout = workout_of(delivery.request).await?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push((delivery.user, workout));
        Ok(workout)
    }

    async fn deliver(
        self: &Arc<Self>,
        parallel: usize,
        deliveries: Vec<Delivery>,
    ) -> Result<Timed, Failure> {
        let site = Arc::clone(self);
        timed(parallel, deliveries, move |delivery| {
            let site = Arc::clone(&site);
            async move { site.post(delivery).await.map(drop) }
        })
        .await
    }

    /// Rings by hand for the summaries of workouts that wait, one after another.
    async fn run_summaries(self: &Arc<Self>, count: usize) -> Result<Timed, Failure> {
        let mut doorbells = Vec::new();
        {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for (user, workout) in waiting.iter().rev().take(count) {
                doorbells.push(doorbell(*user, *workout)?);
            }
        }
        // Only what is new is pending; what was rung before would find nothing to do.
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let site = Arc::clone(self);
        timed(1, doorbells, move |event| {
            let site = Arc::clone(&site);
            async move {
                let functions = site.instance.cloud().functions();
                let answer = functions.invoke("compute-summary", event.into()).await?;
                let answer: Value = serde_json::from_slice(&answer)?;
                match answer.get("batchItemFailures").and_then(Value::as_array) {
                    Some(failures) if !failures.is_empty() => Err("a run failed".into()),
                    _ => Ok(()),
                }
            }
        })
        .await
    }

    /// Lets everything run to its end, and nothing after.
    async fn settle(&self) -> Result<(), Failure> {
        self.instance.cloud().resume_mappings();
        let mut sql = PgConnection::connect(&self.database_url).await?;
        wait_until_all_complete(&mut sql).await?;
        while self
            .instance
            .cloud()
            .queues()
            .all()
            .iter()
            .any(|queue| queue.depth().total() > 0)
        {
            tokio::time::sleep(ASK_AGAIN).await;
        }
        self.instance.cloud().pause_mappings().await;
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        Ok(())
    }

    async fn stop(self) -> Result<(), Failure> {
        Ok(self.instance.stop().await?)
    }
}

async fn workout_of(request: RequestBuilder) -> Result<WorkoutId, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    let answer: Value = serde_json::from_slice(&body)?;
    let workout = answer.get("workout_id").and_then(Value::as_str);
    match workout {
        Some(workout) if status.is_success() => Ok(workout.parse().map_err(|_| "no id")?),
        _ => Err(format!("{status}: {answer}").into()),
    }
}

/// A new activity, as the generic provider tells of it.
fn body(person: &Person, nth: usize, columns: Option<&Value>) -> Result<String, Failure> {
    let first: DateTime<Utc> = "2026-02-01T06:00:00Z".parse()?;
    let started = first + TimeDelta::minutes(i64::try_from(nth)?);
    let mut activity = json!({
        "sport": "ride",
        "name": format!("Ride {nth}"),
        "started_at": started,
        "utc_offset_s": 3600,
        "elapsed_s": HOUR_S,
        "timer_s": HOUR_S,
        "distance_m": 30_000,
        "avg_hr_bpm": 140,
    });
    if let (Some(columns), Some(activity)) = (columns, activity.as_object_mut()) {
        activity.insert("samples".to_owned(), columns.clone());
    }
    Ok(json!({
        "event": "create",
        "athlete": person.account,
        "activity_id": format!("new-{nth}"),
        "occurred_at": started,
        "activity": activity,
    })
    .to_string())
}

/// A hilly hour with everything that a bicycle computer records.
fn columns(samples: u32) -> Value {
    let column = |of: &dyn Fn(f64) -> f64, digits: f64| -> Vec<f64> {
        (0..samples)
            .map(|second| (of(f64::from(second)) * digits).round() / digits)
            .collect()
    };
    let speed = |t: f64| 8.0 + 2.0 * (t / 97.0).sin();
    json!({
        "time_s": (0..samples).collect::<Vec<_>>(),
        "distance_m": column(&|t| 8.0 * t + 194.0 * (1.0 - (t / 97.0).cos()), 10.0),
        "speed_mps": column(&speed, 100.0),
        "hr_bpm": column(&|t| 140.0 + 20.0 * (t / 181.0).sin(), 1.0),
        "power_w": column(&|t| 200.0 + 90.0 * (t / 53.0).sin() + 40.0 * (t * 1.7).sin(), 1.0),
        "cadence": column(&|t| 85.0 + 6.0 * (t / 31.0).sin(), 1.0),
        "altitude_m": column(&|t| 300.0 + 60.0 * (t / 400.0).sin(), 10.0),
        "latitude": column(&|t| 59.9 + t * 4e-5, 1e6),
        "longitude": column(&|t| 10.7 + 0.001 * (t / 211.0).sin(), 1e6),
        "temperature_c": column(&|t| 12.0 + t / 1800.0, 1.0),
    })
}

/// An event of SQS with one doorbell.
fn doorbell(user_id: UserId, workout_id: WorkoutId) -> Result<Vec<u8>, Failure> {
    let message = Message {
        user_id,
        workout_id,
        stage: StageName::Summary,
        correlation_id: "bench".to_owned(),
    };
    let event = json!({ "Records": [{
        "messageId": Uuid::new_v4(),
        "receiptHandle": "none",
        "body": serde_json::to_string(&message)?,
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "local-1",
    }] });
    Ok(serde_json::to_vec(&event)?)
}

/// Backfills of one kind.
#[derive(Debug, Default)]
struct Backfill {
    samples: u32,
    took: Vec<Duration>,
    ratios: Vec<f64>,
    acknowledged: Vec<Duration>,
}

impl Backfill {
    /// Seconds of the fastest, the middle and the slowest.
    fn seconds(&self) -> Ratio {
        Ratio::of(self.took.iter().map(Duration::as_secs_f64))
    }

    fn ratio(&self) -> Ratio {
        Ratio::of(self.ratios.iter().copied())
    }

    fn per_second(&self) -> f64 {
        f64::from(u32::try_from(BACKFILL).unwrap_or(u32::MAX)) / self.seconds().median
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
struct Report {
    stored: Option<u32>,
    acknowledged: Rounds,
    cycles: Rounds,
    round_trips: Vec<(String, Asked)>,
    rides: Vec<(String, Spread)>,
    backfills: Vec<Backfill>,
}

impl Report {
    fn to_json(&self) -> Value {
        let rides = self
            .rides
            .iter()
            .map(|(what, spread)| (what.clone(), spread.to_json()));
        let asked = self.round_trips.iter().map(|(what, asked)| {
            let statements =
                json!({ "statements": asked.statements, "in_postgres_ms": asked.total_ms });
            (what.clone(), statements)
        });
        let backfills = self.backfills.iter().map(|backfill| {
            json!({
                "samples": backfill.samples,
                "seconds": backfill.seconds().to_json(),
                "per_second": backfill.per_second(),
                "to_bare": backfill.ratio().to_json(),
                "acknowledged": Spread::of(&backfill.acknowledged).to_json(),
            })
        });
        json!({
            "workouts_in_large": self.stored,
            "acknowledged": self.acknowledged.to_json(),
            "stage_run": self.cycles.to_json(),
            "asked_of_postgres": asked.collect::<BTreeMap<_, _>>(),
            "posted_until_complete": rides.collect::<BTreeMap<_, _>>(),
            "backfills": backfills.collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Webhook acknowledged, no stage running:\n")?;
        self.acknowledged.print(f)?;
        writeln!(
            f,
            "\nOne stage run, doorbell to answer, claim to finish within it:\n"
        )?;
        self.cycles.print(f)?;
        writeln!(f, "\nAsked of PostgreSQL, by its own log:\n")?;
        writeln!(f, "| for | statements | their time |\n|---|--:|--:|")?;
        for (what, asked) in &self.round_trips {
            writeln!(
                f,
                "| {what} | {:.1} | {:.2} ms |",
                asked.statements, asked.total_ms
            )?;
        }
        for (what, asked) in &self.round_trips {
            writeln!(f, "\nThe longest of {what}:\n")?;
            for (statement, times, ms) in asked.longest() {
                writeln!(f, "- {times:.1} × `{statement}`: {ms:.3} ms")?;
            }
        }
        writeln!(
            f,
            "\nPosted until three stages are complete, nothing else running:\n"
        )?;
        writeln!(f, "| what | p50 | p95 | max | of |\n|---|--:|--:|--:|--:|")?;
        for (what, spread) in &self.rides {
            let Spread {
                p50,
                p95,
                max,
                count,
                ..
            } = spread;
            writeln!(
                f,
                "| {what} | {p50:.1} ms | {p95:.1} ms | {max:.1} ms | {count} |"
            )?;
        }
        writeln!(
            f,
            "\n{BACKFILL} activities, {MANY} in parallel, first post until last stage complete:\n"
        )?;
        writeln!(
            f,
            "| samples | seconds (min–max) | per second | × bare (min–max) | ack p50 | ack p99 |"
        )?;
        writeln!(f, "|--:|--:|--:|--:|--:|--:|")?;
        for backfill in &self.backfills {
            let Spread { p50, p99, .. } = Spread::of(&backfill.acknowledged);
            writeln!(
                f,
                "| {} | {} | {:.0} | {} | {p50:.1} ms | {p99:.1} ms |",
                backfill.samples,
                backfill.seconds(),
                backfill.per_second(),
                backfill.ratio(),
            )?;
        }
        Ok(())
    }
}

/// What PostgreSQL was asked.
#[derive(Debug, Clone, Default)]
struct Asked {
    statements: f64,
    total_ms: f64,
    each: BTreeMap<String, (f64, f64)>,
}

impl Asked {
    fn share(&mut self, times: u32) {
        let times = f64::from(times);
        self.statements /= times;
        self.total_ms /= times;
        for (count, ms) in self.each.values_mut() {
            *count /= times;
            *ms /= times;
        }
    }

    fn longest(&self) -> Vec<(&str, f64, f64)> {
        let mut longest: Vec<_> = self
            .each
            .iter()
            .map(|(statement, (times, ms))| (statement.as_str(), *times, *ms))
            .collect();
        longest.sort_by(|a, b| b.2.total_cmp(&a.2));
        longest
    }
}

/// Statements that PostgreSQL logs with their durations.
#[derive(Debug, Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn sink(&self) -> LogSink {
        let lines = Arc::clone(&self.0);
        LogSink::new(move |line| {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line.text.to_owned());
        })
    }

    /// Ends a stretch of the log, and answers what was in it.
    async fn mark(&self, server: &mut PgConnection) -> Result<Asked, Failure> {
        const MARK: &str = "a mark in the log";
        sqlx::raw_sql("SELECT 'a mark in the log'")
            .execute(server)
            .await?;
        loop {
            tokio::time::sleep(ASK_AGAIN).await;
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.iter().any(|line| line.contains(MARK)) {
                return Ok(read_log(&std::mem::take(&mut *lines), MARK));
            }
        }
    }
}

/// Reads `duration: 0.123 ms  execute name: text`; the text may go on in further lines.
fn read_log(lines: &[String], mark: &str) -> Asked {
    let mut asked = Asked::default();
    let mut current: Option<(bool, f64, String)> = None;
    let mut end = |current: &mut Option<(bool, f64, String)>| {
        if let Some((is_execution, ms, text)) = current.take() {
            let each = asked.each.entry(head(&text)).or_default();
            each.1 += ms;
            asked.total_ms += ms;
            if is_execution {
                each.0 += 1.0;
                asked.statements += 1.0;
            }
        }
    };
    for line in lines {
        let Some((_, after)) = line.split_once("duration: ") else {
            if line.contains("LOG:") || line.contains("DETAIL:") {
                end(&mut current);
            } else if let Some((_, _, text)) = &mut current {
                text.push(' ');
                text.push_str(without_comment(line));
            }
            continue;
        };
        end(&mut current);
        if line.contains(mark) {
            continue;
        }
        let Some((ms, rest)) = after.split_once(" ms  ") else {
            continue;
        };
        let (kind, text) = rest.split_once(": ").unwrap_or(("", rest));
        let is_execution = kind.starts_with("execute") || kind.starts_with("statement");
        current = Some((
            is_execution,
            ms.parse().unwrap_or_default(),
            without_comment(text).to_owned(),
        ));
    }
    end(&mut current);
    asked
}

/// The first words of a statement.
fn head(text: &str) -> String {
    text.split_whitespace()
        .take(7)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A line of a statement without what is commented out.
fn without_comment(line: &str) -> &str {
    line.split("--").next().unwrap_or_default().trim()
}

fn progress(what: &str) {
    eprintln!("{what}");
}
