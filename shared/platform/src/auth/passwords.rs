//! Passwords: hashed with argon2id (RFC 9106), which costs memory as well as time.

use crate::problem::Problem;
use crate::secret::Secret;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

/// What a password costs to hash. It is kept with each hash, so that it may be raised at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl HashingCost {
    /// One of those that OWASP's Password Storage Cheat Sheet holds equally strong: 19 MiB, two passes, one lane.
    pub const RECOMMENDED: Self = Self {
        memory_kib: 19_456,
        passes: 2,
    };

    /// Reads `m=19456,t=2,p=1`; nothing weaker than OWASP's weakest, which is 7 MiB and 5 passes.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("m=")?.strip_suffix(",p=1")?;
        let (memory, passes) = rest.split_once(",t=")?;
        let (memory_kib, passes) = (memory.parse().ok()?, passes.parse().ok()?);
        let is_bounded = (7168..=256 * 1024).contains(&memory_kib) && passes <= 16;
        (is_bounded && memory_kib * passes >= 7168 * 5).then_some(Self { memory_kib, passes })
    }

    /// What each hash of this cost begins with.
    fn prefix(self) -> String {
        format!(
            "$argon2id$v=19$m={},t={},p=1$",
            self.memory_kib, self.passes
        )
    }
}

/// Hashes passwords and checks them.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// What a hash of today's cost begins with.
    prefix: String,
    /// A hash of that cost that no password has.
    decoy: String,
}

impl Passwords {
    /// Makes ready to hash at a cost.
    ///
    /// # Errors
    /// When there is no such cost, or the system has no randomness.
    pub fn new(cost: HashingCost) -> Result<Self, crate::Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        let prefix = cost.prefix();
        let (salt, hash) = (random::<16>()?, random::<32>()?);
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            decoy: format!("{prefix}{salt}${hash}"),
            prefix,
        })
    }

    /// Hashes a password with a salt of its own.
    ///
    /// # Errors
    /// 500 when the system has no randomness or no memory.
    pub fn hash(&self, password: &Secret<String>) -> Result<String, Problem> {
        let salt = random::<16>().map_err(|_| Problem::internal("the system has no randomness"))?;
        let hash = self
            .argon2
            .hash_password_with_salt(password.expose().as_bytes(), &salt);
        let hash = hash.map_err(|_| Problem::internal("a password could not be hashed"))?;
        Ok(hash.to_string())
    }

    /// Whether this is the password of a hash. Without one it takes as long as with one of today's cost, so that nobody
    /// learns from the time that an answer takes whom we know. A hash of another cost takes as long as that.
    pub fn check(&self, hash: Option<&str>, password: &Secret<String>) -> bool {
        let against = hash.unwrap_or(&self.decoy);
        let checked = self
            .argon2
            .verify_password(password.expose().as_bytes(), against);
        checked.is_ok() && hash.is_some()
    }

    /// Whether a hash was made at another cost than today's.
    pub fn is_outdated(&self, hash: &str) -> bool {
        !hash.starts_with(&self.prefix)
    }
}

fn random<const N: usize>() -> Result<[u8; N], crate::Error> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the system has no randomness")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    ///
    #[test]
    fn a_password_is_hashed_with_memory_a_salt_of_its_own_and_shows_itself_nowhere() {
        let passwords = Passwords::new(HashingCost::RECOMMENDED).unwrap();
        let password = secret("canary password");
        let (one, other) = (
            passwords.hash(&password).unwrap(),
            passwords.hash(&password).unwrap(),
        );

        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(!one.contains("canary"));
        assert!(passwords.check(Some(&one), &password));
        assert!(!passwords.check(Some(&one), &secret("canary passwore")));
        assert!(!passwords.check(Some("no hash"), &password));
        assert!(!passwords.is_outdated(&one));
    }

    #[test]
    fn a_hash_of_another_cost_is_believed_and_outdated() {
        let cheap = HashingCost::parse("m=7168,t=5,p=1").unwrap();
        let before = Passwords::new(cheap).unwrap();
        let now = Passwords::new(HashingCost::RECOMMENDED).unwrap();
        let hash = before.hash(&secret("canary password")).unwrap();

        assert!(now.check(Some(&hash), &secret("canary password")));
        assert!(now.is_outdated(&hash));
    }

    #[test]
    fn a_cost_is_neither_too_low_nor_beyond_the_function() {
        assert_eq!(
            HashingCost::parse("m=19456,t=2,p=1"),
            Some(HashingCost::RECOMMENDED)
        );
        for text in [
            "",
            "m=19456",
            "m=19456,t=1,p=1",
            "m=7168,t=4,p=1",
            "m=19456,t=2,p=4",
            "m=1048576,t=2,p=1",
            "m=19456,t=4294967295,p=1",
            "m=-1,t=2,p=1",
        ] {
            assert_eq!(HashingCost::parse(text), None, "{text}");
        }
    }

    /// the least of three, of which a check without the work would be a thousandth.
    #[test]
    fn somebody_unknown_is_checked_for_as_long_as_somebody_known() {
        let passwords = Passwords::new(HashingCost::RECOMMENDED).unwrap();
        let password = secret("canary password");
        let known = passwords.hash(&password).unwrap();
        let least = |hash: Option<&str>| -> Duration {
            let runs = (0..3).map(|_| {
                let start = Instant::now();
                assert!(!passwords.check(hash, &secret("canary of another")));
                start.elapsed()
            });
            runs.min().unwrap()
        };

        let (known, unknown) = (least(Some(&known)), least(None));

        assert!(unknown * 5 > known, "{unknown:?} against {known:?}");
        assert!(known * 5 > unknown, "{unknown:?} against {known:?}");
    }
}
