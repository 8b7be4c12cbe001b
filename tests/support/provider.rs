//! A provider's API for tests: it answers what it was told to, and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use local::net::{Server, bind, serve};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    is_endless: bool,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(body: &Value) -> Self {
        Self::status(200).with_body(body.to_string())
    }

    /// A status and nothing else.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            is_endless: false,
        }
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, with a body that never ends and never brings a byte.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.is_endless = true;
        self
    }
}

/// One question.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method and path, `GET /api/…`.
    pub what: String,
    /// The query.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

type Answer = Box<dyn Fn(&Call) -> Reply + Send>;

#[derive(Default)]
struct Script {
    next: BTreeMap<String, VecDeque<Reply>>,
    always: BTreeMap<String, Answer>,
    calls: Vec<Call>,
}

/// A provider that listens on the loopback interface.
pub struct Provider {
    server: Server,
    script: Arc<Mutex<Script>>,
}

impl Provider {
    /// Starts one that knows nothing: everything is answered 404.
    pub async fn start() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        let (listener, address) = bind(0).await.expect("a port");
        Self {
            server: serve(listener, address, router),
            script,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Answers this from now on, whenever nothing else is due.
    pub fn always(&self, what: &str, reply: Reply) {
        self.answers(what, move |_| reply.clone());
    }

    /// Answers what a function makes of the question from now on, whenever nothing else is due.
    pub fn answers(&self, what: &str, answer: impl Fn(&Call) -> Reply + Send + 'static) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.always.insert(what.to_owned(), Box::new(answer));
    }

    /// Answers this once, after what was said before.
    pub fn next(&self, what: &str, reply: Reply) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let next = script.next.entry(what.to_owned()).or_default();
        next.push_back(reply);
    }

    /// What it was asked, in order.
    pub fn calls(&self) -> Vec<Call> {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.calls.clone()
    }

    /// How often it was asked this.
    pub fn count(&self, what: &str) -> usize {
        self.calls().iter().filter(|call| call.what == what).count()
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let call = Call {
        what: format!("{method} {}", uri.path()),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let reply = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.calls.push(call.clone());
        let next = script
            .next
            .get_mut(&call.what)
            .and_then(VecDeque::pop_front);
        let always = || script.always.get(&call.what).map(|answer| answer(&call));
        next.or_else(always).unwrap_or(Reply::status(404))
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let body = if reply.is_endless {
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())
    } else {
        Body::from(reply.body)
    };
    response.body(body).expect("an answer")
}
