//! `PgBouncer` in front of a test's database, in transaction mode.

use crate::database::{Database, scratch};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::setup::ROLES;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running pooler; it ends when dropped.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    name: String,
    _child: Child,
}

impl Pooler {
    /// Starts one with so many server connections for each role; all of a role share them.
    pub async fn start(database: &Database, connections: usize) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = scratch(&format!("pooler-{number}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let users = folder.join("users");
        let known: String = ROLES.map(|role| format!("\"{role}\" \"\"\n")).concat();
        std::fs::write(&users, known).expect("a file");
        let port = free_port();
        let settings = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = trust\n\
             auth_file = {}\n\
             pool_mode = transaction\n\
             default_pool_size = {connections}\n\
             max_client_conn = 200\n\
             ignore_startup_parameters = extra_float_digits\n",
            database.port(),
            users.display(),
        );
        std::fs::write(&settings, text).expect("a file");
        let mut command = Command::new(PROGRAM);
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let mut child = command
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the pooler starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut said = Vec::new();
        loop {
            match lines.next_line().await.expect("lines") {
                Some(line) if line.contains("process up") => break,
                Some(line) => said.push(line),
                None => panic!("the pooler ended: {said:#?}"),
            }
        }
        // It goes on talking, and must not wait for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            port,
            name: database.name().to_owned(),
            _child: child,
        }
    }

    /// The template's parameters that make functions use it.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("DatabasePort".to_owned(), self.port.to_string()),
            ("DatabasePooler".to_owned(), "transaction".to_owned()),
        ])
    }

    /// The database's URL through it, as a role.
    pub fn url_as(&self, role: &str) -> String {
        crate::database::url(self.port, role, &self.name)
    }
}

/// Installs Debian's package where it is missing and this user may; else says what to do.
fn install() {
    if Path::new(PROGRAM).exists() {
        return;
    }
    for arguments in [
        &["update", "-q"][..],
        &[
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "pgbouncer",
        ],
    ] {
        let done = std::process::Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        let advice = "PgBouncer is needed: `sudo apt-get install pgbouncer`";
        assert!(done.is_ok_and(|status| status.success()), "{advice}");
    }
}

fn free_port() -> u16 {
    let probe = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    probe.local_addr().expect("an address").port()
}
