//! Whose tokens are believed: ours, by keys that change, or another issuer's.

use crate::people::{self, PASSWORD, Visitor, entries};
use domain::id::UserId;
use domain::purpose::Purpose;
use local::cloud::Start;
use platform::auth::{Bearer, Subject, TokenIssuer, TokenVerifier};
use platform::config::{AuthSettings, Subjects};
use platform::secret::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use support::database::Database;
use support::provider::{Provider, Reply};
use support::world;
use support::world::World;
use uuid::Uuid;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_paceline-under-test");
const ISSUER: &str = "https://issuer.test";
const KEYS: &str = "GET /jwks.json";
const HOUR: Duration = Duration::from_secs(3600);

/// An issuer with these keys, the first of which signs.
fn issuer(seeds: &[u8]) -> TokenIssuer {
    let seeds: Vec<_> = seeds.iter().map(|seed| Secret::new([*seed; 32])).collect();
    let issuer = TokenIssuer::new(&seeds[0], ISSUER, "paceline").unwrap();
    issuer.with_older(&seeds[1..]).unwrap()
}

fn token(seed: u8, user: &str) -> String {
    let user = UserId(user.parse().unwrap());
    let issued = issuer(&[seed]).issue(user, "athlete", Purpose::Display, HOUR);
    issued.unwrap()
}

fn publish(publisher: &Provider, seeds: &[u8]) {
    let keys = serde_json::to_value(issuer(seeds).jwks()).unwrap();
    publisher.always(KEYS, Reply::json(&keys));
}

/// One that believes whoever publishes keys there.
async fn believing(publisher: &Provider, subjects: &str) -> World {
    let parameters = [("AuthSubjects", subjects.to_owned())];
    believing_with(publisher, parameters).await
}

async fn believing_with<const N: usize>(
    publisher: &Provider,
    others: [(&str, String); N],
) -> World {
    let database = Database::migrated(EXECUTABLE).await;
    let parameters = [
        ("AuthIssuer", ISSUER.to_owned()),
        ("AuthJwks", format!("{}/jwks.json", publisher.url())),
    ];
    let parameters = parameters.into_iter().chain(others);
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
    World::start_on(EXECUTABLE, Start::Paused, database, parameters.collect()).await
}

/// Registers with a token of another issuer.
async fn join(visitor: &Visitor, token: &str, name: &str) -> people::Reply {
    let body = json!({ "display_name": name });
    let asked = visitor.ask(Method::POST, "/users", Some(token), Some(&body));
    asked.await
}

/// whoever reads our keys where we publish them believes our tokens, and nobody else's.
#[tokio::test]
async fn the_published_keys_are_those_that_our_tokens_are_signed_by() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    let keys = visitor.ask(Method::GET, "/.well-known/jwks.json", None, None);
    let keys = keys.await.body;

    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert_eq!(
        keys["keys"][0].get("d"),
        None,
        "the private half stays here"
    );
    let settings = AuthSettings {
        issuer: "https://paceline.localhost".to_owned(),
        audience: "paceline".to_owned(),
        jwks: keys.to_string(),
        subjects: Subjects::Users,
    };
    let verifier = TokenVerifier::new(&settings).unwrap();
    let user = tokens.body["user"]["user_id"].as_str().unwrap();
    let bearer = Bearer {
        subject: Subject::User(user.parse().unwrap()),
        purpose: Purpose::Display,
    };
    let access = tokens.text("access_token");
    assert_eq!(verifier.verify(&access).await.unwrap(), bearer);
    let foreign = verifier.verify(&token(9, user)).await.unwrap_err();
    assert_eq!(foreign.code(), "token_invalid");
    world.stop().await;
}

/// Each function asks for itself, so that one that begins later sees what is published then.
#[tokio::test]
async fn a_key_is_rotated_without_a_token_being_refused_before_its_end() {
    let publisher = Provider::start().await;
    publish(&publisher, &[1]);
    let world = believing(&publisher, "users").await;
    let visitor = Visitor::new(&world);
    let user = world.endpoint().user_id.clone();
    let (old, new) = (token(1, &user), token(2, &user));

    // Only the old key is published: the new one is refused, and asking again is not worth it yet.
    assert_eq!(visitor.get("/workouts", &old).await.status, 200);
    for _ in 0..3 {
        let early = visitor.get("/workouts", &new).await;
        assert_eq!(early.outcome(), (401, "token_invalid"));
    }
    assert_eq!(publisher.count(KEYS), 1);

    // Both are published: tokens of both are believed.
    publish(&publisher, &[2, 1]);
    assert_eq!(visitor.get("/athlete", &new).await.status, 200);
    assert_eq!(visitor.get("/athlete", &old).await.status, 200);
    assert_eq!(publisher.count(KEYS), 2);

    // The old one is gone, and its tokens with it.
    publish(&publisher, &[2]);
    assert_eq!(visitor.get("/connections", &new).await.status, 200);
    let late = visitor.get("/connections", &old).await;
    assert_eq!(late.outcome(), (401, "token_invalid"));
    world.stop().await;
}

#[tokio::test]
async fn while_an_issuer_is_away_a_function_that_knows_no_key_says_come_again() {
    let publisher = Provider::start().await;
    publisher.always(KEYS, Reply::status(500));
    let world = believing(&publisher, "users").await;
    let visitor = Visitor::new(&world);
    let user = world.endpoint().user_id.clone();

    let away = visitor.get("/workouts", &token(1, &user)).await;
    assert_eq!(away.outcome(), (503, "unavailable"));
    assert_eq!(away.retry_after, Some(1));
    // Health and webhooks need no keys.
    let health = visitor.ask(Method::GET, "/health", None, None).await;
    assert_eq!(health.status, 200);
    assert_eq!(world.deliver(&world.run("a", 600)).await.status, 200);
    world.stop().await;
}

/// Tokens of another issuer call people as they like.
#[tokio::test]
async fn a_subject_of_another_issuer_is_one_user_once_they_registered() {
    let publisher = Provider::start().await;
    publish(&publisher, &[1]);
    let world = believing(&publisher, "external").await;
    let visitor = Visitor::new(&world);
    // Their `sub` looks like an id, and is none of ours.
    let ada = token(1, &Uuid::from_u128(1).to_string());
    let eve = token(1, &world.endpoint().user_id);

    for path in ["/workouts", "/users/me", "/athlete", "/connections"] {
        let unknown = visitor.get(path, &ada).await;
        assert_eq!(unknown.outcome(), (401, "user_unknown"), "{path}");
    }
    let join = async |token: String, name: &str| join(&visitor, &token, name).await;
    let tries = (0..4).map(|_| join(ada.clone(), "Ada"));
    let joined = futures_util::future::join_all(tries).await;
    let made = joined.iter().filter(|answer| answer.status == 201);
    assert_eq!(made.count(), 1, "{joined:?}");
    let user = joined[0].text("user_id");
    for answer in &joined {
        assert!([200, 201].contains(&answer.status));
        assert_eq!(answer.text("user_id"), user);
    }

    // One user, everywhere, who owns what they write.
    for path in ["/workouts", "/athlete", "/connections", "/users/me"] {
        assert_eq!(visitor.get(path, &ada).await.status, 200, "{path}");
    }
    let plan = world.plan(600);
    let planned = visitor
        .ask(Method::POST, "/planned-workouts", Some(&ada), Some(&plan))
        .await;
    assert_eq!(planned.status, 201);
    let owners = world
        .rows("SELECT to_jsonb(user_id) FROM planned_workouts")
        .await;
    assert_eq!(owners, [json!(user)]);

    // Whoever's `sub` is a user's id is not that user.
    let stranger = visitor.get("/workouts", &eve).await;
    assert_eq!(stranger.outcome(), (401, "user_unknown"));
    let eves = join(eve.clone(), "Eve").await;
    assert_ne!(eves.text("user_id"), world.endpoint().user_id);
    assert_ne!(eves.text("user_id"), user);
    let path = format!("/planned-workouts/{}", planned.text("planned_id"));
    assert_eq!(visitor.get(&path, &eve).await.outcome(), (404, "not_found"));
    let left = world
        .rows("SELECT to_jsonb(u) FROM users u WHERE display_name = 'Ada'")
        .await;
    assert_eq!(left.len(), 1, "whoever was too late left nothing: {left:?}");
    let registered = entries(&world).await;
    assert_eq!(registered.len(), 2);

    // A deactivated one stays out, and does not register again.
    let gone = visitor
        .ask(Method::DELETE, "/users/me", Some(&ada), None)
        .await;
    assert_eq!(gone.status, 204);
    for answer in [visitor.get("/workouts", &ada).await, join(ada, "Ada").await] {
        assert_eq!(answer.outcome(), (401, "user_unknown"));
    }
    world.stop().await;
}

#[tokio::test]
async fn whoever_is_registered_joins_again_without_counting_as_somebody_new() {
    let publisher = Provider::start().await;
    publish(&publisher, &[1]);
    let others = [
        ("AuthSubjects", "external".to_owned()),
        ("RateLimits", "signup_address=2/60".to_owned()),
    ];
    let world = believing_with(&publisher, others).await;
    let visitor = Visitor::new(&world);
    let [ada, eve, bob] = [1, 2, 3].map(|sub| token(1, &Uuid::from_u128(sub).to_string()));

    let made = join(&visitor, &ada, "Ada").await;
    assert_eq!(made.status, 201);
    for _ in 0..3 {
        let again = join(&visitor, &ada, "Ada").await;
        assert_eq!((again.status, &again.body), (200, &made.body));
    }
    assert_eq!(join(&visitor, &eve, "Eve").await.status, 201);
    let third = join(&visitor, &bob, "Bob").await;
    assert_eq!(third.outcome(), (429, "rate_limited"));
    assert_eq!(join(&visitor, &eve, "Eve").await.status, 200);
    world.stop().await;
}

/// With our own issuer everybody who has a token is a user.
#[tokio::test]
async fn joining_with_a_token_of_ours_shows_who_is_there() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    let body = json!({ "display_name": "Somebody else" });
    let token = tokens.text("access_token");
    let joined = visitor
        .ask(Method::POST, "/users", Some(&token), Some(&body))
        .await;
    assert_eq!((joined.status, &joined.body), (200, &tokens.body["user"]));
    // What is not needed any more is still read.
    for (body, status) in [(None, 400), (Some(json!({})), 422)] {
        let joined = visitor.ask(Method::POST, "/users", Some(&token), body.as_ref());
        assert_eq!(joined.await.status, status, "{body:?}");
    }
    let again: Value = visitor.login("ada", PASSWORD).await.body["user"].clone();
    assert_eq!(again, joined.body);
    world.stop().await;
}
