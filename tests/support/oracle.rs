//! Recordings of real devices, what an independent oracle computed from them, and how far a
//! figure may lie from it.

use domain::athlete::{Athlete, Sex, Thresholds};
use domain::units::{Bpm, Joules, Watts};
use serde_json::Value;
use std::error::Error;
use std::path::PathBuf;

/// Whatever goes wrong while a test prepares itself.
pub type Failure = Box<dyn Error>;

/// The value under a JSON pointer, `null` when there is none.
pub fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// The folder of the recordings.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/activities")
}

/// The bytes of one recording.
///
/// # Errors
/// When there is no such file.
pub fn bytes(file: &str) -> Result<Vec<u8>, Failure> {
    Ok(std::fs::read(folder().join(file))?)
}

/// What the oracle computed, with its rules and tolerances.
#[derive(Debug, Clone)]
pub struct Oracle(Value);

impl Oracle {
    /// Reads `EXPECTED.json`.
    ///
    /// # Errors
    /// When it is missing or no JSON.
    pub fn read() -> Result<Self, Failure> {
        Ok(Self(serde_json::from_slice(&bytes("EXPECTED.json")?)?))
    }

    /// What is expected of each file, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Value)> {
        let files = at(&self.0, "/files").as_object().into_iter().flatten();
        files.map(|(name, expected)| (name.as_str(), expected))
    }

    /// The athlete that every figure is computed for.
    pub fn athlete(&self) -> Athlete {
        let athlete = at(&self.0, "/athlete");
        let number = |key: &str| at(athlete, &format!("/{key}")).as_f64().unwrap_or(f64::NAN);
        let bpm = |key| Bpm::parse(number(key)).ok();
        let watts = |key| Watts::parse(number(key)).ok();
        Athlete {
            sex: at(athlete, "/sex").as_str().and_then(Sex::from_name),
            thresholds: Thresholds {
                ftp_w: watts("ftp_w"),
                hr_max_bpm: bpm("hr_max"),
                hr_rest_bpm: bpm("hr_rest"),
                cp_w: watts("cp_w"),
                wprime_j: Joules::parse(number("wprime_j")).ok(),
                ..Thresholds::default()
            },
        }
    }

    /// How far a figure may lie from `expected` under a key of `tolerances`.
    ///
    /// The greater of an absolute and a relative part; nothing for an unknown key, so that a
    /// misspelt one fails.
    pub fn tolerance(&self, key: &str, expected: f64) -> f64 {
        let part = |index| at(&self.0, &format!("/tolerances/{key}/{index}")).as_f64();
        let (absolute, relative) = (part('0'), part('1'));
        absolute
            .unwrap_or(-1.0)
            .max(relative.unwrap_or(-1.0) * expected.abs())
    }
}

/// Collects every figure that was compared and every one that lies too far away.
#[derive(Debug)]
pub struct Judge<'a> {
    oracle: &'a Oracle,
    /// How many figures were compared.
    pub judged: usize,
    /// One line per figure that is wrong or missing.
    pub wrong: Vec<String>,
}

impl<'a> Judge<'a> {
    /// A judge who has seen nothing yet.
    pub fn new(oracle: &'a Oracle) -> Self {
        Self {
            oracle,
            judged: 0,
            wrong: Vec::new(),
        }
    }

    /// Compares a figure with what is expected, if anything is.
    ///
    /// Where the oracle has no value nothing is judged: it leaves keys out where our `null` says
    /// why.
    pub fn near(&mut self, what: &str, tolerance: &str, expected: &Value, got: &Value) {
        let Some(expected) = expected.as_f64() else {
            return;
        };
        self.judged += 1;
        let allowed = self.oracle.tolerance(tolerance, expected);
        match got.as_f64() {
            Some(got) if (got - expected).abs() <= allowed => {}
            _ => self.wrong.push(format!(
                "{what}: expected {expected} ± {allowed}, got {got}"
            )),
        }
    }
}
