//! The event that a function gets for an HTTP request, payload format 2.0.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::routes::{Found, decode};

/// Media types whose bodies pass as text; any other is base 64.
const TEXT: [&str; 3] = [
    "application/json",
    "application/xml",
    "application/javascript",
];

pub(super) fn render(parts: &Parts, body: &[u8], found: &Found<'_>, now: DateTime<Utc>) -> Value {
    let source = source(parts);
    let headers = headers(parts, &source);
    let method = parts.method.as_str();
    let host = headers.get("host").cloned().unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let route_key = format!("{method} {}", found.route.path);
    let context = json!({
        "accountId": crate::queue::ACCOUNT,
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.split('.').next(),
        "http": {
            "method": method,
            "path": found.path,
            "protocol": "HTTP/1.1",
            "sourceIp": source,
            "userAgent": headers.get("user-agent").map_or("", String::as_str),
        },
        "requestId": Uuid::new_v4().simple().to_string(),
        "routeKey": route_key,
        "stage": "$default",
        "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": now.timestamp_millis(),
    });
    let mut event = Map::from_iter([
        ("version".to_owned(), json!("2.0")),
        ("routeKey".to_owned(), json!(route_key)),
        ("rawPath".to_owned(), json!(found.path)),
        ("rawQueryString".to_owned(), json!(query)),
        ("requestContext".to_owned(), context),
    ]);
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            event.insert(name.to_owned(), value);
        }
    };
    let cookies = cookies(parts);
    add("cookies", (!cookies.is_empty()).then(|| json!(cookies)));
    let parameters = query_parameters(query);
    add(
        "queryStringParameters",
        (!parameters.is_empty()).then(|| json!(parameters)),
    );
    let has_parameters = !found.parameters.is_empty();
    add(
        "pathParameters",
        has_parameters.then(|| json!(found.parameters)),
    );

    let is_text = headers
        .get("content-type")
        .is_some_and(|media| is_text(media));
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok("") => (None, false),
        Ok(text) if is_text => (Some(json!(text)), false),
        Ok(_) | Err(_) => (Some(json!(STANDARD.encode(body))), true),
    };
    add("body", body);
    add("isBase64Encoded", Some(json!(is_base64)));
    add("headers", Some(json!(headers)));
    Value::Object(event)
}

/// Where the request comes from: an address of this machine.
fn source(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    address.to_string()
}

/// Returns the headers, a repeated one joined with commas; cookies have a field of their own.
fn headers(parts: &Parts, source: &str) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::from([
        ("x-forwarded-for".to_owned(), source.to_owned()),
        ("x-forwarded-proto".to_owned(), "http".to_owned()),
    ]);
    for name in parts.headers.keys().filter(|name| **name != header::COOKIE) {
        let values: Vec<_> = parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.as_str().to_owned(), values.join(","));
    }
    headers
}

fn cookies(parts: &Parts) -> Vec<String> {
    let values = parts.headers.get_all(header::COOKIE).iter();
    values
        .flat_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let cookies: Vec<String> = text
                .split(';')
                .map(|cookie| cookie.trim().to_owned())
                .collect();
            cookies
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decode(&text.replace('+', " "));
        let value = plain(value);
        parameters
            .entry(plain(name))
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

fn is_text(media_type: &str) -> bool {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.starts_with("text/") || TEXT.contains(&essence.as_str())
}
