//! How long a function takes from the start of its process to its first question for work.
//!
//! ```text
//! cargo build --release --workspace --exclude tests
//! cargo bench -p tests --bench cold_start [-- RUNS]
//! ```
//!
//! The binaries are looked for where the benchmark itself was built, or in the folder that
//! `PACELINE_BINARIES` names: `<function>`, or `<function>/bootstrap` as cargo-lambda builds it.
//! Every round starts each function once, so that a busy moment of the machine hits all alike.

use local::cloud::Executables;
use platform::auth::TokenIssuer;
use platform::secret::Secret;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::binaries;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// Whatever prevents a measurement.
type Failure = Box<dyn Error + Send + Sync>;

/// Starts of each function when nobody says.
const RUNS: usize = 20;
/// What a start is over with.
const NEXT: &str = "GET /2018-06-01/runtime/invocation/next ";
/// An HTTP function without the queues, one with them, and a stage.
const FUNCTIONS: [&str; 3] = ["read-workouts", "ingest-activity", "compute-summary"];

/// A program and what its starts were like.
struct Row {
    name: &'static str,
    program: PathBuf,
    starts: Vec<Start>,
}

/// One start.
struct Start {
    took: Duration,
    resident_kib: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, without this flag.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let runs = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(RUNS);
    let mut rows = rows()?;
    let environment = environment()?;
    // The first start of each reads its file from the disk; the rest are alike.
    for row in &rows {
        start(&row.program, &environment).await?;
    }
    for _ in 0..runs {
        for row in &mut rows {
            let started = start(&row.program, &environment).await?;
            row.starts.push(started);
        }
    }
    print(&rows)?;
    Ok(())
}

fn rows() -> Result<Vec<Row>, Failure> {
    let own = std::env::current_exe()?;
    let beside = own.parent().and_then(Path::parent).map(Path::to_owned);
    let folder = binaries::given_folder()
        .or(beside)
        .ok_or("the folder of the binaries is unknown: set PACELINE_BINARIES")?;
    let executables = Executables::Folder(folder);
    let mut rows = vec![Row {
        name: "hello-function",
        program: PathBuf::from(env!("CARGO_BIN_EXE_hello-function")),
        starts: Vec::new(),
    }];
    for name in FUNCTIONS {
        rows.push(Row {
            name,
            program: executables.program(name)?,
            starts: Vec::new(),
        });
    }
    Ok(rows)
}

/// What the functions are told; connections are made on demand, so nothing has to answer there.
fn environment() -> Result<BTreeMap<&'static str, String>, Failure> {
    let auth = TokenIssuer::new(&Secret::new([7; 32]), "https://issuer.test", "paceline")?;
    let auth = auth.settings()?;
    let database = "postgres://nobody:nothing@127.0.0.1:1/paceline?sslmode=disable";
    let queue = "http://127.0.0.1:1/000000000000/Queue";
    Ok(BTreeMap::from([
        ("AWS_LAMBDA_FUNCTION_NAME", "cold-start".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "nobody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "nothing".to_owned()),
        ("DATABASE_URL", database.to_owned()),
        ("AUTH_ISSUER", auth.issuer),
        ("AUTH_AUDIENCE", auth.audience),
        ("AUTH_JWKS", auth.jwks),
        ("SUMMARY_QUEUE_URL", queue.to_owned()),
        ("ANALYSIS_QUEUE_URL", queue.to_owned()),
        ("METRICS_QUEUE_URL", queue.to_owned()),
        ("FETCH_QUEUE_URL", queue.to_owned()),
    ]))
}

/// Starts a program and ends it as soon as it asks for work.
async fn start(
    program: &Path,
    environment: &BTreeMap<&'static str, String>,
) -> Result<Start, Failure> {
    // A listener of its own: nothing that an earlier process sent late can be taken for its question.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut command = Command::new(program);
    // Nothing is inherited: with an SSL_CERT_DIR a start would also read a whole folder of certificates.
    command
        .env_clear()
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let question = tokio::select! {
        question = question(&listener) => question?,
        status = child.wait() => return Err(format!("{}: {}", program.display(), status?).into()),
    };
    let took = begun.elapsed();
    let resident_kib = resident_kib(child.id().ok_or("the process is gone")?)?;
    child.kill().await?;
    drop(question);
    Ok(Start { took, resident_kib })
}

/// Waits for a process to ask for work, and returns the connection on which it waits for an answer.
async fn question(listener: &TcpListener) -> Result<BufReader<TcpStream>, Failure> {
    let (stream, _) = listener.accept().await?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if line.starts_with(NEXT) {
        Ok(stream)
    } else {
        Err(format!("it asked for {line:?} before any work").into())
    }
}

/// Reads how much memory of a process is in RAM.
fn resident_kib(pid: u32) -> Result<u32, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the system does not tell VmRSS")?.parse()?)
}

fn print(rows: &[Row]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| function | median | min | max | × hello | RSS | binary |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|")?;
    let mut hello = None;
    for row in rows {
        let mut took: Vec<f64> = row
            .starts
            .iter()
            .map(|s| s.took.as_secs_f64() * 1e3)
            .collect();
        took.sort_by(f64::total_cmp);
        let mut resident: Vec<u32> = row.starts.iter().map(|s| s.resident_kib).collect();
        resident.sort_unstable();
        let (Some(median), Some(resident)) = (middle(&took), middle(&resident)) else {
            return Err("no start was measured".into());
        };
        let ratio = median / *hello.get_or_insert(median);
        let (min, max) = (
            took.first().unwrap_or(&median),
            took.last().unwrap_or(&median),
        );
        let resident = f64::from(resident) / 1024.0;
        let size = f64::from(u32::try_from(fs::metadata(&row.program)?.len())?) / 1e6;
        writeln!(
            out,
            "| {} | {median:.1} ms | {min:.1} ms | {max:.1} ms | {ratio:.2} | {resident:.1} MiB | {size:.1} MB |",
            row.name
        )?;
    }
    Ok(())
}

/// The middle of a sorted list, the upper one of two.
fn middle<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}
