//! How long a recording takes from its bytes to the figures of all three stages.
//!
//! ```text
//! cargo bench -p tests --bench figures [-- ROUNDS]
//! ```
//!
//! The baseline is the bare stream decode of rustyfit: every message of the file, and nothing made
//! of it. All columns of a file are measured in turn within each round, in CPU time of the thread,
//! so that a busy moment of the machine hits all alike.

use domain::athlete::Athlete;
use domain::decode::decode_file;
use domain::recording::{self, Channel, Recording};
use domain::signal::number::to_index;
use domain::stage::StageInput;
use rustix::time::{ClockId, clock_gettime};
use rustyfit::{Decoder, StreamingIterator};
use std::hint::black_box;
use std::io::{self, Write};
use std::process::Command;
use support::oracle::{Failure, Oracle, bytes};

/// Rounds when nobody says.
const ROUNDS: usize = 9;
/// What makes this process measure the memory of one recording and nothing else.
const ONE: &str = "--memory-of";

/// The ride that the budget speaks of, which no fixture is: an hour, a record every second.
const SYNTHETIC: &str = "synthetic_1h_1hz.fit";

/// What is measured of a file, in the order of the columns, and added up.
const PARTS: [&str; 4] = ["decode", "summary", "analysis", "metrics"];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, without this flag.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let oracle = Oracle::read()?;
    if let [.., flag, file] = arguments.as_slice()
        && flag == ONE
    {
        return memory(file, &oracle.athlete());
    }
    let rounds = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(ROUNDS);
    files(&oracle, rounds)?;
    curve(rounds)
}

/// The table of the recordings.
fn files(oracle: &Oracle, rounds: usize) -> Result<(), Failure> {
    let mut out = io::stdout();
    writeln!(
        out,
        "| file | KB | samples | rustyfit | {} | all | × rustyfit | decode MB/s | store, read | MiB |\n|---|{}",
        PARTS.join(" | "),
        "--:|".repeat(PARTS.len() + 8)
    )?;
    let files = oracle.files().map(|(file, _)| file);
    for file in files.chain([SYNTHETIC]) {
        eprintln!("{file}");
        let bytes = recorded(file)?;
        let mut baseline = Vec::new();
        let mut parts = [const { Vec::new() }; PARTS.len()];
        let mut stored = Vec::new();
        let mut samples = 0;
        for _ in 0..rounds {
            if file.ends_with(".fit") {
                baseline.push(time(|| bare(&bytes)).1);
            }
            let (decoded, took) = time(|| decode_file(&bytes));
            let decoded = decoded?;
            samples = decoded.samples();
            let (read, took_stored) = time(|| recording::decode(&recording::encode(&decoded)));
            stored.push(took_stored);
            let input = input(read?, &oracle.athlete());
            let (summary, first) = time(|| compute_summary::compute(&input));
            let (analysis, second) = time(|| compute_analysis::compute(&input));
            let (metrics, third) = time(|| calculate_metrics::compute(&input));
            black_box((summary?, analysis?, metrics?));
            for (part, took) in parts.iter_mut().zip([took, first, second, third]) {
                part.push(took);
            }
        }
        let parts = parts.map(median);
        let all: f64 = parts.iter().sum();
        let row: Vec<String> = parts.iter().map(|ms| format!("{ms:.2}")).collect();
        let baseline = (!baseline.is_empty()).then(|| median(baseline));
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        writeln!(
            out,
            "| {file} | {} | {samples} | {} | {} | {all:.2} | {} | {:.0} | {:.2} | {:.1} |",
            bytes.len() / 1000,
            or_dash(baseline.map(|ms| format!("{ms:.2}"))),
            row.join(" | "),
            or_dash(baseline.map(|ms| format!("{:.2}", all / ms))),
            from_count(bytes.len()) / 1e3 / parts[0],
            median(stored),
            peak_mib(file)?,
        )?;
    }
    Ok(())
}

/// The exact mean-max curve over every duration, of six hours of a ride's power.
fn curve(rounds: usize) -> Result<(), Failure> {
    let mut ride = decode_file(&bytes("ride_power_edge1000.fit")?)?;
    let watts: Vec<Option<f64>> = ride.power_w.iter().collect();
    let watts: Vec<Option<f64>> = watts.into_iter().cycle().take(6 * 3600).collect();
    ride = Recording {
        time_s: (0..watts.len()).map(from_count).collect(),
        power_w: watts.into_iter().collect(),
        ..Recording::empty(ride.format, ride.sport, ride.start_utc)
    };
    let mut with = Vec::new();
    let mut without = Vec::new();
    let empty = Channel::absent(ride.samples());
    for _ in 0..rounds {
        let input = input(ride.clone(), &Athlete::default());
        with.push(time(|| black_box(compute_analysis::compute(&input))).1);
        let mut bare = input.clone();
        bare.recording.power_w = empty.clone();
        without.push(time(|| black_box(compute_analysis::compute(&bare))).1);
    }
    let (with, without) = (median(with), median(without));
    writeln!(
        io::stdout(),
        "\nAnalysis of 6 h of power at 1 Hz: {with:.2} ms; the same without power: {without:.2} ms; \
         so the curve with all that power adds: {:.2} ms.",
        with - without
    )?;
    Ok(())
}

/// The bytes of a recording.
fn recorded(file: &str) -> Result<Vec<u8>, Failure> {
    if file == SYNTHETIC {
        Ok(synthetic())
    } else {
        bytes(file)
    }
}

/// A FIT file of [`SYNTHETIC`], with the nine channels that a bicycle computer with a power meter
/// writes, in no particular shape but never the same from one second to the next.
fn synthetic() -> Vec<u8> {
    const SECONDS: u32 = 3600;
    const START: u32 = 1_000_000_000;
    // A message is defined by its number and by each field's number, size and base type.
    let define = |data: &mut Vec<u8>, message: u8, fields: &[[u8; 3]]| {
        let count = u8::try_from(fields.len()).unwrap_or(u8::MAX);
        data.extend([0x40, 0, 0, message, 0, count]);
        data.extend(fields.iter().flatten());
        data.push(0);
    };
    let mut data = Vec::new();
    define(&mut data, 0, &[[0, 1, 0x00]]);
    data.push(4);
    define(&mut data, 21, &[[253, 4, 0x86], [0, 1, 0x00], [1, 1, 0x00]]);
    data.extend(START.to_le_bytes());
    data.extend([0, 0]);
    let fields = [
        [253, 4, 0x86],
        [0, 4, 0x85],
        [1, 4, 0x85],
        [5, 4, 0x86],
        [2, 2, 0x84],
        [6, 2, 0x84],
        [7, 2, 0x84],
        [3, 1, 0x02],
        [4, 1, 0x02],
        [13, 1, 0x01],
    ];
    define(&mut data, 20, &fields);
    // The definition ends with the header of the first record, and each record with the next one's.
    let mut metres = 0.0;
    for second in 0..=SECONDS {
        let wave = |period: f64| (f64::from(second) / period).sin();
        let mps = 9.0 + 3.0 * wave(97.0);
        metres += mps;
        let number = |value: f64| u32::try_from(to_index(value)).unwrap_or(0).to_le_bytes();
        let short = |value: f64| number(value).into_iter().take(2);
        let byte = |value: f64| number(value)[0];
        data.extend((START + second).to_le_bytes());
        data.extend(number(560_000_000.0 + metres * 100.0));
        data.extend(number(140_000_000.0 + metres * 60.0));
        data.extend(number(metres * 100.0));
        data.extend(short((300.0 + 80.0 * wave(311.0) + 500.0) * 5.0));
        data.extend(short(mps * 1000.0));
        data.extend(short(
            220.0 + 60.0 * wave(53.0) + f64::from(second * 7919 % 97),
        ));
        data.push(byte(140.0 + 25.0 * wave(201.0)));
        data.push(byte(85.0 + 8.0 * wave(31.0)));
        data.push(byte(20.0 + 4.0 * wave(900.0)));
        data.push(0);
    }
    data.pop();
    define(&mut data, 18, &[[253, 4, 0x86], [2, 4, 0x86], [5, 1, 0x00]]);
    data.extend((START + SECONDS).to_le_bytes());
    data.extend(START.to_le_bytes());
    data.push(2);
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = vec![14, 0x20, 0x54, 0x08];
    file.extend(length);
    file.extend(*b".FIT\0\0");
    file.append(&mut data);
    let sum = checksum(&file).to_le_bytes();
    file.extend(sum);
    file
}

/// The CRC-16 of a FIT file.
fn checksum(bytes: &[u8]) -> u16 {
    let bit = |sum: u16, _| (sum >> 1) ^ if sum & 1 == 1 { 0xA001 } else { 0 };
    bytes
        .iter()
        .fold(0, |sum, byte| (0..8).fold(sum ^ u16::from(*byte), bit))
}

/// Every message of a FIT file, and nothing made of it.
fn bare(bytes: &[u8]) -> usize {
    let mut decoder = Decoder::new();
    let mut stream = decoder.stream(bytes);
    let mut events = 0;
    while let Some(event) = stream.next() {
        if black_box(event).is_err() {
            break;
        }
        events += 1;
    }
    events
}

fn input(recording: Recording, athlete: &Athlete) -> StageInput {
    StageInput {
        provenance: domain::merging::Provenance::new(),
        local_date: recording.start_utc.date_naive(),
        recording,
        athlete: *athlete,
        plan: None,
    }
}

/// Runs something and answers its CPU time in milliseconds.
fn time<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let started = now_ms();
    let done = black_box(run());
    (done, now_ms() - started)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a thread's CPU time is far below 2^52 ns"
)]
fn now_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "no file has 2^52 bytes")]
fn from_count(count: usize) -> f64 {
    count as f64
}

/// The greatest resident size of a process that computes one recording, in MiB.
fn peak_mib(file: &str) -> Result<f64, Failure> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--bench", ONE, file])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse::<f64>()? / 1024.0)
}

/// Computes one recording and prints the greatest resident size of this process in KiB.
fn memory(file: &str, athlete: &Athlete) -> Result<(), Failure> {
    let decoded = decode_file(&recorded(file)?)?;
    let read = recording::decode(&recording::encode(&decoded))?;
    drop(decoded);
    let input = input(read, athlete);
    black_box(serde_json::to_string(&compute_summary::compute(&input)?)?);
    black_box(serde_json::to_string(&compute_analysis::compute(&input)?)?);
    black_box(serde_json::to_string(&calculate_metrics::compute(&input)?)?);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next());
    writeln!(io::stdout(), "{}", kib.ok_or("the kernel does not say")?)?;
    Ok(())
}
