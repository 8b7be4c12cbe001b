//! API Gateway's HTTP API: routes HTTP requests to functions in payload format 2.0.
//!
//! Differences from AWS: no stages, authorisers, CORS, throttling or access log; `sourceIp` is a loopback address;
//! a `HEAD` or `OPTIONS` request finds no route.

mod event;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::invoke::{Invoke, InvokeError};
use crate::net::{self, BindError, Server};
pub use routes::{HttpRoute, Routes};

/// Largest request body that the gateway passes on.
pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// How long the gateway waits for a function.
pub const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);

struct Gateway {
    routes: Routes,
    functions: Arc<dyn Invoke>,
    clock: Clock,
}

/// Serves routes on a port of the loopback interface; 0 takes a free one.
///
/// # Errors
/// [`BindError::InUse`] when the port is taken.
pub async fn start(
    port: u16,
    routes: Routes,
    functions: Arc<dyn Invoke>,
) -> Result<Server, BindError> {
    let (listener, address) = net::bind(port).await?;
    let gateway = Arc::new(Gateway {
        routes,
        functions,
        clock: Clock::start(),
    });
    // The body limit is the gateway's own: axum's would answer in plain text.
    let router = Router::new().fallback(handle).with_state(gateway);
    Ok(net::serve(listener, address, router))
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Some(found) = gateway.routes.find(parts.method.as_str(), parts.uri.path()) else {
        return refusal(StatusCode::NOT_FOUND, "Not Found");
    };
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return too_large();
    };
    let event = event::render(&parts, &body, &found, gateway.clock.now_utc());
    let limit = Instant::now() + INTEGRATION_LIMIT;
    let answer = tokio::select! {
        answer = gateway.functions.invoke(&found.route.function, Bytes::from(event.to_string())) => answer,
        () = sleep_until(limit) => {
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        }
    };
    match answer {
        Ok(answer) => respond(&answer).unwrap_or_else(|| {
            tracing::error!(
                function = found.route.function,
                "an answer is not a response"
            );
            internal_error()
        }),
        Err(InvokeError::PayloadTooLarge(_)) => too_large(),
        Err(InvokeError::ShuttingDown) => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Err(error) => {
            tracing::error!(%error, "a request failed");
            internal_error()
        }
    }
}

/// Makes an HTTP response of a function's answer, or `None` when it is not one.
fn respond(answer: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        // Format 2.0 takes an answer without a status for the body of a 200.
        let json = [(header::CONTENT_TYPE, "application/json")];
        return Some((StatusCode::OK, json, answer.to_string()).into_response());
    };
    let status = StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?;
    let body = match answer.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if answer.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            STANDARD.decode(text).ok()?
        }
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(_) => return None,
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in members(&answer, "headers") {
        headers.insert(name, header_value(value)?);
    }
    for (name, values) in members(&answer, "multiValueHeaders") {
        headers.remove(&name);
        for value in values.as_array()? {
            headers.append(&name, header_value(value)?);
        }
    }
    if let Some(cookies) = answer.get("cookies").and_then(Value::as_array) {
        for cookie in cookies {
            headers.append(header::SET_COOKIE, header_value(cookie)?);
        }
    }
    // The server counts the body itself; a wrong length would break the connection.
    headers.remove(header::CONTENT_LENGTH);
    if !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
    }
    Some(response)
}

/// Returns the members of an answer's field whose names may be header names.
fn members<'a>(answer: &'a Value, field: &str) -> impl Iterator<Item = (HeaderName, &'a Value)> {
    answer
        .get(field)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, value)))
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::try_from(text).ok(),
        Value::Number(_) | Value::Bool(_) => HeaderValue::try_from(value.to_string()).ok(),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn too_large() -> Response {
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

fn internal_error() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, json!({ "message": message }).to_string()).into_response()
}
