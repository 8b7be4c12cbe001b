//! The HTTP side of the Runtime API.
//!
//! Every environment has a base path of its own, `/{function}/{environment}`, so one listener serves them all.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::environment::Environment;
use super::{Registry, lock};
use crate::clock::Clock;
use crate::invoke::{InvokeError, PAYLOAD_LIMIT};

#[derive(Debug, Clone)]
struct Api {
    registry: Registry,
    clock: Clock,
}

impl Api {
    fn find(&self, environment: &str) -> Result<Arc<Environment>, StatusCode> {
        lock(&self.registry)
            .get(environment)
            .cloned()
            .ok_or(StatusCode::GONE)
    }
}

pub(super) fn router(registry: Registry, clock: Clock) -> Router {
    const RUNTIME: &str = "/{function}/{environment}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{RUNTIME}/invocation/next"), get(next))
        .route(
            &format!("{RUNTIME}/invocation/{{request}}/response"),
            post(response),
        )
        .route(
            &format!("{RUNTIME}/invocation/{{request}}/error"),
            post(error),
        )
        .route(&format!("{RUNTIME}/init/error"), post(init_error))
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT))
        .with_state(Api { registry, clock })
}

async fn next(
    State(api): State<Api>,
    Path((_, environment)): Path<(String, String)>,
) -> Result<Response, StatusCode> {
    let environment = api.find(&environment)?;
    let work = environment.next().await.ok_or(StatusCode::GONE)?;
    let headers = [
        ("lambda-runtime-aws-request-id", work.request_id),
        (
            "lambda-runtime-deadline-ms",
            api.clock.epoch_ms(work.deadline).to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            environment.arn.clone(),
        ),
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
    ];
    Ok((headers, work.payload).into_response())
}

async fn response(
    State(api): State<Api>,
    Path((_, environment, request)): Path<(String, String, String)>,
    body: Request,
) -> Result<StatusCode, StatusCode> {
    let environment = api.find(&environment)?;
    match Bytes::from_request(body, &()).await {
        Ok(body) => accepted(environment.answer(&request, Ok(body))),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let function = environment.function().to_owned();
            environment.answer(&request, Err(InvokeError::ResponseTooLarge(function)));
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Err(rejection) => Err(rejection.status()),
    }
}

async fn error(
    State(api): State<Api>,
    Path((_, environment, request)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let environment = api.find(&environment)?;
    let ReportedError { kind, message } = ReportedError::parse(&body);
    let error = InvokeError::Function {
        function: environment.function().to_owned(),
        kind,
        message,
    };
    accepted(environment.answer(&request, Err(error)))
}

async fn init_error(
    State(api): State<Api>,
    Path((_, environment)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let environment = api.find(&environment)?;
    let ReportedError { kind, message } = ReportedError::parse(&body);
    environment.report_init_error(format!("{kind}: {message}"));
    Ok(StatusCode::ACCEPTED)
}

fn accepted(is_current: bool) -> Result<StatusCode, StatusCode> {
    if is_current {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(StatusCode::BAD_REQUEST)
    }
}

/// The error document of a runtime.
#[derive(Debug, Deserialize)]
struct ReportedError {
    #[serde(rename = "errorType", default)]
    kind: String,
    #[serde(rename = "errorMessage", default)]
    message: String,
}

impl ReportedError {
    fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            kind: "Unknown".to_owned(),
            message: String::from_utf8_lossy(body).into_owned(),
        })
    }
}
