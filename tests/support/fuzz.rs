//! Damaged and absurd copies of real recordings, on their whole way from bytes to figures.

use crate::dice::Dice;
use crate::oracle::{self, Failure, Oracle};
use domain::athlete::Athlete;
use domain::decode::{Activity, decode_file};
use domain::recording::{self, Recording};
use domain::signal::session;
use domain::stage::{StageError, StageInput};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Words that stand where a number is expected.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "-0.0",
    "1e308",
    "-1e308",
    "1e-320",
    "NaN",
    "inf",
    "99999999999999999999",
    "0x10",
    "1,5",
    "",
    "2038-01-19T03:14:08Z",
    "9999-12-31T23:59:59+14:00",
];

/// Numbers at the edges of what FIT's fields hold.
const EDGES: [u32; 9] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
];

/// Makes inputs out of real recordings; the same seed makes the same ones.
#[derive(Debug)]
pub struct Fuzzer {
    corpus: Vec<(String, Vec<u8>)>,
    athlete: Athlete,
    dice: Dice,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The recording that it was made of.
    pub origin: String,
    /// What arrives.
    pub bytes: Vec<u8>,
}

/// How an input ended that did not panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has every figure.
    Computed,
    /// It has the figures of what could be read.
    Partial,
    /// It was refused with a code.
    Refused,
}

/// One input that was tried.
#[derive(Debug)]
pub struct Trial {
    /// How it ended, or what the panic or the broken promise was.
    pub verdict: Result<Verdict, String>,
    /// Seconds from its bytes to its figures.
    pub took: Duration,
}

impl Fuzzer {
    /// Takes the recordings of the fixtures, the first `most_bytes` of each, and a delivery.
    ///
    /// # Errors
    /// When the fixtures cannot be read.
    pub fn new(seed: u64, most_bytes: usize) -> Result<Self, Failure> {
        let oracle = Oracle::read()?;
        let mut corpus = Vec::new();
        for (file, _) in oracle.files() {
            let mut bytes = oracle::bytes(file)?;
            bytes.truncate(most_bytes);
            corpus.push((file.to_owned(), bytes));
        }
        corpus.push(("delivery.json".to_owned(), delivery().to_string().into()));
        Ok(Self {
            corpus,
            athlete: oracle.athlete(),
            dice: Dice::new(seed),
        })
    }

    /// The next input.
    pub fn next_input(&mut self) -> Input {
        let dice = &mut self.dice;
        let (origin, source) = dice.pick(&self.corpus);
        let (_, other) = dice.pick(&self.corpus);
        let mut bytes = source.clone();
        for _ in 0..=dice.below(4) {
            mutate(dice, &mut bytes, other);
        }
        if dice.one_in(16) {
            bytes = pack(&bytes);
            if dice.one_in(2) {
                bytes.truncate(dice.below(bytes.len() + 1));
            }
        }
        Input {
            origin: origin.clone(),
            bytes,
        }
    }

    /// Sends an input all the way; a panic is caught and told.
    pub fn attempt(&self, input: &Input) -> Trial {
        let started = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| self.compute(&input.bytes)));
        let verdict = run.unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(text.unwrap_or_else(|| "a panic without words".to_owned()))
        });
        Trial {
            verdict,
            took: started.elapsed(),
        }
    }

    fn compute(&self, bytes: &[u8]) -> Result<Verdict, String> {
        let decoded = match serde_json::from_slice::<Activity>(bytes) {
            Ok(activity) => activity.into_recording().ok(),
            Err(_) => decode_file(bytes).ok(),
        };
        let Some(whole) = decoded else {
            return Ok(Verdict::Refused);
        };
        let partial = whole.partial;
        let parts = session::cut(&whole);
        for recording in std::iter::once(whole).chain(parts) {
            if self.check(recording)? == Verdict::Refused {
                return Ok(Verdict::Refused);
            }
        }
        Ok(if partial {
            Verdict::Partial
        } else {
            Verdict::Computed
        })
    }

    /// What must hold of whatever was decoded.
    fn check(&self, recording: Recording) -> Result<Verdict, String> {
        let rises = recording.time_s.windows(2).all(|pair| pair[0] < pair[1]);
        if !rises || recording.time_s.iter().any(|time| !time.is_finite()) {
            return Err("the samples are not in order".to_owned());
        }
        let stored = recording::encode(&recording);
        let read = recording::decode(&stored).map_err(|error| error.to_string())?;
        if read != recording.clone().quantised() {
            return Err("the recording is another after storage".to_owned());
        }
        let input = StageInput {
            provenance: domain::merging::Provenance::new(),
            local_date: read.start_utc.date_naive(),
            recording: read,
            athlete: self.athlete,
            plan: None,
        };
        let outputs = [
            output(compute_summary::compute(&input))?,
            output(compute_analysis::compute(&input))?,
            output(calculate_metrics::compute(&input))?,
        ];
        Ok(if outputs.iter().all(Option::is_some) {
            Verdict::Computed
        } else {
            Verdict::Refused
        })
    }
}

/// A stage's figures as JSON; `None` when it refused the input by code.
fn output<T: serde::Serialize>(result: Result<T, StageError>) -> Result<Option<Value>, String> {
    match result {
        Ok(figures) => serde_json::to_value(figures)
            .map(Some)
            .map_err(|error| error.to_string()),
        Err(StageError { .. }) => Ok(None),
    }
}

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let at = dice.below(bytes.len());
    match dice.below(9) {
        0 => bytes.truncate(at),
        1 => {
            let end = (at + dice.below(64)).min(bytes.len());
            bytes.drain(at..end);
        }
        2 => {
            for _ in 0..=dice.below(8) {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
        3 => {
            let edge = *dice.pick(&EDGES);
            let width = *dice.pick(&[1, 2, 4]);
            let value = if dice.one_in(2) {
                edge.to_le_bytes()
            } else {
                edge.to_be_bytes()
            };
            for (to, from) in bytes[at..].iter_mut().zip(&value[..width]) {
                *to = *from;
            }
        }
        4 => {
            let from = dice.below(bytes.len());
            let end = (from + dice.below(4096)).min(bytes.len());
            let copy = bytes[from..end].to_vec();
            bytes.splice(at..at, copy);
        }
        5 if !other.is_empty() => {
            let from = dice.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        6 => {
            let end = (at + dice.below(256)).min(bytes.len());
            bytes[at..end].fill(*dice.pick(&[0, 0xff, b' ', b'<']));
        }
        7 => replace_a_number(dice, bytes, at),
        _ => nest(dice, bytes, at),
    }
}

/// Puts an absurd word where the next run of digits is.
fn replace_a_number(dice: &mut Dice, bytes: &mut Vec<u8>, at: usize) {
    let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let Some(offset) = bytes[at..].iter().position(digit) else {
        return;
    };
    let start = at + offset;
    let length = bytes[start..].iter().take_while(|byte| digit(byte)).count();
    let word = dice.pick(&NUMBERS);
    bytes.splice(start..start + length, word.bytes());
}

/// Opens many elements, arrays or objects inside each other.
fn nest(dice: &mut Dice, bytes: &mut Vec<u8>, at: usize) {
    let depth = dice.below(2000);
    let opening = dice.pick(&["<a>", "[", "{\"a\":"]);
    bytes.splice(at..at, opening.repeat(depth).into_bytes());
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("a vector takes everything")
}

/// A delivery's activity with every channel.
fn delivery() -> Value {
    let seconds: Vec<f64> = (0..240).map(f64::from).collect();
    let each = |value: fn(f64) -> f64| seconds.iter().map(|s| value(*s)).collect::<Vec<_>>();
    json!({
        "sport": "run",
        "name": "round the lake",
        "started_at": "2026-11-20T08:00:00Z",
        "utc_offset_s": 3600,
        "distance_m": 960.0,
        "laps": [{"start_s": 0, "end_s": 120}, {"start_s": 120, "end_s": 239}],
        "samples": {
            "time_s": seconds,
            "distance_m": each(|s| 4.0 * s),
            "speed_mps": each(|_| 4.0),
            "hr_bpm": each(|s| 120.0 + s / 8.0),
            "power_w": each(|s| 250.0 + 40.0 * (s / 20.0).sin()),
            "cadence": each(|_| 172.0),
            "altitude_m": each(|s| 100.0 + 8.0 * (s / 60.0).sin()),
            "latitude": each(|s| 48.0 + s * 4e-5),
            "longitude": each(|_| 11.0),
            "temperature_c": each(|_| 12.0)
        }
    })
}
