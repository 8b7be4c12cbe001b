//! How deliveries are believed: shared secrets, HMAC-SHA256, and Standard Webhooks 1.0.
//!
//! Every comparison takes the same time whatever is compared. Source of the last: the Standard Webhooks specification, "Verifying webhook authenticity": HMAC-SHA256 over
//! `id.timestamp.body`, base64, `v1,` in front, several signatures separated by spaces.

use crate::clock::unix_seconds;
use crate::config::LIMITS;
use crate::problem::Problem;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// The longest id that is believed.
const LONGEST_ID: usize = 200;
/// The most signatures that are looked at; a sender in rotation needs two.
const MOST_SIGNATURES: usize = 8;

/// The three headers of a Standard Webhooks delivery.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`: what makes two deliveries the same.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// The keys that may sign; two of them are alive during a rotation.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct SigningKeys(Secret<Vec<Vec<u8>>>);

/// None, who believe nobody.
impl Default for SigningKeys {
    fn default() -> Self {
        Self(Secret::new(Vec::new()))
    }
}

impl TryFrom<Vec<String>> for SigningKeys {
    type Error = &'static str;

    fn try_from(secrets: Vec<String>) -> Result<Self, Self::Error> {
        Self::parse(&secrets).ok_or("a secret is not base64 of 16 bytes or more")
    }
}

impl SigningKeys {
    /// Reads `whsec_…` secrets; `None` when one of them is not base64.
    pub fn parse(secrets: &[String]) -> Option<Self> {
        let keys: Option<Vec<Vec<u8>>> = secrets
            .iter()
            .map(|text| {
                STANDARD
                    .decode(text.strip_prefix("whsec_").unwrap_or(text))
                    .ok()
            })
            .map(|key| key.filter(|bytes| bytes.len() >= 16))
            .collect();
        keys.map(|keys| Self(Secret::new(keys)))
    }

    /// Believes a delivery that one of the keys signed not long ago.
    ///
    /// # Errors
    /// 401 with a code for each way in which it is not believed.
    pub fn verify(&self, headers: SignedHeaders<'_>, body: &[u8]) -> Result<(), Problem> {
        self.verify_at(headers, body, unix_seconds())
    }

    fn verify_at(&self, headers: SignedHeaders<'_>, body: &[u8], now: i64) -> Result<(), Problem> {
        let refuse = Problem::unauthenticated;
        let (Some(id), Some(timestamp), Some(signatures)) =
            (headers.id, headers.timestamp, headers.signature)
        else {
            return Err(refuse(
                "signature_missing",
                "webhook-id, webhook-timestamp and webhook-signature are needed",
            ));
        };
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(refuse(
                "signature_invalid",
                "the webhook-id is not believed",
            ));
        }
        let sent: i64 = timestamp
            .parse()
            .map_err(|_| refuse("signature_invalid", "the webhook-timestamp is not a number"))?;
        check_recent(sent, now)?;
        let believed = signatures
            .split(' ')
            .take(MOST_SIGNATURES)
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|text| STANDARD.decode(text).ok())
            .any(|signature| self.signed(id, timestamp, body, &signature));
        if believed {
            Ok(())
        } else {
            Err(refuse("signature_invalid", "no signature matches"))
        }
    }

    fn signed(&self, id: &str, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
        let keys = self.0.expose().iter().map(Vec::as_slice);
        is_signed(keys, &signed_parts(id, timestamp, body), signature)
    }

    /// Signs as a sender would: for the developer's cloud and for tests.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let key = self.0.expose().first()?;
        let mac = mac(key, &signed_parts(id, &timestamp.to_string(), body))?;
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }
}

fn signed_parts<'a>(id: &'a str, timestamp: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
}

/// Secrets that we share with a provider; two of them are alive during a rotation.
///
/// None, or an empty one, believes nobody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secrets(Secret<Vec<String>>);

impl Secrets {
    /// Whether there is none that could believe anybody.
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }

    /// Believes whoever shows one of them.
    ///
    /// # Errors
    /// 401 `signature_missing` or `signature_invalid`.
    pub fn check_shown(&self, shown: Option<&str>) -> Result<(), Problem> {
        let shown = shown.ok_or_else(|| missing("the shared secret is missing"))?;
        // Every secret is tried, so that the time does not tell which one matched.
        let mut known = false;
        for key in self.keys() {
            known |= is_same(key, shown.as_bytes());
        }
        if known {
            Ok(())
        } else {
            Err(invalid("the shared secret is another"))
        }
    }

    /// Believes what one of them signed: HMAC-SHA256 over the parts, in hex.
    ///
    /// # Errors
    /// 401 `signature_missing` or `signature_invalid`.
    pub fn check_hex(&self, parts: &[&[u8]], signature: Option<&str>) -> Result<(), Problem> {
        self.check_signed(parts, signature, from_hex)
    }

    /// Believes what one of them signed: HMAC-SHA256 over the parts, in base64.
    ///
    /// # Errors
    /// 401 `signature_missing` or `signature_invalid`.
    pub fn check_base64(&self, parts: &[&[u8]], signature: Option<&str>) -> Result<(), Problem> {
        self.check_signed(parts, signature, |text| STANDARD.decode(text).ok())
    }

    fn check_signed(
        &self,
        parts: &[&[u8]],
        signature: Option<&str>,
        decode: fn(&str) -> Option<Vec<u8>>,
    ) -> Result<(), Problem> {
        let signature = signature.ok_or_else(|| missing("the signature is missing"))?;
        let signature = decode(signature).ok_or_else(|| invalid("the signature is malformed"))?;
        if is_signed(self.keys(), parts, &signature) {
            Ok(())
        } else {
            Err(invalid("no signature matches"))
        }
    }

    fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let secrets = self.0.expose().iter().map(String::as_bytes);
        secrets.filter(|secret| !secret.is_empty())
    }
}

/// Signs as a provider would, HMAC-SHA256 over the parts: for the developer's cloud.
pub fn sign(secret: &str, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mac = mac(secret.as_bytes(), parts)?;
    Some(mac.finalize().into_bytes().to_vec())
}

/// Believes a time that is not far from now, in seconds since 1970.
///
/// # Errors
/// 401 `signature_expired`.
pub(crate) fn check_recent(sent: i64, now: i64) -> Result<(), Problem> {
    if now.abs_diff(sent) > LIMITS.signature_tolerance.as_secs() {
        let detail = "the timestamp is too far from now";
        return Err(Problem::unauthenticated("signature_expired", detail));
    }
    Ok(())
}

/// 401: what should make us believe is not there.
pub(crate) fn missing(detail: &str) -> Problem {
    Problem::unauthenticated("signature_missing", detail)
}

/// 401: what should make us believe does not.
pub(crate) fn invalid(detail: &str) -> Problem {
    Problem::unauthenticated("signature_invalid", detail)
}

/// Whether one of the keys signed the parts, one after another.
fn is_signed<'k>(keys: impl Iterator<Item = &'k [u8]>, parts: &[&[u8]], signature: &[u8]) -> bool {
    // Every key is tried, so that the time does not tell which one matched.
    keys.fold(false, |believed, key| {
        let Some(mac) = mac(key, parts) else {
            return believed;
        };
        mac.verify_slice(signature).is_ok() || believed
    })
}

/// Whether two texts are the same: their digests are compared, which hides their lengths too.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    const KEY: &[u8] = b"paceline compares";
    let digest = mac(KEY, &[left]).map(|mac| mac.finalize().into_bytes());
    digest.is_some_and(|digest| is_signed([KEY].into_iter(), &[right], &digest))
}

/// Bytes from pairs of hexadecimal digits, in either case.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const SENT: i64 = 1_614_265_330;

    fn keys(secrets: &[&str]) -> SigningKeys {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        SigningKeys::parse(&secrets).unwrap()
    }

    fn code(keys: &SigningKeys, id: &str, signature: &str, body: &[u8], now: i64) -> &'static str {
        let sent = SENT.to_string();
        let headers = SignedHeaders {
            id: Some(id),
            timestamp: Some(&sent),
            signature: Some(signature),
        };
        match keys.verify_at(headers, body, now) {
            Ok(()) => "believed",
            Err(problem) => problem.code(),
        }
    }

    #[test]
    fn the_specifications_own_example_is_believed() {
        assert_eq!(
            code(&keys(&[SECRET]), ID, SIGNATURE, BODY, SENT),
            "believed"
        );
    }

    #[test]
    fn either_of_two_live_secrets_is_believed() {
        let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        assert_eq!(
            code(&keys(&[other, SECRET]), ID, SIGNATURE, BODY, SENT),
            "believed"
        );
        assert_eq!(
            code(&keys(&[other]), ID, SIGNATURE, BODY, SENT),
            "signature_invalid"
        );
    }

    /// P-02
    #[test]
    fn an_altered_body_id_or_signature_is_refused() {
        let keys = keys(&[SECRET]);
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert_eq!(code(&keys, ID, SIGNATURE, &body, SENT), "signature_invalid");
        }
        assert_eq!(
            code(&keys, "msg_other", SIGNATURE, BODY, SENT),
            "signature_invalid"
        );
        assert_eq!(code(&keys, ID, "v1,", BODY, SENT), "signature_invalid");
        assert_eq!(
            code(&keys, ID, &SIGNATURE.replace("v1,", "v2,"), BODY, SENT),
            "signature_invalid"
        );
    }

    #[test]
    fn a_delivery_from_too_far_away_in_time_is_refused() {
        let keys = keys(&[SECRET]);
        assert_eq!(code(&keys, ID, SIGNATURE, BODY, SENT + 300), "believed");
        assert_eq!(
            code(&keys, ID, SIGNATURE, BODY, SENT + 301),
            "signature_expired"
        );
        assert_eq!(
            code(&keys, ID, SIGNATURE, BODY, SENT - 301),
            "signature_expired"
        );
    }

    #[test]
    fn without_a_secret_everything_is_refused() {
        assert_eq!(
            code(&keys(&[]), ID, SIGNATURE, BODY, SENT),
            "signature_invalid"
        );
    }

    #[test]
    fn what_we_sign_we_believe() {
        let keys = keys(&[SECRET]);
        assert_eq!(keys.sign(ID, SENT, BODY).as_deref(), Some(SIGNATURE));
    }

    fn secrets(texts: &[&str]) -> Secrets {
        Secrets(Secret::new(texts.iter().map(ToString::to_string).collect()))
    }

    /// P-02
    #[test]
    fn a_shared_secret_is_known_only_as_a_whole_and_an_empty_one_never() {
        let code = |known: &[&str], shown: Option<&str>| match secrets(known).check_shown(shown) {
            Ok(()) => "believed",
            Err(problem) => problem.code(),
        };

        assert_eq!(code(&["old", "new"], Some("old")), "believed");
        assert_eq!(code(&["old", "new"], Some("new")), "believed");
        for wrong in ["ol", "oldd", "old\0", "OLD", ""] {
            assert_eq!(
                code(&["old"], Some(wrong)),
                "signature_invalid",
                "{wrong:?}"
            );
        }
        assert_eq!(code(&["old"], None), "signature_missing");
        assert_eq!(code(&[""], Some("")), "signature_invalid");
        assert_eq!(code(&[], Some("")), "signature_invalid");
    }

    // RFC 4231, test case 2.
    #[test]
    fn a_signature_in_hex_or_base64_is_of_the_parts_joined() {
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let base64 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        let jefe = secrets(&["Jefe"]);
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];

        assert!(jefe.check_hex(&parts, Some(hex)).is_ok());
        assert!(jefe.check_hex(&parts, Some(&hex.to_uppercase())).is_ok());
        assert!(jefe.check_base64(&parts, Some(base64)).is_ok());
        for wrong in [&hex[..62], &hex[..63], "", "zz", "+1", &format!("{hex}00")] {
            let problem = jefe.check_hex(&parts, Some(wrong)).unwrap_err();
            assert_eq!(problem.code(), "signature_invalid", "{wrong}");
        }
        let problem = jefe.check_hex(&parts, None).unwrap_err();
        assert_eq!(problem.code(), "signature_missing");
    }
}
