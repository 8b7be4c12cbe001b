//! A private PostgreSQL cluster, as root too.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper of a test fails the test"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::log::LogSink;
use local::postgres::{Postgres, PostgresOptions};
use local::process::Spawner;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, mode: u32) -> Self {
        let path =
            std::env::temp_dir().join(format!("paceline-test-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Self(path)
    }

    fn options(&self) -> PostgresOptions {
        PostgresOptions {
            folder: self.0.join("postgres"),
            durable: false,
            launcher: Some(PathBuf::from(env!("CARGO_BIN_EXE_paceline"))),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn start(options: &PostgresOptions, spawner: &Spawner) -> Postgres {
    Postgres::start(options, spawner, &LogSink::discard())
        .await
        .unwrap()
}

/// Opens a session as the superuser and returns whether the server said that it is ready for a query.
async fn accepts_a_session(server: &Postgres) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    let body = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    stream
        .write_all(&[&length[..], body].concat())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while !answer.ends_with(b"Z\0\0\0\x05I") {
        let count = stream.read(&mut chunk).await.unwrap();
        if count == 0 {
            return false;
        }
        answer.extend_from_slice(&chunk[..count]);
    }
    true
}

fn pid(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cluster_starts_stops_and_keeps_its_data() {
    let folder = Folder::new("keeps", 0o755);
    let spawner = Spawner::start().unwrap();

    let server = start(&folder.options(), &spawner).await;
    assert!(accepts_a_session(&server).await);
    assert!(!server.is_adopted());
    assert_eq!(
        server.url("paceline"),
        format!(
            "postgres://postgres@127.0.0.1:{}/paceline?sslmode=disable",
            server.port()
        )
    );
    server.stop().await;
    // A pid file that a power cut left names a process that is no server.
    let stale = folder.0.join("postgres/postmaster.pid");
    std::fs::write(
        &stale,
        format!("{}\n/nowhere\n0\n5432\n\n\n\nready\n", std::process::id()),
    )
    .unwrap();

    let server = start(&folder.options(), &spawner).await;
    assert!(accepts_a_session(&server).await);
    server.stop_and_delete().await.unwrap();
}

#[tokio::test]
async fn a_server_that_runs_already_is_adopted() {
    let folder = Folder::new("adopts", 0o755);
    let spawner = Spawner::start().unwrap();
    let first = start(&folder.options(), &spawner).await;
    let pid_of_first = pid(first.folder());

    let second = start(&folder.options(), &spawner).await;

    assert!(second.is_adopted());
    assert_eq!(second.port(), first.port());
    assert_eq!(pid(second.folder()), pid_of_first);
    assert!(accepts_a_session(&second).await);
    // The parent reaps its child, so it is the one to wait.
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_server_that_is_stopping_is_not_adopted_but_replaced() {
    let folder = Folder::new("stopping", 0o755);
    let spawner = Spawner::start().unwrap();
    let server = start(&folder.options(), &spawner).await;
    let pid_of_first = pid(server.folder());

    // Dropping only asks it to stop: the pid file still says that it is ready.
    drop(server);
    let next = start(&folder.options(), &spawner).await;

    assert!(!next.is_adopted());
    assert_ne!(pid(next.folder()), pid_of_first);
    assert!(accepts_a_session(&next).await);
    next.stop().await;
}

const RUNNER_FOLDER: &str = "PACELINE_TEST_FOLDER";

/// No promise: what this binary does when it is started as the runner that is killed.
#[tokio::test]
async fn runner() {
    let Some(folder) = std::env::var_os(RUNNER_FOLDER) else {
        return;
    };
    let folder = Folder(PathBuf::from(folder));
    let spawner = Spawner::start().unwrap();
    let server = start(&folder.options(), &spawner).await;
    println!("server {}", pid(server.folder()));
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_runner_takes_its_server_along() {
    let folder = Folder::new("killed", 0o755);
    let mut runner = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["runner", "--exact", "--nocapture"])
        .env(RUNNER_FOLDER, &folder.0)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(runner.stdout.take().unwrap()).lines();
    let pid_of_first = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((_, pid)) = line.split_once("server ") {
            break pid.to_owned();
        }
    };

    runner.kill().await.unwrap();
    let spawner = Spawner::start().unwrap();
    let next = start(&folder.options(), &spawner).await;

    if cfg!(target_os = "linux") {
        assert!(!next.is_adopted());
        assert_ne!(pid(next.folder()), pid_of_first);
    }
    assert!(accepts_a_session(&next).await);
    next.stop().await;
}

#[tokio::test]
async fn root_keeps_its_data_where_the_servers_user_can_reach_it() {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let folder = Folder::new("reach", 0o700);
    let spawner = Spawner::start().unwrap();

    let server = start(&folder.options(), &spawner).await;

    assert!(accepts_a_session(&server).await);
    assert_eq!(server.folder().starts_with("/var/tmp"), is_root);
    server.stop_and_delete().await.unwrap();
}
