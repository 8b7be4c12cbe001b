//! What the providers' tests share: requests, signatures, and a server that answers as told.

use super::api::{Api, Budget, Refusal};
use super::client::Client;
use super::source::{ApiSettings, Asked, Fetched, Listed, LookedFor, Page, Source};
use super::{About, Change, Delivery, Event, Headers, Item, Provider};
use crate::http::Request;
use crate::problem::Problem;
use crate::secret::Secret;
use domain::recording::Recording;
use futures_util::future::{BoxFuture, ready};
use hmac::{Hmac, KeyInit, Mac};
use lambda_http::http::{HeaderMap, Method, Request as Plain, StatusCode};
use lambda_http::{Body, RequestExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A provider with these settings.
pub(super) fn configured<P: DeserializeOwned>(settings: Value) -> P {
    serde_json::from_value(settings).unwrap()
}

/// A delivery as the gateway hands it on.
pub(super) fn post(path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request = Plain::builder().method(Method::POST).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Request::of(request.body(Body::Text(body.to_owned())).unwrap())
}

/// A check of our address as the gateway hands it on.
pub(super) fn get(path: &str, query: &[(&str, &str)]) -> Request {
    let query: HashMap<String, Vec<String>> = query
        .iter()
        .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
        .collect();
    let request = Plain::builder().uri(path).body(Body::Empty).unwrap();
    Request::of(request.with_query_string_parameters(query))
}

/// `believed`, or the code of the refusal, which is a 401.
pub(super) fn verdict(provider: &dyn Provider, request: &Request) -> &'static str {
    match provider.believe(request) {
        Ok(()) => "believed",
        Err(problem) => {
            assert_eq!(problem.status(), StatusCode::UNAUTHORIZED);
            problem.code()
        }
    }
}

/// The items of a body.
pub(super) fn read(provider: &dyn Provider, body: &str) -> Result<Vec<Item>, Problem> {
    let headers = Headers::new();
    let body = body.as_bytes();
    provider.read(Delivery {
        headers: &headers,
        body,
    })
}

/// The status and code with which a body is refused.
pub(super) fn refused(provider: &dyn Provider, body: &str) -> (u16, &'static str) {
    let problem = read(provider, body).unwrap_err();
    (problem.status().as_u16(), problem.code())
}

/// Whose and which activity an item announces.
pub(super) fn announced(item: &Item) -> (&str, &str, Change) {
    let About::Activity {
        id,
        event: Event::Announced(change),
    } = &item.about
    else {
        panic!("no announcement: {item:?}")
    };
    (&item.account, id, *change)
}

/// HMAC-SHA256 in lower hex.
pub(super) fn hex_hmac(key: &str, parts: &[&str]) -> String {
    let bytes = hmac(key, parts);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA256.
pub(super) fn hmac(key: &str, parts: &[&str]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    for part in parts {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

/// Every way of spoiling a signature over a body that must not be believed.
///
/// `signed` builds a request from a signature and a body.
pub(super) fn assert_forgeries_are_refused(
    provider: &dyn Provider,
    signature: &str,
    by_another_key: &str,
    body: &str,
    signed: impl Fn(Option<&str>, &str) -> Request,
) {
    assert_eq!(
        verdict(provider, &signed(Some(signature), body)),
        "believed"
    );
    assert_eq!(verdict(provider, &signed(None, body)), "signature_missing");
    for wrong in [by_another_key, &signature[..signature.len() - 4], ""] {
        let request = signed(Some(wrong), body);
        assert_eq!(verdict(provider, &request), "signature_invalid", "{wrong}");
    }
    for at in (0..body.len()).filter(|at| body.is_char_boundary(*at)) {
        let mut altered = body.to_owned();
        altered.insert(at, ' ');
        let request = signed(Some(signature), &altered);
        assert_eq!(
            verdict(provider, &request),
            "signature_invalid",
            "{altered}"
        );
    }
}

/// The recording that was brought, and whether more comes later.
pub(super) fn brought(fetched: Result<Fetched, Refusal>) -> (Recording, bool) {
    match fetched {
        Ok(Fetched::Brought {
            recording,
            more_later,
            ..
        }) => (*recording, more_later),
        other => panic!("nothing was brought: {other:?}"),
    }
}

/// A FIT file of nothing but a header is no activity; this GPX is the smallest that is one.
pub(super) const FILE: &str = r#"<gpx><trk><type>running</type><trkseg>
    <trkpt lat="1" lon="2"><time>2026-10-21T05:00:00Z</time></trkpt>
    <trkpt lat="1" lon="2.001"><time>2026-10-21T05:00:30Z</time></trkpt>
    </trkseg></trk></gpx>"#;

/// A server on this machine that answers each path as it is told, and 404 otherwise.
pub(super) struct Stub {
    base_url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Free;

impl Budget for Free {
    fn take(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(ready(Ok(())))
    }

    fn note<'a>(&'a self, _status: StatusCode, _headers: &'a HeaderMap) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// Each activity of a page: its id and when it began, or that it is gone.
pub(super) fn listed(page: &Page) -> Vec<(&str, String)> {
    let told = page.listed.iter().map(|listed| match listed {
        Listed::There {
            activity_id,
            started_at,
            ..
        } => (activity_id.as_str(), started_at.to_rfc3339()),
        Listed::Deleted { activity_id } => (activity_id.as_str(), "deleted".to_owned()),
    });
    told.collect()
}

/// What no provider's list says, and what none of it may make of a page but a refusal.
pub(super) const NO_LISTS: &[&str] = &[
    "",
    "null",
    "3",
    "{}",
    "{\"workouts\":7,\"events\":7,\"records\":7,\"payload\":7}",
    "[[[[",
];

/// Asserts that a list that is none is refused, and that one that is not there is empty.
pub(super) fn assert_no_list_is_read<S: Source>(source: fn(ApiSettings) -> S, path: &str) {
    for body in NO_LISTS {
        let page = Stub::serving(&[(path, 200, body)]).list(source, None);
        assert!(
            matches!(page, Err(Refusal::Unusable(_))),
            "{body}: {page:?}"
        );
    }
    let nothing = Stub::serving(&[(path, 204, "")]).list(source, None);
    assert_eq!(nothing.unwrap(), Page::default());
    let away = Stub::serving(&[(path, 503, "")]).list(source, None);
    assert!(matches!(away, Err(Refusal::Unavailable(_))));
}

impl Stub {
    /// Serves these answers: path without query, status, body; `{base}` in a body is its address.
    pub(super) fn serving(answers: &[(&str, u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let answers: HashMap<String, (u16, String)> = answers
            .iter()
            .map(|(path, status, body)| {
                let body = body.replace("{base}", &base_url);
                ((*path).to_owned(), (*status, body))
            })
            .collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                    head.extend(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.split(' ').nth(1).unwrap_or_default();
                let path = target.split('?').next().unwrap_or_default();
                let (status, body) = answers.get(path).map_or((404, ""), |(s, b)| (*s, b));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                heard.lock().unwrap().push(head);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { base_url, asked }
    }

    /// Asks a provider whose API is here for an activity that it announced in `delivery`.
    pub(super) fn fetch<S: Source>(
        &self,
        source: fn(ApiSettings) -> S,
        activity_id: &str,
        delivery: Option<&str>,
    ) -> Result<Fetched, Refusal> {
        let headers = Headers::new();
        let delivery = delivery.map(|body| body.replace("{base}", &self.base_url));
        let asked = Asked {
            account: "a-1",
            activity_id,
            delivery: delivery.as_ref().map(|body| Delivery {
                headers: &headers,
                body: body.as_bytes(),
            }),
        };
        self.ask(source, |source, api| block_on(source.fetch(api, asked)))
    }

    /// Asks a provider whose API is here for a page of what there is since 20 October 2026.
    pub(super) fn list<S: Source>(
        &self,
        source: fn(ApiSettings) -> S,
        next: Option<&str>,
    ) -> Result<Page, Refusal> {
        let looked = LookedFor {
            account: "a-1",
            since: "2026-10-20T00:00:00Z".parse().unwrap(),
            next,
        };
        self.ask(source, |source, api| {
            block_on(source.lists().unwrap().list(api, looked))
        })
    }

    fn ask<S: Source, T>(
        &self,
        source: fn(ApiSettings) -> S,
        ask: impl FnOnce(&S, &Api<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let source = source(ApiSettings {
            base_url: Some(self.base_url.clone()),
            subscription_key: Secret::new("k-1".to_owned()),
            ..ApiSettings::default()
        });
        let client = Client::new();
        let authorization = source.authorization(&Secret::new("t-1".to_owned()));
        let api = Api::new(&client, source.base_url(), authorization, &Free)?;
        ask(&source, &api)
    }

    /// The query of the last request, as it was sent.
    pub(super) fn last_query(&self) -> String {
        let head = self.asked().pop().unwrap();
        let target = head.split(' ').nth(1).unwrap_or_default();
        target.split_once('?').unwrap_or_default().1.to_owned()
    }

    /// The heads of the requests so far, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
