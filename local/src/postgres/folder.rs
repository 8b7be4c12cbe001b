//! The data folder: whose it is, where it may be, and what its pid file says.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use md5::{Digest as _, Md5};
use rustix::process::{Pid, geteuid, test_kill_process};

use super::PostgresError;

/// The user that PostgreSQL runs as, because it refuses to run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// Returns the unprivileged user to change to, or `None` when this process is unprivileged itself.
    pub(super) fn choose() -> Result<Option<Self>, PostgresError> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::read(&passwd, name))
            .map(Some)
            .ok_or(PostgresError::NoUser)
    }

    fn read(passwd: &str, name: &str) -> Option<Self> {
        let line = passwd
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2);
        let uid = ids.next()?.parse().ok()?;
        let gid = ids.next()?.parse().ok()?;
        (uid != 0).then_some(Self { uid, gid })
    }

    fn may_traverse(self, folder: &Path) -> bool {
        folder.metadata().is_ok_and(|metadata| {
            let mode = metadata.mode();
            mode & 0o001 != 0
                || (metadata.uid() == self.uid && mode & 0o100 != 0)
                || (metadata.gid() == self.gid && mode & 0o010 != 0)
        })
    }
}

/// Returns where the cluster is kept: the folder asked for, or one in `/var/tmp` when its owner could not reach that.
pub(super) fn place(asked: &Path, owner: Option<Owner>) -> Result<PathBuf, PostgresError> {
    let failed = |source| PostgresError::Folder {
        folder: asked.to_owned(),
        source,
    };
    let parent = match asked.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed)?;
    let parent = parent.canonicalize().map_err(failed)?;
    let name = asked
        .file_name()
        .ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let place = parent.join(name);
    let Some(owner) = owner else { return Ok(place) };
    if parent.ancestors().all(|folder| owner.may_traverse(folder)) {
        return Ok(place);
    }
    // One place for one folder, so that kept data is found again.
    let hash = Md5::digest(place.as_os_str().as_encoded_bytes());
    let key = hash
        .iter()
        .take(8)
        .fold(0_u64, |key, byte| key << 8 | u64::from(*byte));
    let moved = PathBuf::from(format!("/var/tmp/paceline-{key:016x}"));
    eprintln!(
        "PostgreSQL cannot run as root and its own user cannot reach {}; its data is in {}",
        place.display(),
        moved.display()
    );
    Ok(moved)
}

/// Makes a folder that its owner alone may enter, and hands it to them.
pub(super) fn create_private(folder: &Path, owner: Option<Owner>) -> io::Result<()> {
    fs::create_dir(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    match owner {
        Some(owner) => chown(folder, Some(owner.uid), Some(owner.gid)),
        None => Ok(()),
    }
}

/// Checks that an existing cluster belongs to who will run it: another's could hold anything.
pub(super) fn is_owned(folder: &Path, owner: Option<Owner>) -> bool {
    let uid = owner.map_or_else(|| geteuid().as_raw(), |owner| owner.uid);
    folder
        .metadata()
        .is_ok_and(|metadata| metadata.uid() == uid)
}

/// What a living server's `postmaster.pid` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    pub(super) port: u16,
    pub(super) status: Status,
}

/// The last line of a pid file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Starting,
    Ready,
    Stopping,
}

impl Postmaster {
    /// Reads the pid file of a cluster, or returns `None` when no server lives there.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(pid_file(folder)).ok()?;
        let mut lines = text.lines().map(str::trim);
        let pid = Pid::from_raw(lines.next()?.parse().ok()?)?;
        if !is_server(pid, folder) {
            return None;
        }
        // Line 4 is the port and line 8 the status; a server that has just started has written neither.
        let port = lines.nth(2).and_then(|port| port.parse().ok()).unwrap_or(0);
        let status = match lines.nth(3) {
            Some("ready") => Status::Ready,
            Some("stopping") => Status::Stopping,
            Some(_) | None => Status::Starting,
        };
        Some(Self { pid, port, status })
    }
}

pub(super) fn pid_file(folder: &Path) -> PathBuf {
    folder.join("postmaster.pid")
}

pub(super) fn is_alive(pid: Pid) -> bool {
    match test_kill_process(pid) {
        Ok(()) => true,
        Err(error) => error == rustix::io::Errno::PERM,
    }
}

/// Whether a process is the server of this cluster: a pid may have been given to another process since.
fn is_server(pid: Pid, folder: &Path) -> bool {
    if !is_alive(pid) {
        return false;
    }
    let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    if !process.is_dir() {
        // No /proc on this system: the living process is believed.
        return true;
    }
    // A server works in its data folder; a zombie works nowhere.
    match (process.join("cwd").canonicalize(), folder.canonicalize()) {
        (Ok(at), Ok(folder)) => at == folder,
        _ => false,
    }
}
