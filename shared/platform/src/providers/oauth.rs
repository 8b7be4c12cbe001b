//! How athletes connect a provider by themselves, and how our access is given back.
//!
//! It is the authorization code grant of OAuth 2.0 (RFC 6749, section 4.1), with a challenge (RFC
//! 7636) where the provider documents one.
//!
//! What differs between providers is a table in each one's own file ([`OAuth`]).

use super::api::{Answer, Api, Budget, Refusal, classify};
use super::client::Client;
use super::source::{Source, Sources};
use super::tokens::{self, RefreshError, Tokens};
use super::{LONGEST_ID, names};
use crate::problem::Problem;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{BoxFuture, ready};
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

/// How long an athlete may take between the two halves of connecting.
pub const LIFE: Duration = Duration::from_secs(600);
/// Bytes of a state and of a verifier, of which RFC 7636 recommends 32.
const RANDOM_BYTES: usize = 32;

/// What a provider's documents say of connecting.
#[derive(Debug)]
pub struct OAuth {
    /// Where the athlete is sent.
    pub authorise_url: &'static str,
    /// Where a code becomes tokens; `None` where tokens are refreshed, too.
    pub exchange_url: Option<&'static str>,
    /// What has to be granted for everything to work, in the provider's words; empty where a
    /// provider has no words for it.
    pub scopes: &'static [&'static str],
    /// What stands between them.
    pub separator: &'static str,
    /// Whether the provider documents a challenge (S256).
    pub has_challenge: bool,
    /// How it says whose access it is.
    pub account: Whose,
    /// Where the athlete has to be registered before anything comes, below the API's address.
    pub registration: Option<&'static str>,
    /// How our access is given back.
    pub revocation: Revocation,
}

/// How a provider says whose access it is, as its webhooks name the account.
#[derive(Debug)]
pub enum Whose {
    /// Beside the tokens, at this JSON pointer.
    Told(&'static str),
    /// In this claim of the access token, which is a JWT.
    Claimed(&'static str),
    /// When asked at this path of the API, at this JSON pointer.
    Asked(&'static str, &'static str),
}

/// How our access is given back.
#[derive(Debug)]
pub enum Revocation {
    /// `DELETE` of this path of the API, in which `{account}` stands for the account.
    Deleted(&'static str),
    /// A form with the access token to this address beside the one for tokens.
    Posted(&'static str),
    /// A `GET` with our id of this address beside the one for tokens.
    Asked(&'static str),
}

/// A provider that athletes can connect by themselves.
pub struct Connectable<'a> {
    /// Its name as we write it.
    pub name: &'static str,
    source: &'a dyn Source,
    oauth: &'static OAuth,
}

/// What an athlete granted.
#[derive(Debug)]
pub struct Granted {
    /// The tokens.
    pub tokens: Tokens,
    /// The provider's own account of the athlete.
    pub account: String,
    /// What was granted, in the provider's words.
    pub scopes: Vec<String>,
}

/// A provider that was sent the athlete's code.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// What the athlete's browser brought.
    pub code: &'a Secret<String>,
    /// What the challenge was made of.
    pub verifier: Option<&'a Secret<String>>,
    /// What the athlete's browser says was granted; the provider's own answer comes first.
    pub scope: Option<&'a str>,
    /// Who the athlete is to us, where the provider wants to know.
    pub member: &'a str,
}

/// An unguessable text of 43 characters.
///
/// # Errors
/// 500 when the system has no randomness.
pub fn unguessable() -> Result<Secret<String>, Problem> {
    let mut bytes = [0; RANDOM_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Problem::internal("the system has no randomness"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a state.
pub fn hash(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}

/// What an athlete has to have granted of a provider for everything to work, and did not.
pub fn missing_scopes(sources: &Sources, provider: &str, granted: &[String]) -> Vec<&'static str> {
    let oauth = sources.find(provider).and_then(|(_, s)| s.oauth());
    let needed = oauth.map(|oauth| oauth.scopes).unwrap_or_default();
    let is_missing = |scope: &&&str| !granted.iter().any(|granted| granted == **scope);
    // Tokens that an operator brought in tell no scopes.
    let needed = if granted.is_empty() { &[] } else { needed };
    needed.iter().filter(is_missing).copied().collect()
}

impl<'a> Connectable<'a> {
    /// Finds one.
    ///
    /// # Errors
    /// 404 for a provider that there is not; 422 `no_oauth` for one that athletes cannot connect by
    /// themselves, and `connect_not_configured` when we are not registered there.
    pub fn find(sources: &'a Sources, name: &str) -> Result<Self, Problem> {
        if !names().any(|known| known == name) {
            return Err(Problem::not_found(
                "unknown_provider",
                "there is no such provider",
            ));
        }
        if !Sources::documents_oauth(name) {
            let detail = "this provider has no way to connect by oneself; an operator connects it \
                          with `paceline connect`";
            return Err(Problem::unprocessable("no_oauth", detail));
        }
        let found = sources.find(name).and_then(|(name, source)| {
            let settings = source.settings();
            let is_ready = !settings.client_id.is_empty() && settings.redirect_url.is_some();
            let oauth = source.oauth().filter(|_| is_ready)?;
            Some(Self {
                name,
                source,
                oauth,
            })
        });
        found.ok_or_else(|| {
            let detail = "this provider is not set up for connecting; an operator gives it a \
                          client_id and a redirect_url";
            Problem::unprocessable("connect_not_configured", detail)
        })
    }

    /// Whether it takes a challenge.
    pub fn has_challenge(&self) -> bool {
        self.oauth.has_challenge
    }

    fn redirect_url(&self) -> &str {
        let told = self.source.settings().redirect_url.as_deref();
        told.unwrap_or_default()
    }

    /// Where the athlete is sent.
    ///
    /// # Errors
    /// 500 when the settings have no URL for it.
    pub fn authorise_url(
        &self,
        state: &Secret<String>,
        verifier: Option<&Secret<String>>,
    ) -> Result<String, Problem> {
        let settings = self.source.settings();
        let told = settings.authorise_url.as_deref();
        let url = Url::parse(told.unwrap_or(self.oauth.authorise_url));
        let mut url = url.map_err(|_| Problem::internal("an authorise_url is not a URL"))?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", self.redirect_url())
            .append_pair("state", state.expose());
        if !self.oauth.scopes.is_empty() {
            query.append_pair("scope", &self.oauth.scopes.join(self.oauth.separator));
        }
        if let Some(verifier) = verifier {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
            query
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        drop(query);
        Ok(url.into())
    }

    /// Makes a code into tokens, and finds out whose they are. No transaction may be open.
    ///
    /// # Errors
    /// 422 `code_refused` when the provider does not take the code; 502 `provider_unavailable` when
    /// it does not answer, `provider_answer` when its answer cannot be used.
    pub async fn exchange(&self, client: &Client, code: Code<'_>) -> Result<Granted, Problem> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code.expose().as_str()),
            ("redirect_uri", self.redirect_url()),
        ];
        if let Some(verifier) = code.verifier {
            form.push(("code_verifier", verifier.expose()));
        }
        let url = self.exchange_url();
        let answer = tokens::ask_for_tokens(client, self.source, url.as_deref(), form).await;
        let answer = answer.map_err(|error| match error {
            RefreshError::Refused => {
                let detail = "the provider does not take this code; start again";
                Problem::unprocessable("code_refused", detail)
            }
            RefreshError::Passing(refusal) => refused(&refusal),
        })?;
        let unusable = |error: &serde_json::Error| refused(&Answer::unusable(error));
        let tokens = Tokens::read(&answer).map_err(|error| unusable(&error))?;
        let told: Value = serde_json::from_slice(&answer).map_err(|error| unusable(&error))?;

        let account = self.whose(client, &tokens.access, &told).await;
        let account = account.map_err(|refusal| refused(&refusal))?;
        self.register(client, &tokens.access, code.member)
            .await
            .map_err(|refusal| refused(&refusal))?;
        let scopes = told.get("scope").and_then(Value::as_str).or(code.scope);
        let scopes = match scopes.filter(|scopes| !scopes.is_empty()) {
            Some(scopes) => scopes
                .split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            // What is not told is what was asked for (RFC 6749, section 5.1).
            None => self.oauth.scopes.iter().map(ToString::to_string).collect(),
        };
        Ok(Granted {
            tokens,
            account,
            scopes,
        })
    }

    /// A setting says where all tokens come from; without it the documents do.
    fn exchange_url(&self) -> Option<String> {
        let told = self.source.settings().token_url.as_deref();
        let documented = self.oauth.exchange_url;
        let url = told.or(documented).or(self.source.token_url());
        url.map(str::to_owned)
    }

    /// Whose access a token is.
    async fn whose(
        &self,
        client: &Client,
        token: &Secret<String>,
        told: &Value,
    ) -> Result<String, Refusal> {
        let account = match self.oauth.account {
            Whose::Told(pointer) => told.pointer(pointer).and_then(account),
            Whose::Claimed(claim) => claimed(token.expose(), claim),
            Whose::Asked(path, pointer) => {
                let answer = ask(client, self.source, token, path).await?;
                answer.pointer(pointer).and_then(account)
            }
        };
        account.ok_or_else(|| Refusal::Unusable("it does not say whose access it is".to_owned()))
    }

    async fn register(
        &self,
        client: &Client,
        token: &Secret<String>,
        member: &str,
    ) -> Result<(), Refusal> {
        let Some(path) = self.oauth.registration else {
            return Ok(());
        };
        let url = at_the_api(self.source, path)?;
        let mut headers = bearer(self.source, token)?;
        let json_text = HeaderValue::from_static("application/json");
        headers.push((header::CONTENT_TYPE, json_text));
        let body = json!({ "member-id": member }).to_string();
        let (status, headers, _) = client.send(Method::POST, &url, headers, body).await?;
        classify(status, &headers)?;
        // Whoever connects again is registered already.
        if status.is_success() || status == StatusCode::CONFLICT {
            return Ok(());
        }
        let what = format!("a registration was answered {}", status.as_u16());
        Err(Refusal::Unusable(what))
    }

    /// Gives our access back, and refreshes the token first when it is not believed any more. No
    /// transaction may be open.
    ///
    /// # Errors
    /// [`Refusal`] when the provider did not say that the access is over.
    pub async fn revoke(
        &self,
        client: &Client,
        account: &str,
        access: &Secret<String>,
        refresh: Option<&Secret<String>>,
    ) -> Result<(), Refusal> {
        match (self.revoke_with(client, account, access).await, refresh) {
            (Err(Refusal::Unauthorized), Some(refresh)) => {
                match tokens::refresh(client, self.source, refresh).await {
                    Ok(tokens) => self.revoke_with(client, account, &tokens.access).await,
                    // It is over already.
                    Err(RefreshError::Refused) => Ok(()),
                    Err(RefreshError::Passing(refusal)) => Err(refusal),
                }
            }
            (outcome, _) => outcome,
        }
    }

    async fn revoke_with(
        &self,
        client: &Client,
        account: &str,
        token: &Secret<String>,
    ) -> Result<(), Refusal> {
        let headers = bearer(self.source, token)?;
        let (status, headers, _) = match self.oauth.revocation {
            Revocation::Deleted(path) => {
                let part: String =
                    url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
                let url = at_the_api(self.source, &path.replace("{account}", &part))?;
                client.send(Method::DELETE, &url, headers, "").await?
            }
            Revocation::Posted(path) => {
                let form = [("access_token", token.expose().as_str())];
                let url = self.beside_tokens(path)?;
                client.post_form(&url, headers, &form).await?
            }
            Revocation::Asked(path) => {
                let mut url = self.beside_tokens(path)?;
                let id = &self.source.settings().client_id;
                url.query_pairs_mut().append_pair("client_id", id);
                client.get(&url, headers).await?
            }
        };
        classify(status, &headers)?;
        if status.is_success() {
            return Ok(());
        }
        let what = format!("a revocation was answered {}", status.as_u16());
        Err(Refusal::Unusable(what))
    }

    fn beside_tokens(&self, path: &str) -> Result<Url, Refusal> {
        let url = self.exchange_url().and_then(|url| Url::parse(&url).ok());
        let url = url.and_then(|url| url.join(path).ok());
        url.ok_or_else(|| Refusal::Unusable("there is no address for tokens".to_owned()))
    }
}

/// Asks whose access it is, of a provider that tells when asked; `None` of one that does not.
///
/// # Errors
/// [`Refusal`]; everything but an answer that names somebody is one.
pub fn ask_whose<'a>(
    source: &'a dyn Source,
    api: &'a Api<'a>,
) -> Option<BoxFuture<'a, Result<(), Refusal>>> {
    let Whose::Asked(path, pointer) = source.oauth()?.account else {
        return None;
    };
    Some(Box::pin(async move {
        let answer = api.get(path, &[]).await?;
        let names_somebody = answer.status.is_success()
            && answer
                .json::<Value>()?
                .pointer(pointer)
                .is_some_and(|id| account(id).is_some());
        if names_somebody {
            return Ok(());
        }
        let what = "it does not say whose access it is".to_owned();
        Err(Refusal::Unusable(what))
    }))
}

/// Asks a path of the API for JSON. A connection is made too seldom to count against a budget.
async fn ask(
    client: &Client,
    source: &dyn Source,
    token: &Secret<String>,
    path: &str,
) -> Result<Value, Refusal> {
    let authorization = source.authorization(token);
    let api = Api::new(client, source.base_url(), authorization, &Uncounted)?;
    let answer = api.get(path, &[]).await?;
    if !answer.status.is_success() {
        let what = format!("it answered {}", answer.status.as_u16());
        return Err(Refusal::Unusable(what));
    }
    answer.json()
}

/// No budget: what is asked once for each connection.
struct Uncounted;

impl Budget for Uncounted {
    fn take(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(ready(Ok(())))
    }

    fn note<'a>(&'a self, _status: StatusCode, _headers: &'a HeaderMap) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }
}

fn at_the_api(source: &dyn Source, path: &str) -> Result<Url, Refusal> {
    let base = format!("{}/", source.base_url().trim_end_matches('/'));
    let url = Url::parse(&base).and_then(|base| base.join(path));
    url.map_err(|_| Refusal::Unusable("the base URL is not a URL".to_owned()))
}

fn bearer(source: &dyn Source, token: &Secret<String>) -> Result<super::client::Headers, Refusal> {
    let headers = source.authorization(token).into_iter();
    headers
        .map(|(name, value)| {
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| Refusal::Unusable("the token cannot be a header".to_owned()))?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect()
}

/// An account that can be stored; providers tell them as numbers or as text.
fn account(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let fits = !text.is_empty() && text.len() <= LONGEST_ID && !text.contains('\0');
    fits.then_some(text)
}

/// A claim of a JWT that came from the provider itself, over TLS; nobody else's is read.
fn claimed(token: &str, claim: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims = Claims::deserialize(&mut serde_json::Deserializer::from_slice(&payload)).ok()?;
    claims.0.get(claim).and_then(account)
}

#[derive(Deserialize)]
struct Claims(serde_json::Map<String, Value>);

/// What the athlete hears of a provider that did not answer.
fn refused(refusal: &Refusal) -> Problem {
    tracing::warn!(%refusal, "a provider could not be connected");
    match refusal {
        Refusal::RateLimited(_) | Refusal::Unavailable(_) => Problem::provider_unavailable(),
        Refusal::Unauthorized | Refusal::Unusable(_) => Problem::provider_answer(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_account_is_a_number_or_a_text_that_can_be_stored() {
        assert_eq!(account(&json!(4_455_667)).as_deref(), Some("4455667"));
        assert_eq!(account(&json!("runner42")).as_deref(), Some("runner42"));
        for wrong in [
            json!(""),
            json!(null),
            json!({}),
            json!("a".repeat(201)),
            json!("\u{0}"),
        ] {
            assert_eq!(account(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_claim_is_read_of_a_token_that_is_a_jwt_and_of_nothing_else() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"user":"runner42","exp":1}"#);
        let token = format!("e30.{payload}.c2ln");
        assert_eq!(claimed(&token, "user").as_deref(), Some("runner42"));
        assert_eq!(claimed(&token, "sub"), None);
        for wrong in ["", "a", "a.b", "a.!.c", "e30.W10.c2ln"] {
            assert_eq!(claimed(wrong, "user"), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_unguessable_is_long_and_never_the_same() {
        let (one, other) = (unguessable().unwrap(), unguessable().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
    }
}
