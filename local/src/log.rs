//! Where the lines that children write go.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// One line that a child process wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Name of the function, or `postgres`.
    pub source: &'a str,
    /// The line without its end; bytes that are not UTF-8 are replaced.
    pub text: &'a str,
}

/// Receives the lines of every child process; the caller says where they go.
#[derive(Clone)]
pub struct LogSink(Arc<dyn Fn(LogLine<'_>) + Send + Sync>);

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSink")
    }
}

impl LogSink {
    /// Makes a sink of a closure.
    pub fn new(write: impl Fn(LogLine<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Returns a sink that drops every line.
    #[must_use]
    pub fn discard() -> Self {
        Self::new(|_| ())
    }

    /// Appends to a file, and repeats each line on standard error when `echo` says so.
    ///
    /// # Errors
    /// When the file cannot be opened for appending.
    pub fn file(path: &Path, echo: Echo) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let file: Mutex<File> = Mutex::new(file);
        Ok(Self::new(move |line| {
            let text = format!("{:<20} {}\n", line.source, line.text);
            // A full disk must not stop the functions; their answers matter more than their log.
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(text.as_bytes()).unwrap_or_default();
            if echo == Echo::Stderr {
                io::stderr().write_all(text.as_bytes()).unwrap_or_default();
            }
        }))
    }

    /// Hands one line to the sink.
    pub fn write(&self, source: &str, text: &str) {
        (self.0)(LogLine { source, text });
    }

    /// Copies a child's output into the sink, line by line, until it ends.
    pub(crate) async fn copy(self, source: String, output: impl AsyncRead + Unpin) {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).await.unwrap_or(0) > 0 {
            let text = String::from_utf8_lossy(&line);
            self.write(&source, text.trim_end());
            line.clear();
        }
    }
}

/// Whether lines written to a file are also shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// The file alone gets the lines.
    Nothing,
    /// Standard error gets them too.
    Stderr,
}
