//! `paceline process FILE…`: files through the whole pipeline, and what came of each.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that is missing in JSON reads as null"
)]

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, ClientError, STATUSES};

/// Runs every file through the pipeline; the code is success only when every stage of every file
/// is complete.
///
/// # Errors
/// When standard output is gone.
pub(crate) async fn run(client: &Client, files: &[PathBuf], as_json: bool) -> io::Result<ExitCode> {
    let mut all_complete = true;
    for file in files {
        let (line, complete) = match process(client, file).await {
            Ok(workout) => {
                let complete = STATUSES.iter().all(|name| workout[*name] == "complete");
                (show(file, &workout, as_json), complete)
            }
            Err(failure) => (failure.show(file, as_json), false),
        };
        all_complete &= complete;
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(if all_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

enum Failure {
    Read(io::Error),
    Api(ClientError),
}

impl Failure {
    fn show(&self, file: &Path, as_json: bool) -> String {
        let (code, detail) = match self {
            Self::Read(error) => ("unreadable", error.to_string()),
            Self::Api(ClientError::Refused { code, detail, .. }) => (code.as_str(), detail.clone()),
            Self::Api(error @ ClientError::Away { .. }) => ("unavailable", error.to_string()),
        };
        let file = file.display().to_string();
        if as_json {
            json!({ "file": file, "code": code, "detail": detail }).to_string()
        } else {
            format!("{file}\n  refused  {code}: {detail}")
        }
    }
}

async fn process(client: &Client, file: &Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(file).map_err(Failure::Read)?;
    let accepted = client
        .ask(Method::POST, "/activities", bytes)
        .await
        .map_err(Failure::Api)?;
    let id = accepted["workout_id"].as_str().unwrap_or_default();
    let mut workout = client
        .wait(id, |status| progress(file, status))
        .await
        .map_err(Failure::Api)?;
    // A whole is complete only when its sessions are, so there is nothing to wait for.
    for session in workout["sessions"].as_array_mut().into_iter().flatten() {
        let path = format!(
            "/workouts/{}",
            session["workout_id"].as_str().unwrap_or("?")
        );
        *session = client
            .ask(Method::GET, &path, Vec::new())
            .await
            .map_err(Failure::Api)?;
    }
    Ok(workout)
}

/// Shows how far a file has come, where somebody is looking.
fn progress(file: &Path, status: &Value) {
    if io::stderr().is_terminal() {
        let states: Vec<&str> = STATUSES
            .iter()
            .map(|name| status[*name].as_str().unwrap_or("?"))
            .collect();
        eprintln!("{}: {}", file.display(), states.join(" · "));
    }
}

/// Adds what a line has beside the workout as clients see it, to its sessions too.
fn annotate(file: &str, mut workout: Value) -> Value {
    workout["file"] = file.into();
    workout["planned_id"] = workout["plan"]["planned_id"].clone();
    if let Some(sessions) = workout["sessions"].as_array_mut() {
        for session in sessions {
            *session = annotate(file, session.take());
        }
    }
    workout
}

fn show(file: &Path, workout: &Value, as_json: bool) -> String {
    let file = file.display().to_string();
    if as_json {
        return annotate(&file, workout.clone()).to_string();
    }
    let sessions = workout["sessions"].as_array().into_iter().flatten();
    let parts = sessions
        .zip(1..)
        .map(|(session, number)| describe(&format!("{file}, session {number}"), session));
    let mut texts = vec![describe(&file, workout)];
    texts.extend(parts);
    texts.join("\n")
}

/// The figures that somebody looks for first.
fn describe(title: &str, workout: &Value) -> String {
    let overall = &workout["computed"]["overall"];
    let metrics = &workout["computed"]["metrics"];
    let figure = |value: &Value, unit: &str, scale: f64, digits: usize| match value.as_f64() {
        Some(number) => format!("{:.digits$} {unit}", number * scale),
        None => "–".to_owned(),
    };
    let word = |key: &str| workout[key].as_str().unwrap_or("?").to_owned();
    [
        title.to_owned(),
        format!("  workout   {}", word("workout_id")),
        format!(
            "  stages    summary {} · analysis {} · metrics {}",
            word("summary_status"),
            word("analysis_status"),
            word("metrics_status")
        ),
        format!(
            "  plan      {}",
            workout["plan"]["reason"]
                .as_str()
                .unwrap_or("?")
                .replace('_', " ")
        ),
        format!(
            "  {:<9} {}, {} moving, {} climbed{}",
            word("sport"),
            figure(&overall["distance_m"], "km", 0.001, 2),
            figure(&overall["moving_s"], "min", 1.0 / 60.0, 1),
            figure(&overall["elevation_gain_m"], "m", 1.0, 0),
            if workout["partial"] == true {
                " (partial: the file is damaged)"
            } else {
                ""
            }
        ),
        format!(
            "  effort    {} mean, {} mean, {} normalized, TSS {}",
            figure(&overall["avg_hr_bpm"], "bpm", 1.0, 0),
            figure(&overall["avg_power_w"], "W", 1.0, 0),
            figure(&metrics["normalized_power_w"], "W", 1.0, 0),
            figure(&metrics["tss"], "", 1.0, 0).trim_end()
        ),
    ]
    .join("\n")
}
