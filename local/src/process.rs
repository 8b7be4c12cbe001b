//! Child processes that cannot outlive the cloud.
//!
//! The kernel sends a parent-death signal when the *thread* that spawned a child ends, not when its process does.
//! A child spawned from a pool thread would therefore die whenever that thread is retired, so every child is spawned
//! by a [`Spawner`], whose one thread lives exactly as long as its last handle.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::mpsc;
use std::thread;

use tokio::process::Child;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Environment variable that makes the re-executed binary a launcher instead of the command line.
pub const LAUNCH: &str = "PACELINE_LAUNCH";

/// The launcher that becomes a PostgreSQL server.
pub(crate) const LAUNCH_POSTGRES: &str = "postgres";

/// A child process cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The system refuses to start the program.
    #[error("cannot start {program}: check that it exists and may be executed")]
    Refused {
        /// The program asked for.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The thread that starts children is gone.
    #[error("cannot start {0}: the cloud is shutting down")]
    ShuttingDown(String),
}

struct Request {
    command: tokio::process::Command,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Starts child processes from one thread that lives as long as the cloud.
///
/// Dropping the last clone ends the thread, and with it every child that asked to [die with its parent](die_with_parent).
#[derive(Debug, Clone)]
pub struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread; its children are awaited on the calling tokio runtime.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start() -> io::Result<Self> {
        let runtime = Handle::current();
        let (requests, queue) = mpsc::channel::<Request>();
        thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                let _entered = runtime.enter();
                for Request { mut command, reply } in queue {
                    // A caller that gave up dropped its end, and the child is dropped with the answer.
                    drop(reply.send(command.spawn()));
                }
            })?;
        Ok(Self { requests })
    }

    /// Starts a child process.
    ///
    /// # Errors
    /// [`SpawnError::Refused`] when the program cannot be started.
    pub async fn spawn(&self, command: tokio::process::Command) -> Result<Child, SpawnError> {
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request { command, reply }).is_err() {
            return Err(SpawnError::ShuttingDown(program));
        }
        match answer.await {
            Ok(Ok(child)) => Ok(child),
            Ok(Err(source)) => Err(SpawnError::Refused { program, source }),
            Err(_) => Err(SpawnError::ShuttingDown(program)),
        }
    }
}

/// Asks the kernel to kill this process when the thread that spawned it ends.
///
/// A re-executed child calls this first. It does nothing outside Linux, where a killed cloud leaves its children to
/// notice that the Runtime API is gone.
///
/// # Errors
/// When the kernel refuses, which it does for no process that may run at all.
pub fn die_with_parent() -> io::Result<()> {
    signal_on_parent_death(ParentDeath::Kill)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParentDeath {
    /// Ends at once; right for a function, which must bear it anywhere.
    Kill,
    /// PostgreSQL's fast shutdown.
    Interrupt,
}

#[cfg(target_os = "linux")]
fn signal_on_parent_death(death: ParentDeath) -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    let signal = match death {
        ParentDeath::Kill => Signal::KILL,
        ParentDeath::Interrupt => Signal::INT,
    };
    set_parent_process_death_signal(Some(signal))?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn signal_on_parent_death(_death: ParentDeath) -> io::Result<()> {
    Ok(())
}

/// Names a folder for this process alone, and removes those of processes that are gone.
///
/// A killed process cannot remove its own; on a system without `/proc` they are left to whoever cleans the temporary
/// folder.
#[must_use]
pub fn scratch(prefix: &str) -> PathBuf {
    let parent = std::env::temp_dir();
    let processes = Path::new("/proc");
    if processes.is_dir() {
        for entry in std::fs::read_dir(&parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix(prefix));
            let pid = pid.and_then(|pid| pid.parse::<u32>().ok());
            if pid.is_some_and(|pid| !processes.join(pid.to_string()).exists()) {
                // Somebody else may be removing it at this moment.
                std::fs::remove_dir_all(entry.path()).unwrap_or_default();
            }
        }
    }
    parent.join(format!("{prefix}{}", std::process::id()))
}

/// Becomes the program that a launcher was asked for, or returns `None` when this process is no launcher.
///
/// `main` calls this before anything else. A launcher exists because the parent-death signal is cleared by a change
/// of user id: it has to be set after that and before the program starts, and only code in the child can do so.
#[must_use]
pub fn run_launcher() -> Option<ExitCode> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to tell a re-executed process what it is"
    )]
    let mode = std::env::var(LAUNCH).ok()?;
    let mut arguments = std::env::args_os().skip(1);
    let failure = match (mode.as_str(), arguments.next()) {
        (LAUNCH_POSTGRES, Some(program)) => {
            signal_on_parent_death(ParentDeath::Interrupt)
                .err()
                .unwrap_or_else(|| {
                    // exec returns only when it fails.
                    Command::new(program)
                        .args(arguments)
                        .env_remove(LAUNCH)
                        .exec()
                })
        }
        _ => io::Error::other(format!(
            "{LAUNCH} is set to {mode:?}, which launches nothing: unset it"
        )),
    };
    eprintln!("{failure}");
    Some(ExitCode::FAILURE)
}
