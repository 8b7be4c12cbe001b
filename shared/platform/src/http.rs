//! HTTP as a function sees it: limits first, then a request it can read, then JSON or a problem.

use crate::config::LIMITS;
use crate::problem::Problem;
use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::net::{IpAddr, Ipv6Addr};
use tracing::Instrument;

/// What a handler answers.
pub type Response = lambda_http::Response<Body>;

/// A request whose size has been checked.
#[derive(Debug)]
pub struct Request {
    inner: lambda_http::Request,
    correlation_id: String,
}

impl Request {
    #[cfg(test)]
    pub(crate) fn of(inner: lambda_http::Request) -> Self {
        Self {
            inner,
            correlation_id: String::new(),
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.inner.method()
    }

    /// The path's parts, without empty ones.
    pub fn segments(&self) -> Vec<&str> {
        self.inner
            .uri()
            .path()
            .split('/')
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// A header's text, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// A query parameter's first value.
    pub fn query(&self, name: &str) -> Option<String> {
        self.inner
            .query_string_parameters_ref()?
            .first(name)
            .map(str::to_owned)
    }

    /// Every value of a query parameter: a repeated one must not hide what another says.
    pub fn queries(&self, name: &str) -> Vec<&str> {
        let given = self.inner.query_string_parameters_ref();
        given.and_then(|given| given.all(name)).unwrap_or_default()
    }

    /// Where it comes from, as API Gateway saw it and no header says; of IPv6 the network, because
    /// whoever has one address of it has them all.
    pub fn source(&self) -> String {
        let context = self.inner.request_context_ref();
        let address = context.and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
            _ => None,
        });
        match address.and_then(|address| address.parse().ok()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => address.to_string(),
                None => {
                    let network = address.to_bits() >> 64 << 64;
                    format!("{}/64", Ipv6Addr::from_bits(network))
                }
            },
            None => "unknown".to_owned(),
        }
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        self.inner.body()
    }

    /// The id that follows this request through logs and doorbells.
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 400 `malformed` when it is not JSON at all; 422 `invalid` when a value in it is wrong.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let read = parse_json(self.body())?;
        // A list would be taken for the fields of an object, in their order.
        if self.body().trim_ascii_start().starts_with(b"[") {
            let detail = "the body is a list, and not an object";
            return Err(Problem::unprocessable("invalid", detail));
        }
        Ok(read)
    }

    /// An id in the path.
    ///
    /// # Errors
    /// 404 `not_found`: what is no id names nothing.
    pub fn id<T: std::str::FromStr>(&self, text: &str) -> Result<T, Problem> {
        text.parse()
            .map_err(|_| Problem::not_found("not_found", "there is no such thing"))
    }
}

/// Reads JSON into a type that says what is allowed.
///
/// # Errors
/// 400 `malformed` when it is not JSON at all; 422 `invalid` when a value in it is wrong.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            Problem::unprocessable("invalid", error.to_string())
        } else {
            Problem::malformed("malformed", format!("the body is not JSON: {error}"))
        }
    })
}

/// The fields of a thing after a merge patch (RFC 7396) of one level: `null` takes a field away.
///
/// # Errors
/// 500 when the thing is no object.
pub fn patched(
    before: &impl Serialize,
    patch: Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(before) else {
        return Err(Problem::internal("what is patched is no object"));
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    Ok(fields)
}

/// Answers with JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).unwrap_or_default();
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// Answers with a file that a browser saves under a name without quotes.
pub fn file(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::Binary(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// Answers with nothing but a status.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// What answers the requests of one function.
pub trait Handler: Sync {
    /// Answers one request.
    ///
    /// # Errors
    /// A [`Problem`] is an answer too.
    fn handle(&self, request: &Request) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// Answers Lambda's HTTP events until the sandbox ends.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve(handler: impl Handler) -> Result<(), crate::Error> {
    let handler = &handler;
    // Boxed, because the type of everything that may be awaited below is deeper than rustc goes.
    let work = move |event: lambda_http::Request| -> BoxFuture<'_, _> {
        let correlation_id = event.lambda_context_ref().map_or_else(
            || uuid::Uuid::now_v7().to_string(),
            |context| context.request_id.clone(),
        );
        let span = tracing::info_span!("request", correlation_id);
        Box::pin(async move {
            Ok::<_, crate::Error>(
                answer(handler, event, correlation_id)
                    .instrument(span)
                    .await,
            )
        })
    };
    lambda_http::run(service_fn(work)).await
}

async fn answer(
    handler: &impl Handler,
    event: lambda_http::Request,
    correlation_id: String,
) -> Response {
    let method = event.method().clone();
    let path = loggable(event.uri().path());
    let outcome = if event.body().len() > LIMITS.body_bytes {
        Err(Problem::too_large(format!(
            "the body is larger than {} bytes",
            LIMITS.body_bytes
        )))
    } else {
        let request = Request {
            inner: event,
            correlation_id: correlation_id.clone(),
        };
        handler.handle(&request).await
    };
    let code = outcome.as_ref().err().map(Problem::code);
    let response = outcome.unwrap_or_else(|problem| problem.into_response(&correlation_id));
    tracing::info!(%method, path, status = response.status().as_u16(), code, "answered");
    response
}

/// A path without what follows a provider's name, because that may be a secret.
fn loggable(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next()) {
        (Some("webhooks"), Some(provider), Some(_)) => format!("/webhooks/{provider}/***"),
        _ => path.to_owned(),
    }
}

/// Refuses a query parameter that a handler does not know, so that a typo is not ignored.
///
/// # Errors
/// 400 `unknown_parameter`.
pub fn only_parameters(request: &Request, known: &[&str]) -> Result<(), Problem> {
    let given = request.inner.query_string_parameters_ref();
    let unknown = given.and_then(|given| {
        given
            .iter()
            .map(|(name, _)| name)
            .find(|name| !known.contains(name))
    });
    match unknown {
        Some(name) => Err(Problem::malformed(
            "unknown_parameter",
            format!("there is no parameter {name}; known: {}", known.join(", ")),
        )),
        None => Ok(()),
    }
}

/// A date among the query parameters; `None` where it is not given.
///
/// # Errors
/// 400 `bad_date`.
pub fn date(request: &Request, name: &str) -> Result<Option<NaiveDate>, Problem> {
    let text = request.query(name);
    text.map(|text| text.parse()).transpose().map_err(|_| {
        let detail = format!("{name} must be a date such as 2026-11-21");
        Problem::malformed("bad_date", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_not_taken_for_an_object_with_its_fields_in_order() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only whether it can be read matters")]
        struct Wanted {
            since: String,
        }
        for (body, is_read) in [(r#"{"since": "x"}"#, true), (" [\"x\"]", false)] {
            let inner = lambda_http::Request::new(Body::Text(body.to_owned()));
            let read = Request::of(inner).json::<Wanted>();
            assert_eq!(read.is_ok(), is_read, "{body}: {read:?}");
        }
    }

    #[test]
    fn a_secret_in_a_webhooks_path_is_not_logged() {
        assert_eq!(loggable("/webhooks/strava/canary"), "/webhooks/strava/***");
        assert_eq!(loggable("/webhooks//strava/a/b"), "/webhooks/strava/***");
        assert_eq!(loggable("/webhooks/paceline"), "/webhooks/paceline");
        assert_eq!(loggable("/workouts/1/status"), "/workouts/1/status");
    }
}
