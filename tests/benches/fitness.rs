//! What an athlete with years of training waits for load over days, bests and estimates, beside the least question
//! that the same function answers.
//!
//! ```text
//! cargo bench -p tests --bench fitness [-- --help]
//! ```
//!
//! A real instance of this very program runs on a PostgreSQL of its own, in which other athletes have as many workouts.
//! The baseline asks for the status of one workout: it crosses the same gateway, function and connection, and opens the
//! same transaction. Questions take turns, so that a busy moment of the machine hits all alike; a ratio is the median of
//! the rounds' ratios.

use clap::Parser;
use domain::purpose::Purpose;
use local::instance::Instance;
use local::log::LogSink;
use local::postgres::Postgres;
use reqwest::Client;
use sqlx::{Connection, PgConnection};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;
use store::setup;
use support::history::{self, Person, Size};
use support::timing::{self, Failure, instance_on};
use uuid::Uuid;

/// Measures how long questions about years of training take, as ratios to the least question in the same run.
#[derive(Debug, Clone, Parser)]
#[command(name = "fitness")]
struct Cli {
    /// Athletes, of whom one is asked about
    #[arg(long, default_value_t = 20)]
    athletes: u16,
    /// Days of training of each
    #[arg(long, default_value_t = 3650)]
    days: u16,
    /// Workouts of each day
    #[arg(long, default_value_t = 1)]
    each_day: u16,
    /// Times that each question is asked
    #[arg(long, default_value_t = 60)]
    rounds: usize,
    /// What cargo says to a benchmark, and not to a test
    #[arg(long, hide = true)]
    bench: bool,
}

/// Results like those of rides and runs of an hour, in the place of what the history has.
const TRAIN: [&str; 4] = [
    "UPDATE workouts AS w
         SET local_date = (now() - (placed.before / $2::int) * interval '1 day')::date,
             sport = CASE WHEN placed.before % 2 = 0 THEN 'ride' ELSE 'run' END
         FROM (
             SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id DESC) - 1 AS before
             FROM workouts
         ) AS placed
         WHERE placed.id = w.id AND $1::uuid IS NOT NULL",
    "UPDATE stage_runs
         SET result = jsonb_set(result, '{metrics,load}', to_jsonb(40 + 100 * random()))
         WHERE stage = 'metrics' AND $1::uuid IS NOT NULL AND $2::int > 0",
    "CREATE TEMPORARY TABLE analysed AS
         SELECT jsonb_build_object('analysis', jsonb_build_object(
             'series', (SELECT jsonb_build_object(
                 'time_s', jsonb_agg(n), 'hr_bpm', jsonb_agg((100 + 80 * random())::int),
                 'power_w', jsonb_agg((400 * random())::int), 'distance_m', jsonb_agg(10 * n * random())
             ) FROM generate_series(1, 1000) AS n),
             'mean_max_power', (SELECT jsonb_agg(jsonb_build_object(
                 'duration_s', d, 'watts', 220 + 900 / sqrt(d) + random(), 'start_s', d)) FROM places),
             'mean_max_hr', (SELECT jsonb_agg(jsonb_build_object(
                 'duration_s', d, 'bpm', 190 - d / 100.0 + random(), 'start_s', d)) FROM places WHERE d >= 60),
             'best_efforts', (SELECT jsonb_agg(jsonb_build_object(
                 'distance_m', d, 'elapsed_s', d / 4.0 + random(), 'start_s', 9))
                 FROM unnest(ARRAY[400, 800, 1000, 1609.344, 3218.688, 5000, 10000]) AS d)
         )) AS result
         FROM (SELECT $1::uuid, $2::int) AS asked",
    "UPDATE stage_runs SET result = (SELECT result FROM analysed)
         WHERE stage = 'analysis' AND user_id = $1::uuid AND $2::int > 0",
];

/// The durations of a curve of an hour.
const PLACES: &str = "CREATE TEMPORARY TABLE places AS
    SELECT generate_series(1, 30) AS d UNION SELECT generate_series(30, 60, 2)
    UNION SELECT generate_series(60, 120, 5) UNION SELECT generate_series(120, 300, 10)
    UNION SELECT generate_series(300, 600, 20) UNION SELECT generate_series(600, 1200, 30)
    UNION SELECT generate_series(1200, 3600, 60)";

fn main() -> ExitCode {
    timing::main(|cli: &Cli| cli.bench, measure)
}

async fn measure(cli: &Cli) -> Result<(), Failure> {
    timing::on_postgres(false, LogSink::discard(), async |postgres| {
        measure_on(postgres, cli).await
    })
    .await
}

async fn measure_on(postgres: &Postgres, cli: &Cli) -> Result<(), Failure> {
    setup::create_database(&postgres.url("postgres")).await?;
    let url = postgres.url("paceline");
    let instance = instance_on("fitness", &url).await?;
    let mut sql = PgConnection::connect(&url).await?;
    let person = train(&mut sql, cli).await?;
    let measured = ask(&instance, &mut sql, &person, cli).await;
    instance.stop().await?;
    measured
}

/// Stores the years, and answers who is asked about.
async fn train(sql: &mut PgConnection, cli: &Cli) -> Result<Person, Failure> {
    let size = Size {
        athletes: cli.athletes,
        workouts_each: cli.days.checked_mul(cli.each_day).ok_or("too many")?,
    };
    progress(&format!("storing {} workouts", size.workouts()));
    let person = history::fill(sql, size)
        .await
        .into_iter()
        .next()
        .ok_or("nobody")?;
    progress("training");
    sqlx::query(PLACES).execute(&mut *sql).await?;
    for statement in TRAIN {
        sqlx::query(statement)
            .bind(person.user.0)
            .bind(i32::from(cli.each_day))
            .execute(&mut *sql)
            .await?;
    }
    sqlx::query("VACUUM ANALYZE").execute(&mut *sql).await?;
    Ok(person)
}

async fn ask(
    instance: &Instance,
    sql: &mut PgConnection,
    person: &Person,
    cli: &Cli,
) -> Result<(), Failure> {
    let (workout, first): (Uuid, String) = sqlx::query_as(
        "SELECT max(id::text)::uuid, min(local_date)::text FROM workouts WHERE user_id = $1",
    )
    .bind(person.user.0)
    .fetch_one(&mut *sql)
    .await?;
    let questions = [
        (
            "status of one workout",
            format!("/workouts/{workout}/status"),
        ),
        ("fitness, 90 days", "/athlete/fitness".to_owned()),
        (
            "fitness, every day",
            format!("/athlete/fitness?from={first}"),
        ),
        ("bests", "/athlete/bests".to_owned()),
        ("power curve", "/athlete/power-curve".to_owned()),
        ("estimates", "/athlete/estimates".to_owned()),
    ];
    let http = Client::new();
    let token = instance.token_of(person.user, Purpose::Display)?;
    let mut took = vec![Vec::new(); questions.len()];
    let mut bytes = vec![0; questions.len()];
    progress("asking");
    // The first rounds start the process, open its connection and make PostgreSQL's plans.
    for round in 0..cli.rounds + 10 {
        for turn in 0..questions.len() {
            let which = (round + turn) % questions.len();
            let (Some((_, path)), Some(took), Some(bytes)) = (
                questions.get(which),
                took.get_mut(which),
                bytes.get_mut(which),
            ) else {
                continue;
            };
            let url = format!("{}{path}", instance.endpoint().url);
            let request = http.get(url).bearer_auth(&token);
            let begun = Instant::now();
            let response = request.send().await?.error_for_status()?;
            *bytes = response.bytes().await?.len();
            if round >= 10 {
                took.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    report(cli, &questions, &took, &bytes)
}

fn report(
    cli: &Cli,
    questions: &[(&str, String)],
    took: &[Vec<f64>],
    bytes: &[usize],
) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n{} days of {} workouts, {} rounds\n\n| question | median | p95 | × status | KB |\n|---|--:|--:|--:|--:|",
        cli.days, cli.each_day, cli.rounds
    )?;
    let baseline = took.first().ok_or("no baseline")?;
    for (((name, _), took), bytes) in questions.iter().zip(took).zip(bytes) {
        let ratios = took.iter().zip(baseline).map(|(one, least)| one / least);
        writeln!(
            out,
            "| {name} | {:.1} ms | {:.1} ms | {:.1} | {} |",
            quantile(took.clone(), 50),
            quantile(took.clone(), 95),
            quantile(ratios.collect(), 50),
            bytes / 1000
        )?;
    }
    Ok(())
}

/// The value below which so many per cent lie.
fn quantile(mut values: Vec<f64>, per_cent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get(last * per_cent / 100)
        .copied()
        .unwrap_or(f64::NAN)
}

fn progress(what: &str) {
    eprintln!("{what}");
}
