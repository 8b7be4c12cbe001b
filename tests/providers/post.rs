//! What providers post, and what those could post who do not know a provider's credentials.

use crate::doors::Door;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

/// What a provider posts.
#[derive(Clone)]
pub(crate) struct Post {
    /// What follows the provider's name in the path.
    pub(crate) path: Option<String>,
    /// The headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: String,
}

/// Where a post shows that it is the provider's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    /// In the path.
    Path,
    /// In a header.
    Header(&'static str),
    /// In a member of the body.
    Body(&'static str),
}

impl Post {
    /// A body without credentials.
    pub(crate) fn of(body: &Value) -> Self {
        Self {
            path: None,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    /// The same with a secret in the path.
    pub(crate) fn at(mut self, secret: &str) -> Self {
        self.path = Some(secret.to_owned());
        self
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with a credential made into something else, or taken away.
    fn spoilt(&self, credential: Credential, spoil: Spoil) -> Self {
        let mut post = self.clone();
        match credential {
            Credential::Path => post.path = post.path.and_then(|secret| spoil(&secret)),
            Credential::Header(name) => {
                let at = post.headers.iter().position(|(other, _)| *other == name);
                let (name, value) = post.headers.remove(at.unwrap());
                let value = spoil(&value).map(|value| (name, value));
                post.headers.extend(value);
            }
            Credential::Body(member) => {
                let mut body: Map<String, Value> = serde_json::from_str(&post.body).unwrap();
                let value = body.remove(member).unwrap();
                if let Some(value) = spoil(value.as_str().unwrap()) {
                    body.insert(member.to_owned(), value.into());
                }
                post.body = Value::Object(body).to_string();
            }
        }
        post
    }

    /// Every way in which somebody who does not know the credentials could post the same, with the
    /// code that refuses it.
    pub(crate) fn forgeries(&self, door: &Door) -> Vec<(&'static str, Self)> {
        let mut forgeries = Vec::new();
        for credential in door.credentials {
            let mut forge = |code, spoil| forgeries.push((code, self.spoilt(*credential, spoil)));
            forge("signature_missing", |_| None);
            forge("signature_invalid", |known| Some(another(known)));
            forge("signature_invalid", |known| {
                Some(known[..known.len() - 2].to_owned())
            });
        }
        if door.signs_body {
            let mut altered = self.clone();
            altered.body.insert(1, ' ');
            forgeries.push(("signature_invalid", altered));
        }
        forgeries
    }
}

/// Makes something else of a credential, or nothing.
type Spoil = fn(&str) -> Option<String>;

/// As long as this, and not the same.
fn another(known: &str) -> String {
    let first = if known.starts_with('a') { "b" } else { "a" };
    format!("{first}{}", &known[1..])
}

/// HMAC-SHA256.
fn hmac(key: &str, parts: &[&str]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    for part in parts {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA256 in lower hex.
pub(crate) fn hex_hmac(key: &str, parts: &[&str]) -> String {
    let bytes = hmac(key, parts);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA256 in base64.
pub(crate) fn base64_hmac(key: &str, parts: &[&str]) -> String {
    STANDARD.encode(hmac(key, parts))
}
