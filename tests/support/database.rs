//! One private PostgreSQL per test process, and a migrated database of its own per test.

#![expect(
    clippy::disallowed_types,
    reason = "CREATE DATABASE takes no parameters, and the names are ours"
)]

use local::log::LogSink;
use local::postgres::{Postgres, PostgresOptions};
use local::process::Spawner;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use store::setup::{self, Owner};

/// The database that every test's own is copied from.
const TEMPLATE: &str = "paceline";

/// A database of a test's own.
#[derive(Debug, Clone)]
pub struct Database {
    port: u16,
    name: String,
}

struct Server {
    port: u16,
}

impl Database {
    /// Makes a migrated database; `launcher` is the binary of [`crate::world::World`].
    pub async fn migrated(launcher: &str) -> Self {
        let database = Self::named(launcher, "migrated");
        database
            .create(&format!(" TEMPLATE {TEMPLATE} STRATEGY file_copy"))
            .await;
        database
    }

    /// Makes a database without any schema on a server of its own, for whoever changes roles: those belong to
    /// the server, and PostgreSQL refuses two changes of one role at a time.
    pub async fn empty(launcher: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            port: start_server(launcher, format!("postgres-{number}")).port,
            name: "empty".to_owned(),
        };
        database.create("").await;
        database
    }

    /// The server's port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its name on the server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, as the owner who sees everything.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// Its URL, as another role.
    pub fn url_as(&self, role: &str) -> String {
        url(self.port, role, &self.name)
    }

    /// A connection as the owner.
    pub async fn connect(&self) -> PgConnection {
        self.connect_as("postgres").await
    }

    /// A connection as another role.
    pub async fn connect_as(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url_as(role))
            .await
            .expect("the server answers")
    }

    fn named(launcher: &str, kind: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            port: server(launcher).port,
            name: format!("{kind}_{number}"),
        }
    }

    async fn create(&self, how: &str) {
        let url = url(self.port, "postgres", "postgres");
        let mut server = PgConnection::connect(&url)
            .await
            .expect("the server answers");
        // A copy needs the template to itself; others that copy it now are waited for.
        sqlx::query("SELECT pg_advisory_lock(1)")
            .execute(&mut server)
            .await
            .expect("locks");
        let create = format!("CREATE DATABASE {}{how}", self.name);
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut server)
            .await
            .expect("creates a database");
    }
}

pub(crate) fn url(port: u16, role: &str, database: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{port}/{database}")
}

fn server(launcher: &str) -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_server(launcher, "postgres".to_owned()))
}

fn start_server(launcher: &str, folder: String) -> Server {
    let (ready, port) = mpsc::channel();
    let launcher = PathBuf::from(launcher);
    // The thread lives as long as the process, and the server dies with it.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (_server, spawner) = start(&launcher, &folder, &ready).await;
            std::future::pending::<()>().await;
            drop(spawner);
        });
    });
    Server {
        port: port.recv().expect("PostgreSQL starts"),
    }
}

async fn start(launcher: &Path, folder: &str, ready: &mpsc::Sender<u16>) -> (Postgres, Spawner) {
    let options = PostgresOptions {
        folder: scratch(folder),
        durable: false,
        launcher: Some(launcher.to_owned()),
    };
    let spawner = Spawner::start().expect("a thread");
    let server = Postgres::start(&options, &spawner, &LogSink::discard())
        .await
        .expect("PostgreSQL starts");
    setup::create_database(&server.url("postgres"))
        .await
        .expect("creates the template");
    let owner = Owner::connect(&server.url(TEMPLATE))
        .await
        .expect("connects");
    owner.migrate().await.expect("migrates");
    owner.close().await;
    ready.send(server.port()).expect("somebody waits");
    (server, spawner)
}

/// A place in this process's folder, which the next test run removes.
pub fn scratch(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = local::process::scratch("paceline-tests-");
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    });
    folder.join(name)
}
