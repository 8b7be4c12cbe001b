//! Lambda's Invoke API, so that a function can be invoked by hand: `aws lambda invoke --endpoint-url …`, or curl.
//!
//! Only `Invoke` is answered (AWS Lambda API reference, 2015-03-31). Differences from AWS: a function is named by its
//! name alone, signatures are not looked at, an asynchronous invocation that fails is not tried again, and no log is
//! sent along.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use crate::invoke::{Invoke, InvokeError, PAYLOAD_LIMIT};
use crate::net::{self, BindError, Server};

const PATH: &str = "/2015-03-31/functions/{function}/invocations";
const TYPE: &str = "x-amz-invocation-type";

/// Starts answering on a free port.
///
/// # Errors
/// When no port is free.
pub async fn start(functions: Arc<dyn Invoke>) -> Result<Server, BindError> {
    let (listener, address) = net::bind(0).await?;
    let router = Router::new()
        .route(PATH, post(invoke))
        // One more, so that what is too large is refused by the function's own limit.
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT + 1))
        .with_state(functions);
    Ok(net::serve(listener, address, router))
}

/// Where a function is invoked, below the server's URL.
pub(crate) fn path(function: &str) -> String {
    PATH.replace("{function}", function)
}

async fn invoke(
    State(functions): State<Arc<dyn Invoke>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    // Without a payload a function is handed an empty object.
    let payload = if payload.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        payload
    };
    let invocation = functions.invoke(&function, payload);
    match headers.get(TYPE).map(|value| value.as_bytes()) {
        None | Some(b"RequestResponse") => match invocation.await {
            Ok(answer) => (StatusCode::OK, answer).into_response(),
            Err(error) => failed(&error),
        },
        Some(b"Event") => {
            tokio::spawn(async move {
                if let Err(error) = invocation.await {
                    tracing::warn!(%error, "an asynchronous invocation failed");
                }
            });
            StatusCode::ACCEPTED.into_response()
        }
        Some(_) => refused(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            "X-Amz-Invocation-Type must be RequestResponse or Event",
        ),
    }
}

/// What the caller did wrong is refused; what the function did wrong is an answer with a header.
fn failed(error: &InvokeError) -> Response {
    let message = error.to_string();
    let kind = match error {
        InvokeError::UnknownFunction(_) => {
            return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
        }
        InvokeError::PayloadTooLarge(_) => {
            return refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                &message,
            );
        }
        InvokeError::ShuttingDown => {
            return refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ServiceException",
                &message,
            );
        }
        InvokeError::Function { kind, .. } => kind.as_str(),
        InvokeError::Exited { .. } => "Runtime.ExitError",
        InvokeError::Init { .. } | InvokeError::Spawn { .. } => "Runtime.InitError",
        InvokeError::TimedOut { .. } => "Sandbox.Timedout",
        InvokeError::ResponseTooLarge(_) => "Function.ResponseSizeTooLarge",
    };
    let body = json!({"errorType": kind, "errorMessage": message}).to_string();
    (
        StatusCode::OK,
        [("x-amz-function-error", "Unhandled")],
        body,
    )
        .into_response()
}

fn refused(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let body = json!({"Type": "User", "Message": message}).to_string();
    (status, [("x-amzn-errortype", kind)], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoke::Invocation;

    /// One that answers what it was handed, and one that fails.
    async fn api() -> Server {
        let functions = |function: &str, payload: Bytes| -> Invocation {
            let function = function.to_owned();
            Box::pin(async move {
                match function.as_str() {
                    "echo" => Ok(payload),
                    "broken" => Err(InvokeError::Function {
                        function,
                        kind: "Oops".to_owned(),
                        message: "it broke".to_owned(),
                    }),
                    _ => Err(InvokeError::UnknownFunction(function)),
                }
            })
        };
        start(Arc::new(functions)).await.unwrap()
    }

    async fn ask(server: &Server, function: &str, kind: &str) -> (StatusCode, HeaderMap, String) {
        let url = format!("{}{}", server.url(), path(function));
        let request = reqwest::Client::new().post(url).header(TYPE, kind);
        let answer = request.body(r#"{"a":1}"#).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.text().await.unwrap())
    }

    #[tokio::test]
    async fn a_function_is_invoked_and_its_answer_handed_on() {
        let server = api().await;
        let (status, headers, body) = ask(&server, "echo", "RequestResponse").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"a":1}"#));
        assert!(!headers.contains_key("x-amz-function-error"));

        let (status, _, body) = ask(&server, "echo", "Event").await;
        assert_eq!((status, body.as_str()), (StatusCode::ACCEPTED, ""));

        // Without a payload, and without a type.
        let url = format!("{}{}", server.url(), path("echo"));
        let answer = reqwest::Client::new().post(url).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn what_a_function_did_wrong_is_told_apart_from_what_the_caller_did() {
        let server = api().await;
        let (status, headers, body) = ask(&server, "broken", "RequestResponse").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["x-amz-function-error"], "Unhandled");
        assert!(body.contains(r#""errorType":"Oops""#), "{body}");

        let (status, headers, _) = ask(&server, "nobody", "RequestResponse").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers["x-amzn-errortype"], "ResourceNotFoundException");

        let (status, _, _) = ask(&server, "echo", "DryRun").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}
