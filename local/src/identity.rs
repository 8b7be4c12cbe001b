//! Who this cloud is: its keys and secrets, and its demo athlete, made once per data folder.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::UserId;
use platform::auth::TokenIssuer;
use platform::secret::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The issuer that the functions believe here.
const ISSUER: &str = "https://paceline.localhost";
/// The audience of its tokens.
const AUDIENCE: &str = "paceline";

/// An identity cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read or written.
    #[error("cannot use {file}: choose another --data-dir")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file was changed by hand.
    #[error("{file} cannot be understood: remove it, and the tokens of this folder change")]
    Damaged {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The system gives no random bytes.
    #[error("the system has no random bytes to make keys of")]
    Random,
}

/// Keys, secrets and the demo athlete of one data folder.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    signing_seed: String,
    webhook_secret: String,
    database_password: String,
    user_id: UserId,
}

impl Identity {
    /// Reads the folder's identity, or makes one that only its owner can read.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load_or_make(folder: &Path) -> Result<Self, IdentityError> {
        let file = folder.join("identity.json");
        match Self::load(folder) {
            Err(IdentityError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let identity = Self::make()?;
                write_private(&file, &identity)
                    .map_err(|source| IdentityError::File { file, source })?;
                Ok(identity)
            }
            loaded => loaded,
        }
    }

    /// Reads the identity of a folder that has one.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load(folder: &Path) -> Result<Self, IdentityError> {
        let file = folder.join("identity.json");
        match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|source| IdentityError::Damaged { file, source }),
            Err(source) => Err(IdentityError::File { file, source }),
        }
    }

    fn make() -> Result<Self, IdentityError> {
        let random = || -> Result<[u8; 32], IdentityError> {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|_| IdentityError::Random)?;
            Ok(bytes)
        };
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            signing_seed: STANDARD.encode(random()?),
            webhook_secret: format!("whsec_{}", STANDARD.encode(random()?)),
            database_password: hex(random()?),
            user_id: UserId(Uuid::new_v4()),
        })
    }

    /// The demo athlete.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The demo athlete's account at the generic provider.
    pub fn account(&self) -> String {
        format!("demo-{}", self.user_id)
    }

    /// The generic provider's secret, `whsec_…`.
    pub fn webhook_secret(&self) -> &str {
        &self.webhook_secret
    }

    /// The password of every function group's role.
    pub fn database_password(&self) -> &str {
        &self.database_password
    }

    /// The key that seals athletes' tokens, derived so that older folders have one too.
    pub fn token_key(&self) -> String {
        STANDARD.encode(self.derived("tokens of athletes"))
    }

    /// A secret that an instance shares with the providers that are simulated on its folder.
    pub(crate) fn secret_of_simulation(&self, what: &str) -> String {
        let digest = self.derived(&format!("simulation: {what}"));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn derived(&self, what: &str) -> [u8; 32] {
        let digest = Sha256::new()
            .chain_update(what)
            .chain_update(&self.signing_seed);
        digest.finalize().into()
    }

    /// The key that signs tokens, as the functions have it.
    pub fn signing_key(&self) -> &str {
        &self.signing_seed
    }

    /// The issuer of this folder's tokens.
    ///
    /// # Errors
    /// When the folder's key is damaged.
    pub fn issuer(&self) -> Result<TokenIssuer, platform::Error> {
        let seed = STANDARD
            .decode(&self.signing_seed)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .unwrap_or_default();
        TokenIssuer::new(&Secret::new(seed), ISSUER, AUDIENCE)
    }
}

/// Writes JSON to a file that only its owner can read, in one step.
pub(crate) fn write_private(file: &Path, content: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(content).map_err(io::Error::other)?;
    let beside = file.with_extension("new");
    let mut options = OpenOptions::new();
    let mut new = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    new.write_all(&text)?;
    new.write_all(b"\n")?;
    std::fs::rename(beside, file)
}
