//! A private PostgreSQL cluster.
//!
//! It listens on the loopback interface alone and trusts whoever connects there: it is for one developer's machine.

mod find;
mod folder;
mod greet;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::log::LogSink;
use crate::process::{LAUNCH, LAUNCH_POSTGRES, SpawnError, Spawner};
use find::Binaries;
use folder::{Owner, Postmaster, Status, create_private, is_alive, is_owned, pid_file, place};
use greet::greets;

/// Name of the role that owns the cluster.
pub const SUPERUSER: &str = "postgres";

/// How long a server may take to become ready; recovery after a crash is included.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a fast shutdown may take before it becomes an immediate one.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How often the pid file is looked at: a start takes about 50 ms.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How many of the server's last lines an error quotes.
const QUOTED_LINES: usize = 12;

/// PostgreSQL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No programs were found.
    #[error(
        "PostgreSQL 15 or newer was not found; install it (Debian, Ubuntu: `sudo apt-get install postgresql`; \
         Fedora: `sudo dnf install postgresql-server`; macOS: `brew install postgresql@17`), or set PG_BIN to the \
         folder of initdb, or DATABASE_URL to a server"
    )]
    NotInstalled,
    /// `PG_BIN` names a folder without usable programs.
    #[error(
        "PG_BIN is {0}, which holds no initdb and postgres of version 15 or newer: correct or unset it"
    )]
    WrongBinaries(PathBuf),
    /// This process is root and there is nobody to run the server as.
    #[error(
        "PostgreSQL cannot run as root, and there is no user postgres or nobody: run this as another user"
    )]
    NoUser,
    /// The data folder cannot be used.
    #[error("cannot use {folder} for the database: choose another --data-dir")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The data folder is another user's.
    #[error("{0} belongs to another user: remove it or choose another --data-dir")]
    Foreign(PathBuf),
    /// The disk is full.
    #[error("the disk that holds {0} is full: free some space")]
    DiskFull(PathBuf),
    /// The cluster cannot be created.
    #[error("initdb failed in {folder}: {stderr}")]
    Initdb {
        /// The folder.
        folder: PathBuf,
        /// What it wrote.
        stderr: String,
    },
    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start in {folder}: {log}")]
    NotReady {
        /// The folder.
        folder: PathBuf,
        /// Its last lines.
        log: String,
    },
    /// A program cannot be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

/// What kind of cluster is wanted.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Folder of the cluster; created when absent.
    pub folder: PathBuf,
    /// Whether a commit survives a power cut; tests and ephemeral data do without.
    pub durable: bool,
    /// Executable whose `main` calls [`crate::process::run_launcher`]; `None` is this one.
    pub launcher: Option<PathBuf>,
}

/// A running server; it is told to stop when dropped.
#[derive(Debug)]
pub struct Postgres {
    options: PostgresOptions,
    folder: PathBuf,
    port: u16,
    pid: Pid,
    /// The process, unless it was adopted.
    child: Option<Child>,
    /// Its thread ending would stop the server.
    spawner: Spawner,
    log: LogSink,
    is_stopped: bool,
}

impl Postgres {
    /// Starts a server on a cluster, creating it first if need be, or adopts the one that runs there.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, cannot create the cluster or does not become ready.
    pub async fn start(
        options: &PostgresOptions,
        spawner: &Spawner,
        log: &LogSink,
    ) -> Result<Self, PostgresError> {
        let folder = place(&options.folder, Owner::choose()?)?;
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match Postmaster::read(&folder) {
                // A server that was told to stop a moment ago still says that it is ready, but refuses a session.
                Some(Postmaster {
                    pid,
                    port,
                    status: Status::Ready,
                }) if greets(port).await => {
                    log.write(
                        "postgres",
                        "a server runs on this data already; it is adopted",
                    );
                    return Ok(Self {
                        options: options.clone(),
                        folder,
                        port,
                        pid,
                        child: None,
                        spawner: spawner.clone(),
                        log: log.clone(),
                        is_stopped: false,
                    });
                }
                Some(_) if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
                Some(_) => {
                    let log = "another server neither becomes ready nor ends".to_owned();
                    return Err(PostgresError::NotReady { folder, log });
                }
                None => break,
            }
        }
        Self::launch(options, None, spawner, log).await
    }

    async fn launch(
        options: &PostgresOptions,
        port: Option<u16>,
        spawner: &Spawner,
        log: &LogSink,
    ) -> Result<Self, PostgresError> {
        let owner = Owner::choose()?;
        let folder = place(&options.folder, owner)?;
        let binaries = match tokio::task::spawn_blocking(Binaries::find).await {
            Ok(found) => found?,
            Err(_) => return Err(PostgresError::NotInstalled),
        };
        create_cluster(&folder, owner, &binaries, spawner).await?;
        let launcher = Launcher::open(options.launcher.as_deref())?;
        let launch = Launch {
            options,
            owner,
            folder,
            port,
            binaries,
            launcher,
        };
        launch.run(spawner, log).await
    }

    /// Ends the server as a power cut would, without a word to anybody, and starts it again on the same port.
    ///
    /// # Errors
    /// When it does not become ready again.
    pub async fn crash(&mut self) -> Result<(), PostgresError> {
        self.signal(Signal::QUIT);
        while !self.is_gone() {
            sleep(LOOK_AGAIN).await;
        }
        self.is_stopped = true;
        *self = Self::launch(&self.options, Some(self.port), &self.spawner, &self.log).await?;
        Ok(())
    }

    /// Returns the URL of a database for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as(SUPERUSER, database)
    }

    /// Returns the URL of a database for a role.
    #[must_use]
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!(
            "postgres://{role}@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// Returns the port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the cluster's folder, which may be another than asked for.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns whether the server ran before this process asked for it.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        self.child.is_none()
    }

    /// Ends every session, stops the server and waits until it is gone.
    pub async fn stop(mut self) {
        self.signal(Signal::INT);
        self.is_stopped = true;
        let deadline = Instant::now() + STOP_LIMIT;
        let mut is_forced = false;
        while !self.is_gone() {
            if Instant::now() > deadline && !is_forced {
                is_forced = true;
                self.signal(Signal::QUIT);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Stops the server and deletes its data.
    ///
    /// # Errors
    /// When the folder cannot be deleted.
    pub async fn stop_and_delete(self) -> io::Result<()> {
        let folder = self.folder.clone();
        self.stop().await;
        fs::remove_dir_all(folder)
    }

    fn is_gone(&mut self) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => !is_alive(self.pid),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process(self.pid, signal) {
            tracing::debug!(%error, "the server is gone already");
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !self.is_stopped && !self.is_gone() {
            self.signal(Signal::INT);
        }
    }
}

/// Creates the cluster beside its place and moves it there, so that an interrupted start leaves nothing half made.
async fn create_cluster(
    folder: &Path,
    owner: Option<Owner>,
    binaries: &Binaries,
    spawner: &Spawner,
) -> Result<(), PostgresError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::StorageFull {
            PostgresError::DiskFull(folder.to_owned())
        } else {
            PostgresError::Folder {
                folder: folder.to_owned(),
                source,
            }
        }
    };
    if folder.join("PG_VERSION").exists() {
        return if is_owned(folder, owner) {
            Ok(())
        } else {
            Err(PostgresError::Foreign(folder.to_owned()))
        };
    }
    let mut name = folder.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    create_private(&unfinished, owner).map_err(failed)?;
    let mut command = Command::new(binaries.initdb());
    command
        .arg("-D")
        .arg(&unfinished)
        .args([
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-instructions",
        ])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    become_owner(&mut command, owner);
    let output = spawner
        .spawn(command)
        .await?
        .wait_with_output()
        .await
        .map_err(failed)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if let Err(error) = fs::remove_dir_all(&unfinished) {
            tracing::debug!(%error, "an unfinished cluster stays");
        }
        return Err(if says_disk_full(&stderr) {
            PostgresError::DiskFull(folder.to_owned())
        } else {
            PostgresError::Initdb {
                folder: folder.to_owned(),
                stderr,
            }
        });
    }
    fs::rename(&unfinished, folder).map_err(failed)
}

/// Everything that a start needs.
struct Launch<'a> {
    options: &'a PostgresOptions,
    owner: Option<Owner>,
    folder: PathBuf,
    /// The port that clients know already, if any do.
    port: Option<u16>,
    binaries: Binaries,
    launcher: Launcher,
}

/// The executable that launches the server.
///
/// The server's user may be unable to reach it by its path, so on Linux it is named by the kernel's own link to the
/// open file, which a child inherits until it becomes the program.
#[derive(Debug)]
struct Launcher {
    path: PathBuf,
    _open: fs::File,
}

impl Launcher {
    fn open(executable: Option<&Path>) -> Result<Self, PostgresError> {
        let given = match executable {
            Some(path) => path.to_owned(),
            None => std::env::current_exe().unwrap_or_default(),
        };
        let open = fs::File::open(&given).map_err(|source| {
            let program = given.display().to_string();
            SpawnError::Refused { program, source }
        })?;
        let path = if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()))
        } else {
            given
        };
        Ok(Self { path, _open: open })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Launch<'_> {
    async fn run(self, spawner: &Spawner, log: &LogSink) -> Result<Postgres, PostgresError> {
        // A pid file that is left names no living server of this cluster; PostgreSQL would believe a reused pid.
        if let Err(source) = fs::remove_file(pid_file(&self.folder))
            && source.kind() != io::ErrorKind::NotFound
        {
            return Err(PostgresError::Folder {
                folder: self.folder,
                source,
            });
        }
        let tail = Tail::default();
        let sink = log;
        let log = tail.before(sink.clone());
        // Another process may take the free port first.
        for _ in 0..3 {
            let port = match self.port {
                Some(port) => port,
                None => free_port().map_err(|source| PostgresError::Folder {
                    folder: self.folder.clone(),
                    source,
                })?,
            };
            let mut child = spawner.spawn(self.command(port)).await?;
            let output = child
                .stderr
                .take()
                .map(|output| tokio::spawn(log.clone().copy("postgres".to_owned(), output)));
            let ended = self.wait_until_ready(&mut child).await;
            let is_ready = Postmaster::read(&self.folder).filter(|server| {
                server.status == Status::Ready && child.id() == Some(pid_number(server.pid))
            });
            if let Some(server) = is_ready {
                return Ok(Postgres {
                    options: self.options.clone(),
                    folder: self.folder,
                    port: server.port,
                    pid: server.pid,
                    child: Some(child),
                    spawner: spawner.clone(),
                    log: sink.clone(),
                    is_stopped: false,
                });
            }
            if ended.is_none()
                && let Err(error) = child.kill().await
            {
                tracing::debug!(%error, "the server is gone already");
            }
            if let Some(output) = output {
                // A reader that panicked has nothing more to say.
                drop(output.await);
            }
            if !tail.text().contains("Address already in use") {
                break;
            }
        }
        let log = tail.text();
        Err(if says_disk_full(&log) {
            PostgresError::DiskFull(self.folder)
        } else {
            PostgresError::NotReady {
                folder: self.folder,
                log,
            }
        })
    }

    /// Waits until the server is ready or ended; returns how it ended.
    async fn wait_until_ready(&self, child: &mut Child) -> Option<std::process::ExitStatus> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(status);
            }
            if let Some(server) = Postmaster::read(&self.folder)
                && server.status == Status::Ready
                && greets(server.port).await
            {
                return None;
            }
            sleep(LOOK_AGAIN).await;
        }
        None
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new(self.launcher.path());
        command
            .env(LAUNCH, LAUNCH_POSTGRES)
            .arg(self.binaries.postgres())
            .arg("-D")
            .arg(&self.folder)
            .arg("-p")
            .arg(port.to_string());
        let mut settings = vec![
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "log_timezone=UTC",
            "timezone=UTC",
        ];
        if !self.options.durable {
            settings.extend([
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        command
            // Ctrl-C in a terminal goes to the whole process group; the cloud stops its server itself.
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        become_owner(&mut command, self.owner);
        command
    }
}

/// Returns whether PostgreSQL's words mean that the disk is full: it does not name a short write's error.
fn says_disk_full(text: &str) -> bool {
    ["No space left on device", "Check free disk space"]
        .iter()
        .any(|words| text.contains(words))
}

/// The last lines of a log.
#[derive(Debug, Clone, Default)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Returns a sink that keeps the last lines and passes all on.
    fn before(&self, next: LogSink) -> LogSink {
        let tail = self.clone();
        LogSink::new(move |line| {
            next.write(line.source, line.text);
            let mut lines = tail.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push_back(line.text.to_owned());
            if lines.len() > QUOTED_LINES {
                lines.pop_front();
            }
        })
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn become_owner(command: &mut Command, owner: Option<Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
}

fn pid_number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}

fn free_port() -> io::Result<u16> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(probe.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_by_either_of_postgresqls_words() {
        // As initdb of PostgreSQL 15 wrote on a full file system.
        let short_write = "FATAL:  could not extend file \"base/1/2691\": wrote only 4096 of 8192 bytes at block 20\n\
                           HINT:  Check free disk space.";
        assert!(says_disk_full(short_write));
        assert!(says_disk_full(
            "PANIC:  could not write: No space left on device"
        ));
        assert!(!says_disk_full(
            "FATAL:  lock file \"postmaster.pid\" already exists"
        ));
    }
}
