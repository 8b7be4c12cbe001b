//! Standard Webhooks 1.0 signatures: the only door for the generic provider's deliveries.
//!
//! Source: the Standard Webhooks specification, "Verifying webhook authenticity": HMAC-SHA256 over
//! `id.timestamp.body`, base64, `v1,` in front, several signatures separated by spaces.

use crate::clock::unix_seconds;
use crate::config::LIMITS;
use crate::problem::Problem;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
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
#[derive(Debug, Clone)]
pub struct SigningKeys(Secret<Vec<Vec<u8>>>);

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

    /// Believes a delivery that one of the keys signed not long ago, and answers its id.
    ///
    /// # Errors
    /// 401 with a code for each way in which it is not believed.
    pub fn verify<'a>(&self, headers: SignedHeaders<'a>, body: &[u8]) -> Result<&'a str, Problem> {
        self.verify_at(headers, body, unix_seconds())
    }

    fn verify_at<'a>(
        &self,
        headers: SignedHeaders<'a>,
        body: &[u8],
        now: i64,
    ) -> Result<&'a str, Problem> {
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
        if now.abs_diff(sent) > LIMITS.signature_tolerance.as_secs() {
            return Err(refuse(
                "signature_expired",
                "the webhook-timestamp is too far from now",
            ));
        }
        let believed = signatures
            .split(' ')
            .take(MOST_SIGNATURES)
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|text| STANDARD.decode(text).ok())
            .any(|signature| self.signed(id, timestamp, body, &signature));
        if believed {
            Ok(id)
        } else {
            Err(refuse("signature_invalid", "no signature matches"))
        }
    }

    fn signed(&self, id: &str, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
        // Every key is tried, so that the time does not tell which one matched.
        self.0.expose().iter().fold(false, |believed, key| {
            let Some(mac) = mac(key, id, timestamp, body) else {
                return believed;
            };
            mac.verify_slice(signature).is_ok() || believed
        })
    }

    /// Signs as a sender would: for the developer's cloud and for tests.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let key = self.0.expose().first()?;
        let mac = mac(key, id, &timestamp.to_string(), body)?;
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }
}

fn mac(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
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
            Ok(_) => "believed",
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
}
