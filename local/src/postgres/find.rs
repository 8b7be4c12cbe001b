//! Finding PostgreSQL's programs.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PostgresError;

/// Oldest major version that the migrations run on.
const OLDEST: u32 = 15;

/// A folder that holds `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Finds the programs, installing Debian's package when that is possible without asking for a right.
    ///
    /// It blocks; call it where that is allowed.
    pub(super) fn find() -> Result<Self, PostgresError> {
        if let Some(folder) = variable("PG_BIN") {
            let folder = PathBuf::from(folder);
            return usable(&folder).ok_or(PostgresError::WrongBinaries(folder));
        }
        if let Some(found) = installed() {
            return Ok(found);
        }
        if rustix::process::geteuid().is_root() && on_path("apt-get").is_some() {
            install()?;
        }
        installed().ok_or(PostgresError::NotInstalled)
    }
}

/// Looks in every usual place and takes the first that is new enough.
fn installed() -> Option<Binaries> {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .stderr(Stdio::null())
        .output()
        .ok()
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = on_path("initdb").and_then(|program| program.parent().map(Path::to_owned));
    configured
        .into_iter()
        .chain(path)
        .chain(versions("/usr/lib/postgresql", "", "bin"))
        .chain(versions("/opt/homebrew/opt", "postgresql@", "bin"))
        .chain(versions("/usr/local/opt", "postgresql@", "bin"))
        .chain(versions("/Library/PostgreSQL", "", "bin"))
        .chain(versions(
            "/Applications/Postgres.app/Contents/Versions",
            "",
            "bin",
        ))
        .chain(versions("/usr", "pgsql-", "bin"))
        .find_map(|folder| usable(&folder))
}

/// Lists `{parent}/{prefix}{version}/{rest}`, the newest version first.
fn versions(parent: &str, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = Path::new(parent).read_dir() else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(rest)))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn usable(folder: &Path) -> Option<Binaries> {
    let binaries = Binaries {
        folder: folder.to_owned(),
    };
    if !binaries.initdb().is_file() {
        return None;
    }
    let output = Command::new(binaries.postgres())
        .arg("--version")
        .output()
        .ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split(' ').nth(2)?;
    let digits = version
        .split(|character: char| !character.is_ascii_digit())
        .next()?;
    (digits.parse::<u32>().ok()? >= OLDEST).then_some(binaries)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

fn install() -> Result<(), PostgresError> {
    eprintln!("PostgreSQL is not installed; installing Debian's package with apt-get …");
    let steps: [&[&str]; 2] = [
        &["update", "-q"],
        &[
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "postgresql",
        ],
    ];
    for arguments in steps {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            // Standard output belongs to the results of the command line.
            .stdout(Stdio::from(io::stderr()))
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(PostgresError::NotInstalled);
        }
    }
    Ok(())
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
