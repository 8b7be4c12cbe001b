//! A client of the HTTP API, as dumb as any: it sends, reads statuses and shows results.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that is missing in JSON reads as null"
)]

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::instance::Endpoint;

/// How often the status is asked for.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// The API could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It did not answer.
    #[error("{method} {path} was not answered")]
    Away {
        /// The method.
        method: Method,
        /// The path.
        path: String,
        /// Why.
        source: reqwest::Error,
    },
    /// It refused.
    #[error("{code}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The problem's detail.
        detail: String,
    },
}

/// One user's client.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    /// Makes a client of a running instance's demo athlete.
    #[must_use]
    pub fn new(endpoint: &Endpoint) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: endpoint.url.clone(),
            token: endpoint.token.clone(),
        }
    }

    /// The same client as another user.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    /// Sends a request with the user's token; answers the status and the JSON, or `null` without.
    ///
    /// # Errors
    /// [`ClientError::Away`] when there is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<(StatusCode, Value), ClientError> {
        let away = |source| ClientError::Away {
            method: method.clone(),
            path: path.to_owned(),
            source,
        };
        let response = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .body(body)
            .send()
            .await
            .map_err(away)?;
        let status = response.status();
        let text = response.bytes().await.map_err(away)?;
        Ok((status, serde_json::from_slice(&text).unwrap_or_default()))
    }

    /// Sends a request and takes a refusal for an error.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<Value, ClientError> {
        let (status, answer) = self.send(method, path, body).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        Err(ClientError::Refused {
            status: status.as_u16(),
            code: text("code").unwrap_or_else(|| status.to_string()),
            detail: text("detail")
                .or_else(|| text("message"))
                .unwrap_or_default(),
        })
    }

    /// Waits until every stage of a workout is complete or failed, telling each change on the way.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn wait(
        &self,
        workout_id: &str,
        mut tell: impl FnMut(&Value),
    ) -> Result<Value, ClientError> {
        let mut before = Value::Null;
        loop {
            let path = format!("/workouts/{workout_id}/status");
            let status = self.ask(Method::GET, &path, "").await?;
            if status != before {
                tell(&status);
            }
            if STATUSES.iter().all(|name| is_terminal(&status[*name])) {
                return self
                    .ask(Method::GET, &format!("/workouts/{workout_id}"), "")
                    .await;
            }
            before = status;
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

/// The three status fields, in the order clients see them.
pub const STATUSES: [&str; 3] = ["summary_status", "analysis_status", "metrics_status"];

fn is_terminal(status: &Value) -> bool {
    matches!(status.as_str(), Some("complete" | "failed"))
}
