use super::keys::Published;
use super::*;
use crate::clock::unix_seconds;
use crate::config::{AuthSettings, Subjects};
use crate::secret::Secret;
use domain::id::UserId;
use domain::purpose::Purpose;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(7));
const HOUR: Duration = Duration::from_secs(3600);

fn seed(seed: u8) -> Secret<[u8; 32]> {
    Secret::new([seed; 32])
}

fn issuer(number: u8) -> TokenIssuer {
    TokenIssuer::new(&seed(number), "https://issuer.test", "paceline").unwrap()
}

fn verifier() -> TokenVerifier {
    TokenVerifier::new(&issuer(1).settings().unwrap()).unwrap()
}

/// One that believes another issuer's subjects.
fn external() -> TokenVerifier {
    let settings = AuthSettings {
        subjects: Subjects::External,
        ..issuer(1).settings().unwrap()
    };
    TokenVerifier::new(&settings).unwrap()
}

async fn code(token: &str) -> &'static str {
    verifier().verify(token).await.unwrap_err().code()
}

fn signed(header: &Header, claims: &Value) -> String {
    encode(header, claims, issuer(1).signing_key()).unwrap()
}

fn issued(number: u8) -> String {
    let issued = issuer(number).issue(USER, "athlete", Purpose::Display, HOUR);
    issued.unwrap()
}

fn claims() -> Value {
    json!({
        "sub": USER, "iss": "https://issuer.test", "aud": "paceline", "role": "athlete",
        "exp": unix_seconds() + 3600,
    })
}

fn header() -> Header {
    Header {
        kid: Some(issuer(1).key_id()),
        ..Header::new(Algorithm::EdDSA)
    }
}

#[tokio::test]
async fn a_token_of_our_issuer_names_its_user() {
    for purpose in [Purpose::Display, Purpose::Ai] {
        let token = issuer(1).issue(USER, "athlete", purpose, HOUR).unwrap();
        let bearer = Bearer {
            subject: Subject::User(USER),
            purpose,
        };
        assert_eq!(verifier().verify(&token).await.unwrap(), bearer);
    }
}

/// A-01
#[test]
fn an_issued_token_has_every_claim_and_no_two_are_the_same() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = |token: &str| -> Value {
        let body = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
    };
    let (one, other) = (claims(&issued(1)), claims(&issued(1)));

    assert_eq!(one["sub"], json!(USER));
    assert_eq!(one["iss"], "https://issuer.test");
    assert_eq!(one["aud"], "paceline");
    assert_eq!(one["role"], "athlete");
    let life = one["exp"].as_i64().unwrap() - one["iat"].as_i64().unwrap();
    assert_eq!(life, 3600);
    assert_ne!(one["jti"], other["jti"]);
}

#[tokio::test]
async fn a_token_without_a_purpose_is_for_display_and_one_of_an_unknown_purpose_is_refused() {
    let mut claims = claims();
    let bearer = verifier().verify(&signed(&header(), &claims)).await;
    assert_eq!(bearer.unwrap().purpose, Purpose::Display);

    for unknown in ["AI".into(), "".into(), json!(["ai"])] {
        claims["purpose"] = unknown;
        assert_eq!(code(&signed(&header(), &claims)).await, "token_incomplete");
    }
}

/// A-02
#[tokio::test]
async fn each_required_claim_is_required() {
    for claim in ["sub", "iss", "aud", "exp", "role"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        let code = code(&signed(&header(), &claims)).await;
        assert_eq!(code, "token_incomplete", "without {claim}");
    }
}

/// A-02
#[tokio::test]
async fn each_kind_of_bad_token_has_its_code() {
    let with = |claim: &str, value: Value| {
        let mut claims = claims();
        claims[claim] = value;
        signed(&header(), &claims)
    };
    let past = json!(unix_seconds() - 3600);
    let coming = json!(unix_seconds() + 3600);
    for (token, expected) in [
        (String::new(), "token_malformed"),
        ("a.b.c".to_owned(), "token_malformed"),
        ("x".repeat(64 * 1024), "token_malformed"),
        (with("exp", past), "token_expired"),
        (with("iss", "https://other.test".into()), "token_foreign"),
        (with("aud", "other".into()), "token_foreign"),
        (with("nbf", coming), "token_invalid"),
        (with("sub", "".into()), "token_incomplete"),
        (with("sub", "undefined".into()), "token_incomplete"),
        (with("role", "".into()), "token_incomplete"),
        (issued(2), "token_invalid"),
    ] {
        assert_eq!(code(&token).await, expected, "{token:.60}");
    }
}

/// A-02
#[tokio::test]
async fn a_key_is_found_by_its_name_and_nothing_in_a_header_brings_another() {
    let mut names = ["../../key", "' OR 1=1 --", "", "https://evil.test/jwks"]
        .map(|name| Some(name.to_owned()))
        .to_vec();
    names.push(Some("k".repeat(4000)));
    for kid in names {
        let unknown = Header { kid, ..header() };
        assert_eq!(code(&signed(&unknown, &claims())).await, "token_invalid");
    }
    // A key that comes with the token, or an address of one, is not asked for.
    let mut own = header();
    own.jwk = issuer(2).jwks().keys.first().cloned();
    own.jku = Some("https://evil.test/jwks".to_owned());
    let theirs = issuer(2);
    let forged = encode(&own, &claims(), theirs.signing_key()).unwrap();
    assert_eq!(code(&forged).await, "token_invalid");
}

/// A-02
#[tokio::test]
async fn the_public_key_cannot_be_used_as_a_shared_secret_and_none_is_no_algorithm() {
    let public = issuer(1).settings().unwrap().jwks;
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let hs = Header {
            kid: Some(issuer(1).key_id()),
            ..Header::new(algorithm)
        };
        let key = EncodingKey::from_secret(public.as_bytes());
        let forged = encode(&hs, &claims(), &key).unwrap();
        assert_eq!(code(&forged).await, "token_invalid");
    }

    let token = issued(1);
    let body = token.split('.').nth(1).unwrap();
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{body}.");
    assert_eq!(code(&none).await, "token_malformed");
}

#[tokio::test]
async fn a_subject_of_another_issuer_is_whatever_it_calls_somebody() {
    for name in ["auth0|5f7c8ec7", "eu-west-1:8a6c", &USER.to_string(), "ü 1"] {
        let mut claims = claims();
        claims["sub"] = name.into();
        // Ours are the only roles that count, so that theirs may be missing.
        claims.as_object_mut().unwrap().remove("role");
        let bearer = external().verify(&signed(&header(), &claims)).await;
        let subject = Subject::External(name.to_owned());
        assert_eq!(bearer.unwrap().subject, subject);
    }
    for name in [String::new(), "x".repeat(256), "a\0b".to_owned()] {
        let mut claims = claims();
        claims["sub"] = name.into();
        let refused = external().verify(&signed(&header(), &claims)).await;
        assert_eq!(refused.unwrap_err().code(), "token_incomplete");
    }
}

#[tokio::test]
async fn a_key_is_changed_by_putting_another_in_front() {
    let before = issued(1);
    let both = issuer(2).with_older(&[seed(1)]).unwrap();
    let believer = TokenVerifier::new(&both.settings().unwrap()).unwrap();
    let after = both.issue(USER, "athlete", Purpose::Display, HOUR).unwrap();

    assert!(believer.verify(&before).await.is_ok());
    assert!(believer.verify(&after).await.is_ok());
    assert_eq!(code(&after).await, "token_invalid");
    let gone = TokenVerifier::new(&issuer(2).settings().unwrap()).unwrap();
    assert!(gone.verify(&after).await.is_ok());
    let refused = gone.verify(&before).await.unwrap_err();
    assert_eq!(refused.code(), "token_invalid");
}

/// An issuer that publishes what it is told to, and counts how often it is asked.
async fn publisher(answers: Vec<String>) -> (url::Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await.unwrap();
            let number = count.fetch_add(1, Ordering::SeqCst);
            let body = &answers[number.min(answers.len() - 1)];
            let status = if body.is_empty() { "500 Oh" } else { "200 OK" };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url.parse().unwrap(), asked)
}

fn published(numbers: &[u8]) -> String {
    let keys: Vec<Value> = numbers
        .iter()
        .flat_map(|number| issuer(*number).jwks().keys)
        .map(|key| serde_json::to_value(key).unwrap())
        // What is no key for us is passed over.
        .chain([json!({"kty": "oct", "k": "AA", "alg": "HS256"}), json!(1)])
        .collect();
    json!({ "keys": keys }).to_string()
}

#[tokio::test]
async fn published_keys_are_asked_for_once_and_again_for_a_key_that_is_new() {
    let (url, asked) = publisher(vec![published(&[1]), published(&[2, 1])]).await;
    let keys = Published::at(url);
    let has = async |number: u8| {
        let id = issuer(number).key_id();
        let keys = keys.with(Some(&id)).await.unwrap();
        keys.iter().any(|key| key.id.as_ref() == Some(&id))
    };

    // Whoever comes while it is asked waits for the same answer.
    let all = futures_util::future::join_all((0..8).map(|_| has(1))).await;
    assert_eq!(all, [true; 8]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    // A key that nobody has is asked for once a minute, however often it is named.
    for _ in 0..5 {
        assert!(!has(2).await);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    keys.let_pass(Duration::from_secs(61)).await;
    assert!(has(2).await);
    assert!(!has(3).await);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn keys_that_are_known_are_believed_while_their_issuer_is_away() {
    let (url, asked) = publisher(vec![published(&[1]), String::new()]).await;
    let keys = Published::at(url);
    let id = issuer(1).key_id();

    assert_eq!(keys.with(Some(&id)).await.unwrap().len(), 1);
    keys.let_pass(Duration::from_secs(16 * 60)).await;
    assert_eq!(keys.with(Some(&id)).await.unwrap().len(), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_any_key_the_answer_is_to_come_again() {
    for wrong in [
        String::new(),
        "no set".to_owned(),
        published(&[]),
        format!("{{\"keys\": [\"{}\"]}}", "x".repeat(65 * 1024)),
    ] {
        let (url, _) = publisher(vec![wrong]).await;
        let Err(problem) = Published::at(url).with(None).await else {
            panic!("there is no key")
        };
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (503, "unavailable")
        );
    }
}

#[test]
fn keys_are_given_or_published_over_tls() {
    let settings = |jwks: &str| AuthSettings {
        jwks: jwks.to_owned(),
        ..issuer(1).settings().unwrap()
    };
    for good in [
        "https://issuer.test/.well-known/jwks.json",
        "http://127.0.0.1:1/jwks",
    ] {
        assert!(TokenVerifier::new(&settings(good)).is_ok(), "{good}");
    }
    for bad in [
        "",
        "http://issuer.test/jwks",
        "file:///etc/keys",
        "{}",
        r#"{"keys": []}"#,
        r#"{"keys": [{"kty": "oct", "k": "AA", "alg": "HS256"}]}"#,
    ] {
        assert!(TokenVerifier::new(&settings(bad)).is_err(), "{bad}");
    }
}
