//! Every route of users, asked with every kind of bad token.

use crate::people::{Gate, Person, rows};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use local::cloud::Start;
use serde_json::{Value, json};
use support::routes::Contract;
use support::world;
use support::world::{Other, World};

/// Who can sign whatever it likes, with the issuer's own key and with another.
struct Forger {
    key: EncodingKey,
    other: EncodingKey,
    header: Header,
    claims: Value,
    now: i64,
}

/// RFC 8410, section 7: PKCS #8 of an Ed25519 key is this prefix and the seed.
fn key(seed: &[u8]) -> EncodingKey {
    let prefix = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    EncodingKey::from_ed_der(&[&prefix, seed].concat())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

impl Forger {
    fn of(world: &World) -> Self {
        let identity = std::fs::read(world.folder().join("identity.json")).unwrap();
        let identity: Value = serde_json::from_slice(&identity).unwrap();
        let seed = STANDARD
            .decode(identity["signing_seed"].as_str().unwrap())
            .unwrap();
        let token = &world.endpoint().token;
        let parts: Vec<&str> = token.split('.').collect();
        let now = chrono::DateTime::<chrono::Utc>::from(support::world::now()).timestamp();
        Self {
            key: key(&seed),
            other: key(&[7; 32]),
            header: serde_json::from_value(decoded(parts[0])).unwrap(),
            claims: decoded(parts[1]),
            now,
        }
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&self.header, claims, &self.key).unwrap()
    }

    /// The good token with one claim that is another.
    fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[claim] = value;
        self.sign(&claims)
    }

    fn without(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        self.sign(&claims)
    }

    /// The good claims under another header, signed by nobody.
    fn under(&self, header: &Value, signature: &str) -> String {
        format!("{}.{}.{signature}", encoded(header), encoded(&self.claims))
    }

    /// Each kind of bad `Authorization`, and the code that it has.
    fn bad(
        &self,
        world: &World,
        deactivated: &str,
    ) -> Vec<(&'static str, Vec<String>, &'static str)> {
        let good = self.sign(&self.claims);
        let parts: Vec<&str> = good.split('.').collect();
        let public = world.identity().issuer().unwrap().settings().unwrap().jwks;
        let kid = self.header.kid.clone();
        let shared = Header {
            kid: kid.clone(),
            ..Header::new(Algorithm::HS256)
        };
        let by_public_key = EncodingKey::from_secret(public.as_bytes());
        let unknown = Header {
            kid: Some("../../../dev/null".to_owned()),
            ..self.header.clone()
        };
        let mut promoted = self.claims.clone();
        promoted["role"] = json!("super_admin");
        let bearer = |token: String| vec![format!("Bearer {token}")];
        let (missing, malformed, invalid, incomplete) = (
            "token_missing",
            "token_malformed",
            "token_invalid",
            "token_incomplete",
        );
        vec![
            ("no header at all", vec![], missing),
            ("an empty one", vec![String::new()], missing),
            ("the scheme alone", vec!["Bearer".to_owned()], missing),
            (
                "a name and a password",
                vec!["Basic dXNlcjpwYXNzd29yZA==".to_owned()],
                missing,
            ),
            ("a token without a scheme", vec![good.clone()], missing),
            (
                "two headers, both good",
                vec![format!("Bearer {good}"); 2],
                malformed,
            ),
            ("three dots", bearer("...".to_owned()), malformed),
            ("no JSON in it", bearer("x.y.z".to_owned()), malformed),
            ("9 KiB", bearer("x".repeat(9 * 1024)), malformed),
            ("the public keys", bearer(public.clone()), malformed),
            (
                "a webhook's secret",
                bearer(world.endpoint().webhook_secret.clone()),
                malformed,
            ),
            (
                "half of a token",
                bearer(format!("{}.{}", parts[0], parts[1])),
                malformed,
            ),
            (
                "expired",
                bearer(self.with("exp", json!(self.now - 3600))),
                "token_expired",
            ),
            (
                "not valid yet",
                bearer(self.with("nbf", json!(self.now + 3600))),
                invalid,
            ),
            (
                "of another issuer",
                bearer(self.with("iss", json!("https://other.test"))),
                "token_foreign",
            ),
            (
                "for another audience",
                bearer(self.with("aud", json!("other"))),
                "token_foreign",
            ),
            (
                "signed with another key",
                bearer(jsonwebtoken::encode(&self.header, &self.claims, &self.other).unwrap()),
                invalid,
            ),
            (
                "signed for other claims",
                bearer(format!("{}.{}.{}", parts[0], encoded(&promoted), parts[2])),
                invalid,
            ),
            (
                "not signed",
                bearer(format!("{}.{}.", parts[0], parts[1])),
                invalid,
            ),
            (
                "alg none",
                bearer(self.under(&json!({"alg": "none", "kid": kid}), "")),
                malformed,
            ),
            (
                "alg of the public key as a secret",
                bearer(jsonwebtoken::encode(&shared, &self.claims, &by_public_key).unwrap()),
                invalid,
            ),
            (
                "alg of another curve",
                bearer(self.under(&json!({"alg": "ES256", "kid": kid}), parts[2])),
                invalid,
            ),
            (
                "a key that is not known",
                bearer(jsonwebtoken::encode(&unknown, &self.claims, &self.key).unwrap()),
                invalid,
            ),
            ("no sub", bearer(self.without("sub")), incomplete),
            ("no role", bearer(self.without("role")), incomplete),
            ("no exp", bearer(self.without("exp")), incomplete),
            ("no iss", bearer(self.without("iss")), incomplete),
            ("no aud", bearer(self.without("aud")), incomplete),
            (
                "an empty role",
                bearer(self.with("role", json!(""))),
                incomplete,
            ),
            (
                "a role that is no text",
                bearer(self.with("role", json!(["athlete"]))),
                incomplete,
            ),
            (
                "a sub that is no id",
                bearer(self.with("sub", json!("1 OR 1=1"))),
                incomplete,
            ),
            (
                "an empty sub",
                bearer(self.with("sub", json!(""))),
                incomplete,
            ),
            (
                "an exp that is no time",
                bearer(self.with("exp", json!("never"))),
                incomplete,
            ),
            (
                "an unknown purpose",
                bearer(self.with("purpose", json!("anything"))),
                incomplete,
            ),
            (
                "of nobody",
                bearer(self.with("sub", json!(uuid::Uuid::from_u128(1)))),
                "user_unknown",
            ),
            (
                "of a user who is gone",
                bearer(self.with("sub", json!(deactivated))),
                "user_unknown",
            ),
        ]
    }
}

/// a route that is new is in it, because the routes come from the contract.
#[tokio::test]
async fn every_route_of_users_refuses_every_bad_token_by_its_code_and_writes_nothing() {
    let contract = Contract::read();
    let world = world!(Start::Paused);
    let somebody = Person::join(&world, "somebody").await;
    let gone = Other::join(&world, "gone").await;
    sqlx::query("UPDATE users SET deactivated_at = now() WHERE id = $1")
        .bind(gone.user().0)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    let gate = Gate::of(&world);
    let bad = Forger::of(&world).bad(&world, &gone.user().to_string());
    let mut requests = Vec::new();
    for operation in contract.of_users() {
        let path = somebody.path(operation) + &somebody.query(&world, operation).await;
        requests.push((operation, path, somebody.body(&contract, operation)));
    }
    let before = rows(&world, None).await;

    for (kind, authorization, code) in &bad {
        let authorization: Vec<&str> = authorization.iter().map(String::as_str).collect();
        for (operation, path, body) in &requests {
            let heard = gate
                .ask(&operation.method, path, &authorization, body.as_ref())
                .await;
            let refused = (heard.status, heard.code.as_str());
            assert_eq!(refused, (401, *code), "{kind}: {operation}: {heard:?}");
            let headers = heard.whole.to_lowercase();
            for header in [
                "www-authenticate",
                "x-correlation-id",
                "application/problem+json",
            ] {
                assert!(headers.contains(header), "{kind}: {operation}: {heard:?}");
            }
        }
        eprintln!(
            "{kind:<40} 401 {code:<17} on {} of {0} routes",
            requests.len()
        );
    }
    eprintln!(
        "{} kinds × {} routes, all 401, nothing written",
        bad.len(),
        requests.len()
    );
    assert_eq!(rows(&world, None).await, before);
    world.stop().await;
}
