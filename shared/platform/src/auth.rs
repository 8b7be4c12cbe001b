//! Bearer tokens: the only place that knows what a JWT is.

use crate::clock::unix_seconds;
use crate::config::{AuthSettings, ConfigError, invalid};
use crate::http::Request;
use crate::problem::Problem;
use crate::secret::Secret;
use domain::id::UserId;
use domain::purpose::Purpose;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Issues tokens with an Ed25519 key: what the developer's cloud is to its functions.
pub struct TokenIssuer {
    key: EncodingKey,
    key_id: String,
    issuer: String,
    audience: String,
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    sub: UserId,
    iss: &'a str,
    aud: &'a str,
    exp: i64,
    role: &'a str,
    purpose: Purpose,
}

impl TokenIssuer {
    /// Makes an issuer of a private key's 32 secret bytes.
    pub fn new(seed: &Secret<[u8; 32]>, issuer: &str, audience: &str) -> Self {
        // RFC 8410, section 7: PKCS #8 of an Ed25519 key is this prefix and the seed.
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
        ];
        der.extend([0x04, 0x22, 0x04, 0x20]);
        der.extend(seed.expose());
        Self {
            key: EncodingKey::from_ed_der(&der),
            key_id: "local".to_owned(),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
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
        let claims = IssuedClaims {
            sub: user,
            iss: &self.issuer,
            aud: &self.audience,
            exp: unix_seconds().saturating_add(life),
            role,
            purpose,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        Ok(encode(&header, &claims, &self.key)?)
    }

    /// The public half, for [`AuthSettings::jwks`].
    ///
    /// # Errors
    /// When the key is not a key.
    pub fn settings(&self) -> Result<AuthSettings, crate::Error> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(self.key_id.clone());
        let jwks = serde_json::to_string(&JwkSet { keys: vec![jwk] })?;
        Ok(AuthSettings {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            jwks,
        })
    }
}

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Believes tokens of one issuer for one audience, signed by one of its public keys.
pub struct TokenVerifier {
    keys: Vec<Key>,
    issuer: String,
    audience: String,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    role: String,
    purpose: Option<String>,
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
    /// Reads the issuer's public keys.
    ///
    /// # Errors
    /// [`ConfigError`] when a key is not one of Ed25519, P-256 or RSA.
    pub fn new(settings: &AuthSettings) -> Result<Self, ConfigError> {
        let set: JwkSet = serde_json::from_str(&settings.jwks)
            .map_err(|error| invalid("AUTH_JWKS", format!("is not a JWK set: {error}")))?;
        let keys = set
            .keys
            .iter()
            .map(|jwk| {
                let key = DecodingKey::from_jwk(jwk)
                    .map_err(|error| invalid("AUTH_JWKS", format!("holds a bad key: {error}")))?;
                let algorithm = jwk
                    .common
                    .key_algorithm
                    .and_then(|name| name.to_string().parse().ok())
                    .filter(|name| {
                        // Only signatures that a public key can check.
                        matches!(name, Algorithm::EdDSA | Algorithm::ES256 | Algorithm::RS256)
                    })
                    .ok_or_else(|| {
                        invalid(
                            "AUTH_JWKS",
                            "holds a key whose alg is not EdDSA, ES256 or RS256",
                        )
                    })?;
                Ok(Key {
                    id: jwk.common.key_id.clone(),
                    algorithm,
                    key,
                })
            })
            .collect::<Result<Vec<_>, ConfigError>>()?;
        if keys.is_empty() {
            return Err(invalid("AUTH_JWKS", "holds no key"));
        }
        let (issuer, audience) = (settings.issuer.clone(), settings.audience.clone());
        Ok(Self {
            keys,
            issuer,
            audience,
        })
    }

    /// Who asks, and what for.
    ///
    /// # Errors
    /// 401 with a code for each way in which a token is not believed.
    pub fn authenticate(&self, request: &Request) -> Result<Caller, Problem> {
        let token = request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        match token {
            Some(token) => self.verify(token),
            None => Err(Problem::unauthenticated(
                "token_missing",
                "send Authorization: Bearer with a token",
            )),
        }
    }

    /// Believes a token, or says by code why not.
    ///
    /// # Errors
    /// 401.
    pub fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let refuse = Problem::unauthenticated;
        if token.len() > LONGEST_TOKEN {
            return Err(refuse("token_malformed", "the token is too long"));
        }
        let header = decode_header(token)
            .map_err(|_| refuse("token_malformed", "the token is not a JWT"))?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == header.kid || (header.kid.is_none() && self.keys.len() == 1))
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
        if claims.role.is_empty() {
            return Err(refuse("token_incomplete", "the token's role is empty"));
        }
        // A word that is not known may forbid something, so it is not passed over.
        let purpose = match &claims.purpose {
            None => Purpose::Display,
            Some(name) => Purpose::from_name(name)
                .ok_or_else(|| refuse("token_incomplete", "the token's purpose is not known"))?,
        };
        let user = claims
            .sub
            .parse()
            .map_err(|_| refuse("token_incomplete", "the token's sub is not a user id"))?;
        Ok(Caller { user, purpose })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const USER: UserId = UserId(Uuid::from_u128(7));
    const HOUR: Duration = Duration::from_secs(3600);

    fn issuer(seed: u8) -> TokenIssuer {
        TokenIssuer::new(&Secret::new([seed; 32]), "https://issuer.test", "paceline")
    }

    fn verifier() -> TokenVerifier {
        TokenVerifier::new(&issuer(1).settings().unwrap()).unwrap()
    }

    fn code(token: &str) -> &'static str {
        verifier().verify(token).unwrap_err().code()
    }

    fn signed(header: &Header, claims: &serde_json::Value) -> String {
        encode(header, claims, &issuer(1).key).unwrap()
    }

    fn claims() -> serde_json::Value {
        serde_json::json!({
            "sub": USER, "iss": "https://issuer.test", "aud": "paceline", "role": "athlete",
            "exp": unix_seconds() + 3600,
        })
    }

    fn header() -> Header {
        Header {
            kid: Some("local".to_owned()),
            ..Header::new(Algorithm::EdDSA)
        }
    }

    #[test]
    fn a_token_of_our_issuer_names_its_user() {
        for purpose in [Purpose::Display, Purpose::Ai] {
            let token = issuer(1).issue(USER, "athlete", purpose, HOUR).unwrap();
            let caller = Caller {
                user: USER,
                purpose,
            };
            assert_eq!(verifier().verify(&token).unwrap(), caller);
        }
    }

    #[test]
    fn a_token_without_a_purpose_is_for_display_and_one_of_an_unknown_purpose_is_refused() {
        let mut claims = claims();
        let caller = verifier().verify(&signed(&header(), &claims)).unwrap();
        assert_eq!(caller.purpose, Purpose::Display);

        for unknown in ["AI".into(), "".into(), serde_json::json!(["ai"])] {
            claims["purpose"] = unknown;
            assert_eq!(code(&signed(&header(), &claims)), "token_incomplete");
        }
    }

    ///
    #[test]
    fn each_required_claim_is_required() {
        for claim in ["sub", "iss", "aud", "exp", "role"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(
                code(&signed(&header(), &claims)),
                "token_incomplete",
                "without {claim}"
            );
        }
    }

    ///
    #[test]
    fn each_kind_of_bad_token_has_its_code() {
        let with = |claim: &str, value: serde_json::Value| {
            let mut claims = claims();
            claims[claim] = value;
            signed(&header(), &claims)
        };
        assert_eq!(code(""), "token_malformed");
        assert_eq!(code("a.b.c"), "token_malformed");
        assert_eq!(code(&"x".repeat(64 * 1024)), "token_malformed");
        assert_eq!(
            code(&with("exp", (unix_seconds() - 3600).into())),
            "token_expired"
        );
        assert_eq!(
            code(&with("iss", "https://other.test".into())),
            "token_foreign"
        );
        assert_eq!(code(&with("aud", "other".into())), "token_foreign");
        assert_eq!(
            code(&with("nbf", (unix_seconds() + 3600).into())),
            "token_invalid"
        );
        assert_eq!(code(&with("sub", "".into())), "token_incomplete");
        assert_eq!(code(&with("role", "".into())), "token_incomplete");
        let foreign = issuer(2)
            .issue(USER, "athlete", Purpose::Display, HOUR)
            .unwrap();
        assert_eq!(code(&foreign), "token_invalid");
        let unknown = Header {
            kid: Some("../../key".to_owned()),
            ..header()
        };
        assert_eq!(code(&signed(&unknown, &claims())), "token_invalid");
    }

    ///
    #[test]
    fn the_public_key_cannot_be_used_as_a_shared_secret_and_none_is_no_algorithm() {
        let public = issuer(1).settings().unwrap().jwks;
        let hs = Header {
            kid: Some("local".to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let forged = encode(&hs, &claims(), &EncodingKey::from_secret(public.as_bytes())).unwrap();
        assert_eq!(code(&forged), "token_invalid");

        let token = issuer(1)
            .issue(USER, "athlete", Purpose::Display, HOUR)
            .unwrap();
        let body = token.split('.').nth(1).unwrap();
        // {"alg":"none","kid":"local"}
        let none = format!("eyJhbGciOiJub25lIiwia2lkIjoibG9jYWwifQ.{body}.");
        assert_eq!(code(&none), "token_malformed");
    }
}
