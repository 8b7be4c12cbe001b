//! What a provider is asked, and what its answers mean.

use super::client::{Client, Headers};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// How long a provider is left alone that says "too many" and not until when.
const UNTOLD_PAUSE: Duration = Duration::from_secs(60);

/// Why a provider did not answer what it was asked.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It is not to be asked before this time.
    #[error("rate_limited: the provider is not to be asked before {0}")]
    RateLimited(DateTime<Utc>),
    /// It does not believe the token.
    #[error("unauthorized: the provider does not believe the token")]
    Unauthorized,
    /// It did not answer, or answered that it cannot now.
    #[error("provider_unavailable: {0}")]
    Unavailable(String),
    /// What it answered cannot be used, and asking again would not help.
    #[error("provider_answer: {0}")]
    Unusable(String),
}

/// What is told before and after every request, to keep a provider's rate limit.
pub trait Budget: Send + Sync {
    /// Takes one request out of the budget.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`] when there is none left.
    fn take(&self) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Notes what the answer says of the limit.
    fn note<'a>(&'a self, status: StatusCode, headers: &'a HeaderMap) -> BoxFuture<'a, ()>;
}

/// One athlete's access to a provider's API.
pub struct Api<'a> {
    client: &'a Client,
    base: Url,
    authorization: Headers,
    budget: &'a dyn Budget,
    /// Of every body that was read, in order.
    read: Mutex<Sha256>,
}

/// An answer that is neither a failure of the provider nor a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 2xx, 404 or another 4xx that the caller has to understand.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Refusal::Unusable`] when it is not what the provider documents.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| Self::unusable(&error))
    }

    /// What is wrong with JSON and where, without a word of it.
    pub(super) fn unusable(error: &serde_json::Error) -> Refusal {
        let (line, column) = (error.line(), error.column());
        let class = error.classify();
        Refusal::Unusable(format!("{class:?} error at line {line} column {column}"))
    }
}

impl<'a> Api<'a> {
    /// Access with the headers that a provider's [authorization](super::source::Source) tells.
    ///
    /// # Errors
    /// [`Refusal::Unusable`] when the URL or the token cannot be used.
    pub fn new(
        client: &'a Client,
        base_url: &str,
        authorization: Vec<(HeaderName, String)>,
        budget: &'a dyn Budget,
    ) -> Result<Self, Refusal> {
        // Without the slash its last part would be replaced by a path instead of followed by it.
        let base = Url::parse(&format!("{}/", base_url.trim_end_matches('/')))
            .map_err(|_| Refusal::Unusable("the base URL is not a URL".to_owned()))?;
        let authorization = authorization.into_iter().map(|(name, value)| {
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| Refusal::Unusable("the token cannot be a header".to_owned()))?;
            value.set_sensitive(true);
            Ok((name, value))
        });
        Ok(Self {
            client,
            base,
            authorization: authorization.collect::<Result<_, Refusal>>()?,
            budget,
            read: Mutex::new(Sha256::new()),
        })
    }

    /// The hash of all that was read.
    pub fn source_sha256(&self) -> [u8; 32] {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.clone().finalize().into()
    }

    /// Asks for a path of the API.
    ///
    /// # Errors
    /// [`Refusal`] for everything but 2xx and 4xx of the request's own making.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Refusal> {
        let mut url = self
            .base
            .join(path.trim_start_matches('/'))
            .map_err(|_| Refusal::Unusable("the path is not a path".to_owned()))?;
        if url.origin() != self.base.origin() {
            return Err(Refusal::Unusable(
                "the path leads to another server".to_owned(),
            ));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(&url, self.authorization.clone()).await
    }

    /// Fetches a file whose address the provider told, without our token unless it lies at the API.
    ///
    /// # Errors
    /// [`Refusal::Unusable`] when the address is neither at the API nor, over HTTPS, at one of
    /// `hosts`; else as [`Self::get`].
    pub async fn download(&self, address: &str, hosts: &[&str]) -> Result<Answer, Refusal> {
        let url = Url::parse(address)
            .map_err(|_| Refusal::Unusable("a file's address is not a URL".to_owned()))?;
        let at_the_api = url.origin() == self.base.origin();
        let known = url.scheme() == "https" && url.host_str().is_some_and(|h| hosts.contains(&h));
        if !at_the_api && !known {
            return Err(Refusal::Unusable(
                "a file's address is not at the provider".to_owned(),
            ));
        }
        let token = at_the_api.then(|| self.authorization.clone());
        self.send(&url, token.unwrap_or_default()).await
    }

    async fn send(&self, url: &Url, headers: Headers) -> Result<Answer, Refusal> {
        self.budget.take().await?;
        let (status, headers, body) = self.client.get(url, headers).await?;
        self.budget.note(status, &headers).await;
        classify(status, &headers)?;
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(&body);
        Ok(Answer { status, body })
    }
}

/// Tells an answer from a refusal.
pub(super) fn classify(status: StatusCode, headers: &HeaderMap) -> Result<(), Refusal> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Err(Refusal::RateLimited(retry_after(headers))),
        StatusCode::UNAUTHORIZED => Err(Refusal::Unauthorized),
        StatusCode::REQUEST_TIMEOUT => Err(Refusal::Unavailable("408".to_owned())),
        status if status.is_server_error() => Err(Refusal::Unavailable(format!(
            "it answered {}",
            status.as_u16()
        ))),
        status if status.is_redirection() => Err(Refusal::Unusable(
            "it points elsewhere, and that is not followed".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// When a provider that said "too many" may be asked again (RFC 9110, 10.2.3: seconds or a date).
pub fn retry_after(headers: &HeaderMap) -> DateTime<Utc> {
    let now = crate::clock::now();
    let told = headers.get(header::RETRY_AFTER).and_then(|value| {
        let text = value.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u32>() {
            return Some(now + Duration::from_secs(seconds.into()));
        }
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        Some(date.with_timezone(&Utc))
    });
    told.filter(|until| *until > now)
        .unwrap_or(now + UNTOLD_PAUSE)
}
