//! API Gateway's mapping of requests to events and of answers to responses.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::Arc;

use axum::body::Bytes;
use local::gateway::{self, HttpRoute, Routes};
use local::invoke::{Invocation, Invoke, InvokeError, PAYLOAD_LIMIT};
use local::net::{BindError, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn serve(functions: impl Invoke) -> Server {
    let routes = [
        ("GET", "/workouts/{id}", "read"),
        ("GET", "/workouts/latest", "latest"),
        ("POST", "/activities", "ingest"),
    ];
    let routes = routes.map(|(method, path, function)| HttpRoute {
        method: method.to_owned(),
        path: path.to_owned(),
        function: function.to_owned(),
    });
    gateway::start(0, Routes::new(routes.to_vec()), Arc::new(functions))
        .await
        .unwrap()
}

/// Answers every request with its function's name and event, as JSON.
fn echo(function: &str, payload: Bytes) -> Invocation {
    let event: Value = serde_json::from_slice(&payload).unwrap();
    let body = json!({"function": function, "event": event}).to_string();
    let answer =
        json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body});
    Box::pin(async move { Ok(Bytes::from(answer.to_string())) })
}

fn always(answer: Result<Value, InvokeError>) -> impl Invoke {
    move |_: &str, _: Bytes| -> Invocation {
        let answer = answer.clone().map(|answer| Bytes::from(answer.to_string()));
        Box::pin(async move { answer })
    }
}

async fn exchange(server: &Server, head: &str, body: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "{head}\r\nhost: h:1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A refusal may close the connection before the whole body is sent.
    drop(stream.write_all(body).await);
    let mut response = Vec::new();
    drop(stream.read_to_end(&mut response).await);
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

async fn event(server: &Server, head: &str, body: &[u8]) -> Value {
    let (status, _, body) = exchange(server, head, body).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn a_request_becomes_an_event_of_format_two() {
    let server = serve(echo).await;

    let seen = event(
        &server,
        "GET /workouts/a%20b?x=1&x=2&y=a+b HTTP/1.1\r\nX-Two: 1\r\nX-Two: 2\r\nCookie: a=1; b=2",
        b"",
    )
    .await;

    let event = &seen["event"];
    assert_eq!(seen["function"], "read");
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "GET /workouts/{id}");
    assert_eq!(event["rawPath"], "/workouts/a b");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=a+b");
    assert_eq!(
        event["queryStringParameters"],
        json!({"x": "1,2", "y": "a b"})
    );
    assert_eq!(event["pathParameters"], json!({"id": "a b"}));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-two"], "1,2");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["requestContext"]["http"]["method"], "GET");
    assert!(
        !event["requestContext"]["requestId"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_eq!(event.get("body"), None);
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_literal_segment_wins_over_a_variable_one() {
    let server = serve(echo).await;

    let seen = event(&server, "GET /workouts/latest HTTP/1.1", b"").await;

    assert_eq!(seen["function"], "latest");
}

#[tokio::test]
async fn only_text_passes_as_text() {
    let server = serve(echo).await;
    for (media, body, passed, is_base64) in [
        ("application/json; charset=utf-8", &b"{}"[..], "{}", false),
        ("text/csv", b"a,b", "a,b", false),
        ("text/plain", b"\xff", "/w==", true),
        ("application/octet-stream", b"ab", "YWI=", true),
    ] {
        let head = format!("POST /activities HTTP/1.1\r\ncontent-type: {media}");
        let seen = event(&server, &head, body).await;
        assert_eq!(seen["event"]["body"], passed, "{media}");
        assert_eq!(seen["event"]["isBase64Encoded"], is_base64, "{media}");
    }
}

#[tokio::test]
async fn an_answer_becomes_a_response() {
    let server = serve(always(Ok(json!({
        "statusCode": 202,
        "headers": {"x-one": "1", "x-two": "lost", "content-length": "99"},
        "multiValueHeaders": {"x-two": ["a", "b"]},
        "cookies": ["c=1"],
        "body": "aGk=",
        "isBase64Encoded": true,
    }))))
    .await;

    let (status, head, body) = exchange(&server, "GET /workouts/1 HTTP/1.1", b"").await;

    assert_eq!((status, body.as_str()), (202, "hi"));
    for line in [
        "x-one: 1",
        "x-two: a",
        "x-two: b",
        "set-cookie: c=1",
        "content-length: 2",
    ] {
        assert!(head.contains(line), "{line} is not in {head}");
    }
    assert!(!head.contains("lost"));
}

#[tokio::test]
async fn an_answer_without_a_status_is_the_body() {
    let server = serve(always(Ok(json!({"a": 1})))).await;

    let (status, head, body) = exchange(&server, "GET /workouts/1 HTTP/1.1", b"").await;

    assert_eq!((status, body.as_str()), (200, r#"{"a":1}"#));
    assert!(head.contains("content-type: application/json"));
}

#[tokio::test]
async fn a_failure_is_an_internal_server_error_without_a_cause() {
    let exited = InvokeError::Exited {
        function: "f".to_owned(),
        status: "secret".to_owned(),
    };
    let timed_out = InvokeError::TimedOut {
        function: "f".to_owned(),
        timeout_ms: 1,
    };
    for answer in [Err(exited), Err(timed_out), Ok(json!({"statusCode": "x"}))] {
        let server = serve(always(answer)).await;
        let (status, _, body) = exchange(&server, "GET /workouts/1 HTTP/1.1", b"").await;
        assert_eq!(status, 500);
        assert_eq!(body, r#"{"message":"Internal Server Error"}"#);
    }
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let server = serve(echo).await;
    for head in [
        "GET /nope HTTP/1.1",
        "DELETE /workouts/1 HTTP/1.1",
        "GET /workouts/ HTTP/1.1",
    ] {
        let (status, _, body) = exchange(&server, head, b"").await;
        assert_eq!(
            (status, body.as_str()),
            (404, r#"{"message":"Not Found"}"#),
            "{head}"
        );
    }
}

#[tokio::test]
async fn too_large_a_request_is_refused() {
    let server = serve(always(Err(InvokeError::PayloadTooLarge(PAYLOAD_LIMIT + 1)))).await;
    for size in [1, gateway::BODY_LIMIT + 1] {
        let (status, _, body) =
            exchange(&server, "POST /activities HTTP/1.1", &vec![0; size]).await;
        assert_eq!(status, 413);
        assert_eq!(body, r#"{"message":"Request Entity Too Large"}"#);
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = serve(echo).await;
    let port = server.address().port();

    let error = gateway::start(port, Routes::default(), Arc::new(echo))
        .await
        .unwrap_err();

    assert!(matches!(error, BindError::InUse(taken) if taken == port));
    assert!(error.to_string().contains("--port 0"));
}
