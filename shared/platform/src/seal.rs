//! Sealing what must not be readable at rest: an athlete's tokens.
//!
//! AES-256-GCM (NIST SP 800-38D) with a fresh random nonce for each seal, as ring does it. What is
//! sealed is bound to what it belongs to, so that one athlete's sealed token is worth nothing in
//! another's row. The keys come from the configuration, the newest first: it seals, and all of them
//! open, so that a key is changed by putting another in front of it.

use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The form of what is sealed: this byte, the key's id, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;

/// What cannot be sealed or opened.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// There is no key that could.
    #[error("there is no key for what is sealed")]
    NoKey,
    /// It was changed, or belongs to something else.
    #[error("what is sealed was changed, or belongs to something else")]
    NotOurs,
}

/// The keys that seal and open.
#[derive(Debug, Clone)]
pub struct SealingKeys(Secret<Vec<Key>>);

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
}

impl SealingKeys {
    /// Reads base64 keys of 32 bytes, the newest first; `None` when one is no such key.
    pub fn parse(keys: &[String]) -> Option<Self> {
        let keys = keys.iter().map(|text| {
            let bytes = STANDARD.decode(text).ok()?;
            let mut id = [0; KEY_ID_LEN];
            id.copy_from_slice(Sha256::digest(&bytes).get(..KEY_ID_LEN)?);
            let key = UnboundKey::new(&AES_256_GCM, &bytes).ok()?;
            Some(Key {
                id,
                key: LessSafeKey::new(key),
            })
        });
        Some(Self(Secret::new(keys.collect::<Option<_>>()?)))
    }

    /// Seals a text that belongs to `owner`.
    ///
    /// # Errors
    /// [`SealError::NoKey`] without a key.
    pub fn seal(&self, owner: &str, text: &Secret<String>) -> Result<Vec<u8>, SealError> {
        let key = self.0.expose().first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| SealError::NoKey)?;
        let mut ciphertext = text.expose().clone().into_bytes();
        key.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner),
                &mut ciphertext,
            )
            .map_err(|_| SealError::NoKey)?;
        Ok([&[VERSION], key.id.as_slice(), &nonce, &ciphertext].concat())
    }

    /// Opens what was sealed for `owner`.
    ///
    /// # Errors
    /// [`SealError`] says whether the key is missing or the content is not what was sealed.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Secret<String>, SealError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(SealError::NotOurs)?;
        let (id, rest) = rest
            .split_first_chunk::<KEY_ID_LEN>()
            .ok_or(SealError::NotOurs)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::NotOurs)?;
        let keys = self.0.expose();
        let key = keys
            .iter()
            .find(|key| key.id == *id)
            .ok_or(SealError::NoKey)?;
        let mut text = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key
            .key
            .open_in_place(nonce, Aad::from(owner), &mut text)
            .map_err(|_| SealError::NotOurs)?;
        let text = String::from_utf8(opened.to_vec()).map_err(|_| SealError::NotOurs)?;
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seeds: &[u8]) -> SealingKeys {
        let keys: Vec<String> = seeds.iter().map(|s| STANDARD.encode([*s; 32])).collect();
        SealingKeys::parse(&keys).unwrap()
    }

    fn token() -> Secret<String> {
        Secret::new("a token".to_owned())
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_shows_nothing() {
        let sealed = keys(&[1]).seal("athlete 1", &token()).unwrap();

        assert_eq!(keys(&[1]).open("athlete 1", &sealed), Ok(token()));
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        assert_ne!(keys(&[1]).seal("athlete 1", &token()).unwrap(), sealed);
    }

    #[test]
    fn another_owner_or_a_changed_byte_is_refused() {
        let sealed = keys(&[1]).seal("athlete 1", &token()).unwrap();

        let open = |owner, sealed: &[u8]| keys(&[1]).open(owner, sealed);
        assert_eq!(open("athlete 2", &sealed), Err(SealError::NotOurs));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open("athlete 1", &changed).is_err(), "{at}");
            assert!(open("athlete 1", &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_key_is_changed_by_putting_another_in_front() {
        let old = keys(&[1]).seal("a", &token()).unwrap();
        let both = keys(&[2, 1]);

        assert_eq!(both.open("a", &old), Ok(token()));
        let new = both.seal("a", &token()).unwrap();
        assert_eq!(keys(&[2]).open("a", &new), Ok(token()));
        assert_eq!(keys(&[1]).open("a", &new), Err(SealError::NoKey));
    }

    #[test]
    fn a_key_of_another_length_is_no_key() {
        assert!(SealingKeys::parse(&[STANDARD.encode([1; 16])]).is_none());
        assert!(SealingKeys::parse(&["not base64".to_owned()]).is_none());
        let none = SealingKeys::parse(&[]).unwrap();
        assert_eq!(none.seal("a", &token()), Err(SealError::NoKey));
    }
}
