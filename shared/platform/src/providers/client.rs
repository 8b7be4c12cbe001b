//! HTTP over TLS to a provider, bounded in time and size, that follows no redirect: an answer that
//! points elsewhere could point inside our own network.

use super::api::Refusal;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use std::error::Error;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// The longest that one exchange may take, from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(8);
/// The largest answer that is read.
const LARGEST_ANSWER: usize = 20 * 1024 * 1024;
const AGENT: &str = concat!("paceline/", env!("CARGO_PKG_VERSION"));

/// Headers of a request.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// What an exchange ended with: the status, the headers and the whole body.
pub type Exchanged = (StatusCode, HeaderMap, Vec<u8>);

/// What all providers are asked with; it keeps connections for as long as it lives.
#[derive(Debug, Clone)]
pub struct Client(Hyper<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client with the authorities that it was built with, as PostgreSQL's has.
    pub fn new() -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Self(Hyper::builder(TokioExecutor::new()).build(connector))
    }

    /// Asks for a URL.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when there is no whole answer in time, [`Refusal::Unusable`] when it
    /// is too large.
    pub async fn get(&self, url: &Url, headers: Headers) -> Result<Exchanged, Refusal> {
        self.exchange(Method::GET, url, headers, Bytes::new()).await
    }

    /// Posts a form to a URL.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_form(
        &self,
        url: &Url,
        mut headers: Headers,
        form: &[(&str, &str)],
    ) -> Result<Exchanged, Refusal> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.push((header::CONTENT_TYPE, form));
        self.exchange(Method::POST, url, headers, body.into()).await
    }

    /// Sends any request.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: Headers,
        body: impl Into<Bytes>,
    ) -> Result<Exchanged, Refusal> {
        self.exchange(method, url, headers, body.into()).await
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        headers: Headers,
        body: Bytes,
    ) -> Result<Exchanged, Refusal> {
        let unusable = |_| Refusal::Unusable("a request to it cannot be made".to_owned());
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(header::USER_AGENT, AGENT)
            .body(Full::new(body))
            .map_err(unusable)?;
        request.headers_mut().extend(headers);
        let exchange = async {
            let response = self.0.request(request).await.map_err(|error| {
                // An error's own text may hold the address, and an address may hold a token.
                away(if error.is_connect() {
                    "it cannot be reached"
                } else {
                    "it hung up"
                })
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER);
            let body = body.collect().await.map_err(|error| broken(&*error))?;
            Ok((head.status, head.headers, body.to_bytes().to_vec()))
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "no transaction is open while a provider is asked"
        )]
        let exchanged = timeout(PATIENCE, exchange).await;
        exchanged.unwrap_or_else(|_| Err(away("it did not answer in time")))
    }
}

fn away(what: &str) -> Refusal {
    Refusal::Unavailable(what.to_owned())
}

/// Why a body could not be read to its end.
fn broken(error: &(dyn Error + Send + Sync + 'static)) -> Refusal {
    if error.is::<LengthLimitError>() {
        Refusal::Unusable("its answer is too large".to_owned())
    } else {
        away("its answer broke off")
    }
}
