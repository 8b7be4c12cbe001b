//! What the parts promise each other: crates, template, HTTP contract, schema and statements.

mod checklist;
mod figures;
mod imports;
mod migrations;
mod openapi;
mod plans;
mod recorded;
mod rights;
mod secrets;
mod source;
mod statements;
mod strength;
mod template;

use std::error::Error;
use std::path::{Path, PathBuf};

/// What a helper answers; a test unwraps it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What starts this process's PostgreSQL.
const LAUNCHER: &str = env!("CARGO_BIN_EXE_paceline-under-test");

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads a file of the workspace.
fn read(path: &str) -> Outcome<String> {
    std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}").into())
}

/// Lists the files below a folder of the workspace that end in `.extension`, by path.
fn files(folder: &str, extension: &str) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|given| given == extension) {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Lists the folders in a folder of the workspace.
fn folders(folder: &str) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}
