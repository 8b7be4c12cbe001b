//! Tokens of an athlete: handed out by a provider, and sealed for the database.

use super::api::{Answer, Refusal, classify};
use super::client::Client;
use super::source::Source;
use crate::seal::{SealError, SealingKeys};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use lambda_http::http::{HeaderValue, StatusCode, header};
use store::connections::SealedTokens;
use thiserror::Error;
use url::Url;

/// Tokens as a provider hands them out.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What requests carry.
    pub access: Secret<String>,
    /// What the next refresh carries, if the provider told a new one.
    pub refresh: Option<Secret<String>>,
    /// Until when the first is believed.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Tokens {
    /// Reads a provider's answer to a token request (RFC 6749, section 5.1).
    ///
    /// # Errors
    /// When it is no such answer.
    pub fn read(answer: &[u8]) -> Result<Self, serde_json::Error> {
        let answer: TokenAnswer = serde_json::from_slice(answer)?;
        let now = crate::clock::now();
        let told = answer
            .expires_at
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let in_a_while = answer.expires_in.and_then(chrono::TimeDelta::try_seconds);
        Ok(Self {
            access: Secret::new(answer.access_token),
            refresh: answer.refresh_token.map(Secret::new),
            expires_at: told.or_else(|| now.checked_add_signed(in_a_while?)),
        })
    }
}

/// How a refresh ended without tokens.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The athlete has to connect again.
    #[error("the provider refuses the refresh token")]
    Refused,
    /// It may go well another time.
    #[error(transparent)]
    Passing(#[from] Refusal),
}

#[derive(serde::Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<i64>,
    /// Strava tells the moment too.
    expires_at: Option<i64>,
}

/// Where a provider wants to hear who we are when a token is refreshed (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCredentials {
    /// In the form, as most do.
    Form,
    /// In the header `Authorization`.
    Basic,
}

/// Refreshes an access token (RFC 6749, section 6).
///
/// # Errors
/// [`RefreshError`]; 400 and 401 mean that the token itself is refused, and so does a provider that
/// refreshes none.
pub async fn refresh(
    client: &Client,
    source: &dyn Source,
    refresh_token: &Secret<String>,
) -> Result<Tokens, RefreshError> {
    let form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose().as_str()),
    ];
    let answer = ask_for_tokens(client, source, source.token_url(), form).await?;
    Tokens::read(&answer).map_err(|error| Answer::unusable(&error).into())
}

/// Posts a form to where tokens come from, saying who we are, and answers what came.
///
/// # Errors
/// As [`refresh`].
pub(super) async fn ask_for_tokens<'a>(
    client: &Client,
    source: &'a dyn Source,
    url: Option<&str>,
    mut form: Vec<(&'a str, &'a str)>,
) -> Result<Vec<u8>, RefreshError> {
    let url = url.and_then(|url| Url::parse(url).ok());
    let url = url.ok_or(RefreshError::Refused)?;
    let settings = source.settings();
    let (id, secret) = (&settings.client_id, settings.client_secret.expose());
    let mut headers = Vec::new();
    match source.client_credentials() {
        ClientCredentials::Form => form.extend([
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ]),
        ClientCredentials::Basic => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
            if let Ok(mut value) = HeaderValue::from_str(&basic) {
                value.set_sensitive(true);
                headers.push((header::AUTHORIZATION, value));
            }
        }
    }
    let (status, headers, body) = client.post_form(&url, headers, &form).await?;
    if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
        return Err(RefreshError::Refused);
    }
    classify(status, &headers)?;
    if !status.is_success() {
        let what = format!("a request for tokens was answered {}", status.as_u16());
        return Err(Refusal::Unavailable(what).into());
    }
    Ok(body)
}

/// Which of an account's tokens is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What requests carry.
    Access,
    /// What the next refresh carries.
    Refresh,
}

/// Seals tokens for the account that they are of.
///
/// # Errors
/// [`SealError::NoKey`] without a key.
pub fn seal(
    keys: &SealingKeys,
    provider: &str,
    account: &str,
    tokens: &Tokens,
) -> Result<SealedTokens, SealError> {
    let one = |kind, token| keys.seal(&owner(provider, account, kind), token);
    let refresh = tokens.refresh.as_ref();
    Ok(SealedTokens {
        access: one(Kind::Access, &tokens.access)?,
        refresh: refresh.map(|t| one(Kind::Refresh, t)).transpose()?,
        expires_at: tokens.expires_at,
    })
}

/// Opens a token of an account.
///
/// # Errors
/// [`SealError`] says whether the key is missing or the token is not what was sealed.
pub fn open(
    keys: &SealingKeys,
    provider: &str,
    account: &str,
    kind: Kind,
    sealed: &[u8],
) -> Result<Secret<String>, SealError> {
    keys.open(&owner(provider, account, kind), sealed)
}

/// What a sealed token is bound to.
fn owner(provider: &str, account: &str, kind: Kind) -> String {
    format!("{provider}/{kind:?}/{account}")
}
