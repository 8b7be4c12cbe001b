//! Believing tokens.

use super::keys::Keys;
use crate::config::{AuthSettings, ConfigError, Subjects};
use crate::http::Request;
use crate::problem::Problem;
use domain::id::UserId;
use domain::purpose::Purpose;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 8 * 1024;
/// The longest subject of another issuer; the protocol of `id_token`s allows no more.
const LONGEST_SUBJECT: usize = 255;

/// Believes tokens of one issuer for one audience, signed by one of its public keys.
pub struct TokenVerifier {
    keys: Keys,
    issuer: String,
    audience: String,
    subjects: Subjects,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    role: Option<String>,
    purpose: Option<String>,
}

/// Whom a token is of, before anybody looked whether we know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user of ours, by their id.
    User(UserId),
    /// Whoever the issuer calls so.
    External(String),
}

/// Who holds a token, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Whom it is of.
    pub subject: Subject,
    /// What whoever holds it may have data for.
    pub purpose: Purpose,
}

/// Whom a token lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// What whoever holds the token may have data for.
    pub purpose: Purpose,
}

impl TokenVerifier {
    /// Reads the issuer's public keys, or where they are published.
    ///
    /// # Errors
    /// [`ConfigError`] when a key is not one of Ed25519, P-256 or RSA.
    pub fn new(settings: &AuthSettings) -> Result<Self, ConfigError> {
        Ok(Self {
            keys: Keys::new(&settings.jwks)?,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            subjects: settings.subjects,
        })
    }

    /// Whose tokens are believed.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who asks, and what for.
    ///
    /// # Errors
    /// 401 with a code for each way in which a token is not believed; 503 when the issuer's keys cannot be had.
    pub async fn authenticate(&self, request: &Request) -> Result<Bearer, Problem> {
        let token = request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        match token {
            Some(token) => self.verify(token).await,
            None => Err(Problem::unauthenticated(
                "token_missing",
                "send Authorization: Bearer with a token",
            )),
        }
    }

    /// Believes a token, or says by code why not.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn verify(&self, token: &str) -> Result<Bearer, Problem> {
        let refuse = Problem::unauthenticated;
        if token.len() > LONGEST_TOKEN {
            return Err(refuse("token_malformed", "the token is too long"));
        }
        let header = decode_header(token)
            .map_err(|_| refuse("token_malformed", "the token is not a JWT"))?;
        let keys = self.keys.with(header.kid.as_deref()).await?;
        let key = keys
            .iter()
            .find(|key| key.id == header.kid || (header.kid.is_none() && keys.len() == 1))
            .ok_or_else(|| refuse("token_invalid", "the token's key is not known"))?;
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        validation.validate_nbf = true;
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "every other way of not being believed is one to the client"
        )]
        let claims = decode::<Claims>(token, &key.key, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => refuse("token_expired", "the token has expired"),
                ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => {
                    refuse("token_foreign", "the token was not issued for this service")
                }
                ErrorKind::MissingRequiredClaim(_) | ErrorKind::Json(_) => refuse(
                    "token_incomplete",
                    "the token lacks sub, iss, aud, exp or role",
                ),
                _ => refuse("token_invalid", "the token is not believed"),
            })?
            .claims;
        // A word that is not known may forbid something, so it is not passed over.
        let purpose = match &claims.purpose {
            None => Purpose::Display,
            Some(name) => Purpose::from_name(name)
                .ok_or_else(|| refuse("token_incomplete", "the token's purpose is not known"))?,
        };
        let subject = self.subject(claims)?;
        Ok(Bearer { subject, purpose })
    }

    fn subject(&self, claims: Claims) -> Result<Subject, Problem> {
        let refuse = Problem::unauthenticated;
        match self.subjects {
            Subjects::Users => {
                if claims.role.is_none_or(|role| role.is_empty()) {
                    return Err(refuse("token_incomplete", "the token has no role"));
                }
                let user = claims
                    .sub
                    .parse()
                    .map_err(|_| refuse("token_incomplete", "the token's sub is not a user id"))?;
                Ok(Subject::User(user))
            }
            // Other issuers have roles of their own, or none; ours are in the database.
            Subjects::External => {
                let length = claims.sub.chars().count();
                let is_plain = !claims.sub.chars().any(char::is_control);
                match (1..=LONGEST_SUBJECT).contains(&length) && is_plain {
                    true => Ok(Subject::External(claims.sub)),
                    false => Err(refuse("token_incomplete", "the token's sub is not a name")),
                }
            }
        }
    }
}
