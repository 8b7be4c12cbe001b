//! The functions' own binaries, which other packages build.

use std::path::{Path, PathBuf};

/// Environment variable that names the folder of the functions' binaries.
pub const BINARIES: &str = "PACELINE_BINARIES";

/// The folder that the environment names, if it does.
///
/// A relative path starts at the root of the workspace, where cargo is run: cargo itself runs
/// tests and benchmarks in the folder of their package.
pub fn given_folder() -> Option<PathBuf> {
    let given = std::env::var_os(BINARIES).filter(|given| !given.is_empty())?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    Some(root.join(given))
}
