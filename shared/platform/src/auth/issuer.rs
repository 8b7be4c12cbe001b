//! Issuing tokens, and publishing the keys that they are believed by.

use crate::clock::unix_seconds;
use crate::config::{AuthSettings, Subjects};
use crate::secret::Secret;
use domain::id::UserId;
use domain::purpose::Purpose;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

/// Issues tokens with an Ed25519 key.
///
/// It may have several: the first signs, and all are published, so that a key is changed by putting another in front of
/// it, and taken away once the last token that it signed has ended.
pub struct TokenIssuer {
    newest: SigningKey,
    older: Vec<SigningKey>,
    issuer: String,
    audience: String,
}

struct SigningKey {
    key: EncodingKey,
    public: Jwk,
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    sub: UserId,
    iss: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    jti: Uuid,
    role: &'a str,
    purpose: Purpose,
}

impl SigningKey {
    fn new(seed: &Secret<[u8; 32]>) -> Result<Self, crate::Error> {
        // RFC 8410, section 7: PKCS #8 of an Ed25519 key is this prefix and the seed.
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
        ];
        der.extend([0x04, 0x22, 0x04, 0x20]);
        der.extend(seed.expose());
        let key = EncodingKey::from_ed_der(&der);
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        // What names a key is made of it (RFC 7638), so that two keys never have one name.
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
        Ok(Self { key, public })
    }
}

impl TokenIssuer {
    /// Makes an issuer of a private key's 32 secret bytes.
    ///
    /// # Errors
    /// When the key is not a key.
    pub fn new(
        seed: &Secret<[u8; 32]>,
        issuer: &str,
        audience: &str,
    ) -> Result<Self, crate::Error> {
        Ok(Self {
            newest: SigningKey::new(seed)?,
            older: Vec::new(),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        })
    }

    /// Publishes older keys beside the one that signs.
    ///
    /// # Errors
    /// When a key is not a key.
    pub fn with_older(mut self, seeds: &[Secret<[u8; 32]>]) -> Result<Self, crate::Error> {
        self.older = seeds
            .iter()
            .map(SigningKey::new)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Issues a token for a user, with which data is had for one purpose.
    ///
    /// # Errors
    /// When the key is not a key.
    pub fn issue(
        &self,
        user: UserId,
        role: &str,
        purpose: Purpose,
        life: Duration,
    ) -> Result<String, crate::Error> {
        let life = i64::try_from(life.as_secs())?;
        let now = unix_seconds();
        let claims = IssuedClaims {
            sub: user,
            iss: &self.issuer,
            aud: &self.audience,
            exp: now.saturating_add(life),
            iat: now,
            jti: Uuid::new_v4(),
            role,
            purpose,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = self.newest.public.common.key_id.clone();
        Ok(encode(&header, &claims, &self.newest.key)?)
    }

    /// The public halves of its keys, a JWK set (RFC 7517).
    pub fn jwks(&self) -> JwkSet {
        let keys = std::iter::once(&self.newest).chain(&self.older);
        JwkSet {
            keys: keys.map(|key| key.public.clone()).collect(),
        }
    }

    /// What believes its tokens.
    ///
    /// # Errors
    /// When the key is not a key.
    pub fn settings(&self) -> Result<AuthSettings, crate::Error> {
        Ok(AuthSettings {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            jwks: serde_json::to_string(&self.jwks())?,
            subjects: Subjects::Users,
        })
    }

    #[cfg(test)]
    pub(super) fn signing_key(&self) -> &EncodingKey {
        &self.newest.key
    }

    #[cfg(test)]
    pub(super) fn key_id(&self) -> String {
        self.newest.public.common.key_id.clone().unwrap()
    }
}
