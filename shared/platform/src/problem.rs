//! Problem documents (RFC 9457): what went wrong, as a code, and what to do next.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use store::StoreError;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer of the field.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A refusal, as the client sees it; never a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    members: Map<String, Value>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
            members: Map::new(),
        }
    }

    /// 400: the request cannot be read at all.
    pub fn malformed(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: who is asking is not known.
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: who is asking is known, and may not.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: there is no such thing, or it is somebody else's.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 405: the path is known, the method is not.
    pub fn method_not_allowed() -> Self {
        let detail = "this path does not answer this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// 409: something else stands in the way.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 413: larger than allowed.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 415: no known format.
    pub fn unknown_format(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_format", detail)
    }

    /// 422: a signup token that brings nobody anywhere, whatever is wrong with it.
    pub fn signup_refused() -> Self {
        let detail = "the token is not known, has ended or was used up; ask for another";
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "signup_token_refused",
            detail,
        )
    }

    /// 429: tried too often, and when to try again.
    pub fn rate_limited(wait: Duration) -> Self {
        let detail = "this was tried too often; Retry-After says when to try again";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            retry_after_s: Some(u32::try_from(whole.max(1)).unwrap_or(u32::MAX)),
            ..problem
        }
    }

    /// 503: what we need for an answer is away for now.
    pub fn unavailable(detail: &'static str) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        Self {
            retry_after_s: Some(1),
            ..problem
        }
    }

    /// 500: our own fault, which the log alone is told.
    pub fn internal(fault: &'static str) -> Self {
        tracing::error!(fault, "a fault of ours");
        Self::ours()
    }

    fn ours() -> Self {
        let detail = "this is our fault; it is logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// 502: a provider that had to be asked did not answer.
    pub fn provider_unavailable() -> Self {
        let detail = "the provider did not answer; start again in a while";
        Self::new(StatusCode::BAD_GATEWAY, "provider_unavailable", detail)
    }

    /// 502: what a provider answered cannot be used.
    pub fn provider_answer() -> Self {
        let detail = "the provider's answer cannot be used; it is logged";
        Self::new(StatusCode::BAD_GATEWAY, "provider_answer", detail)
    }

    /// 422: well-formed, but not acceptable.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// Adds a member of its own, as RFC 9457 lets a kind of problem have.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Names a field that is wrong.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, problem: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            problem: problem.into(),
        });
        self
    }

    /// Names the fields too that another refusal names.
    #[must_use]
    pub fn with_fields_of(mut self, other: Self) -> Self {
        self.errors.extend(other.errors);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn into_response(self, correlation_id: &str) -> Response<Body> {
        let document = Document {
            r#type: format!("urn:paceline:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            correlation_id,
            errors: &self.errors,
            members: &self.members,
        };
        let text = serde_json::to_string(&document).unwrap_or_default();
        let mut response = Response::new(Body::Text(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Ok(id) = HeaderValue::from_str(correlation_id) {
            headers.insert(HeaderName::from_static("x-correlation-id"), id);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // The cause goes to the log once, here, and never to the client.
        let cause = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if error.is_transient() {
            tracing::warn!(%error, cause, "the database did not answer in time");
            return Self::unavailable("the database is not available; try again");
        }
        tracing::error!(%error, cause, "a statement failed");
        Self::ours()
    }
}
