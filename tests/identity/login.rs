//! Registering and logging in.

use crate::people::{PASSWORD, Visitor, address, appoint, entries, user_of};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::UserId;
use local::cloud::Start;
use platform::auth::{HashingCost, Passwords};
use platform::secret::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::World;

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// on every way to a token.
#[tokio::test]
async fn every_issued_token_has_its_claims_and_is_of_somebody_in_the_one_table() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let registered = visitor.newcomer("ada").await;
    let user = user_of(&registered);
    appoint(&world, &user, "specialist").await;

    let login = visitor.login("ada", PASSWORD).await;
    let admin = visitor
        .login_at("/auth/admin/login", &address("ADA"), PASSWORD)
        .await;
    let refreshed = visitor.refresh(&login.text("refresh_token")).await;
    let as_admin = visitor.refresh(&admin.text("refresh_token")).await;

    let users = world.rows("SELECT to_jsonb(u.id) FROM users u").await;
    for (answer, role) in [
        (registered, "athlete"),
        (login, "athlete"),
        (admin, "specialist"),
        (refreshed, "athlete"),
        (as_admin, "specialist"),
    ] {
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        let claims = claims(&answer.text("access_token"));
        assert_eq!(claims["sub"], json!(user));
        assert!(users.contains(&claims["sub"]));
        assert_eq!(claims["iss"], "https://paceline.localhost");
        assert_eq!(claims["aud"], "paceline");
        assert_eq!(claims["role"], role);
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(life, 900);
        let me = visitor.get("/users/me", &answer.text("access_token")).await;
        assert_eq!(me.body["email"], json!(address("ada")), "{me:?}");
        let workouts = visitor.get("/workouts", &answer.text("access_token")).await;
        assert_eq!(workouts.body["workouts"], json!([]));
    }
    world.stop().await;
}

async fn with_a_user_of_each_kind() -> (World, Visitor) {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    for name in ["user", "gone", "admin", "former"] {
        let user = user_of(&visitor.newcomer(name).await);
        if ["admin", "former"].contains(&name) {
            appoint(&world, &user, "super_admin").await;
        }
    }
    for name in ["gone", "former"] {
        sqlx::query("UPDATE users SET deactivated_at = now() WHERE display_name = $1")
            .bind(name)
            .execute(&mut world.sql().await)
            .await
            .unwrap();
    }
    (world, visitor)
}

///
#[tokio::test]
async fn only_administrators_come_in_at_their_door_and_every_failure_looks_the_same() {
    let (world, visitor) = with_a_user_of_each_kind().await;
    let before = entries(&world).await.len();
    let door = "/auth/admin/login";

    let mut answers = Vec::new();
    for (name, password) in [
        ("nobody", PASSWORD),
        ("user", PASSWORD),
        ("user", "canary of another"),
        ("gone", PASSWORD),
        ("admin", "canary of another"),
        ("former", PASSWORD),
        ("former", "canary of another"),
    ] {
        let mut answer = visitor.login_at(door, &address(name), password).await;
        answer.body["correlation_id"].take();
        answers.push(answer);
    }
    let let_in = visitor.login_at(door, &address("admin"), PASSWORD).await;

    assert_eq!(answers[0].outcome(), (401, "login_failed"));
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(let_in.status, 200);
    let written = entries(&world).await.split_off(before);
    assert_eq!(written.len(), answers.len() + 1);
    for (entry, name) in written.iter().zip([
        None,
        Some("user"),
        Some("user"),
        Some("gone"),
        Some("admin"),
        Some("former"),
        Some("former"),
    ]) {
        assert_eq!(entry["action"], "admin_login");
        assert_eq!(entry["is_refused"], true);
        assert_eq!(entry["user_id"], Value::Null);
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["subject_id"].is_null(), name.is_none());
    }
    let last = written.last().unwrap();
    assert_eq!(last["is_refused"], false);
    assert_eq!(last["user_id"], let_in.body["user"]["user_id"]);
    world.stop().await;
}

/// at everybody's door too.
#[tokio::test]
async fn a_failed_login_says_nothing_of_whom_we_know() {
    let (world, visitor) = with_a_user_of_each_kind().await;
    let before = entries(&world).await.len();

    for (name, password) in [
        ("nobody", PASSWORD),
        ("user", "canary of another"),
        ("gone", PASSWORD),
    ] {
        let answer = visitor.login(name, password).await;
        assert_eq!(answer.outcome(), (401, "login_failed"), "{name}");
    }
    let written = entries(&world).await.split_off(before);
    assert_eq!(written.len(), 3);
    assert!(
        written
            .iter()
            .all(|entry| entry["action"] == "login" && entry["is_refused"] == true)
    );
    assert_eq!(visitor.login("user", PASSWORD).await.status, 200);
    world.stop().await;
}

/// what is stored of a password is a hash, and of a token too; the world's log is watched.
#[tokio::test]
async fn neither_a_password_nor_a_token_is_stored() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    visitor.login("ada", "canary of another").await;

    let stored = world
        .rows(
            "SELECT to_jsonb(c) FROM user_credentials c
             UNION ALL SELECT to_jsonb(f) FROM token_families f
             UNION ALL SELECT to_jsonb(t) || jsonb_build_object('raw', encode(token_sha256, 'escape'))
                 FROM refresh_tokens t
             UNION ALL SELECT to_jsonb(a) FROM audit_log a
             UNION ALL SELECT to_jsonb(u) FROM users u",
        )
        .await;
    let stored = serde_json::to_string(&stored).unwrap();
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    for secret in [
        "canary",
        &tokens.text("refresh_token"),
        &tokens.text("access_token"),
    ] {
        assert!(!stored.contains(secret), "{secret}");
    }
    world.stop().await;
}

///
#[tokio::test]
async fn a_password_is_hashed_anew_when_its_cost_has_risen() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    visitor.newcomer("ada").await;
    let cheap = HashingCost::parse("m=7168,t=5,p=1").unwrap();
    let cheap = Passwords::new(cheap).unwrap();
    let hash = cheap.hash(&Secret::new(PASSWORD.to_owned())).unwrap();
    sqlx::query("UPDATE user_credentials SET password_hash = $1")
        .bind(&hash)
        .execute(&mut world.sql().await)
        .await
        .unwrap();

    let stored = "SELECT to_jsonb(password_hash) FROM user_credentials";
    assert_eq!(visitor.login("ada", "canary of another").await.status, 401);
    assert_eq!(world.rows(stored).await, [json!(hash)]);
    assert_eq!(visitor.login("ada", PASSWORD).await.status, 200);
    let after = world.rows(stored).await;
    let after = after[0].as_str().unwrap();
    assert!(after.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(visitor.login("ada", PASSWORD).await.status, 200);
    world.stop().await;
}

///
#[tokio::test]
async fn who_somebody_is_comes_from_their_token_alone() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let me = visitor.newcomer("ada").await;
    let other = user_of(&visitor.newcomer("bob").await);
    let token = me.text("access_token");

    let body = json!({
        "email": address("eve"), "password": PASSWORD, "display_name": "Eve", "user_id": other,
    });
    let registered = visitor.post("/auth/register", body).await;
    assert_eq!(registered.outcome(), (422, "invalid"));

    let mut plan = world.plan(600);
    for key in ["user_id", "userId", "sub"] {
        plan[key] = json!(other);
        let planned = visitor
            .ask(Method::POST, "/planned-workouts", Some(&token), Some(&plan))
            .await;
        assert!([201, 422].contains(&planned.status), "{planned:?}");
        plan.as_object_mut().unwrap().remove(key);
    }
    let theirs = world
        .rows("SELECT to_jsonb(p) FROM planned_workouts p")
        .await;
    assert!(theirs.iter().all(|plan| plan["user_id"] != json!(other)));

    for path in ["/users/me", "/workouts", "/athlete", "/connections"] {
        for key in ["user_id", "userId", "sub"] {
            let answer = visitor.get(&format!("{path}?{key}={other}"), &token).await;
            let text = answer.body.to_string();
            assert!([200, 400].contains(&answer.status), "{path} {answer:?}");
            assert!(!text.contains(&other), "{path}?{key}: {text}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_address_is_one_persons_however_it_is_written_and_however_many_ask_at_once() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tries = (0..4).map(|number| {
        let visitor = visitor.clone();
        let name = if number % 2 == 0 { "Ada" } else { "aDA" };
        async move { visitor.register(name).await }
    });
    let answers = futures_util::future::join_all(tries).await;

    let mut outcomes: Vec<_> = answers.iter().map(|answer| answer.outcome()).collect();
    outcomes.sort_unstable();
    let taken = (409, "email_taken");
    assert_eq!(outcomes, [(201, ""), taken, taken, taken]);
    // Whoever was refused left nothing behind.
    let left = world
        .rows("SELECT to_jsonb(u) FROM users u WHERE display_name ILIKE 'ada'")
        .await;
    assert_eq!(left.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_by_field_and_makes_nobody() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let good = json!({
        "email": address("ada"), "password": PASSWORD, "display_name": "Ada",
    });
    for (field, value) in [
        ("email", json!("ada")),
        ("email", json!("a@b@c.d")),
        ("email", json!(format!("{}@example.org", "a".repeat(300)))),
        ("password", json!("canary")),
        ("password", json!("canary".repeat(100))),
        ("display_name", json!("")),
        ("display_name", json!("a\u{0}b")),
        ("display_name", json!("x".repeat(101))),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = visitor.post("/auth/register", body).await;
        assert_eq!(answer.outcome(), (422, "invalid"), "{field}");
        assert_eq!(answer.body["errors"][0]["field"], format!("/{field}"));
        assert!(!answer.body.to_string().contains("canary"));
    }
    let empty = visitor.ask(Method::POST, "/auth/register", None, None);
    assert_eq!(empty.await.outcome(), (400, "malformed"));
    let users = world.rows("SELECT to_jsonb(u) FROM users u").await;
    assert_eq!(users.len(), 1, "the demo athlete alone: {users:?}");
    world.stop().await;
}

///
#[tokio::test]
async fn whoever_deactivates_themselves_is_out_at_once() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    let user: UserId = user_of(&tokens).parse().unwrap();
    let token = tokens.text("access_token");

    let left = visitor
        .ask(Method::DELETE, "/users/me", Some(&token), None)
        .await;
    assert_eq!(left.status, 204);

    for path in ["/users/me", "/workouts", "/athlete", "/connections"] {
        let answer = visitor.get(path, &token).await;
        assert_eq!(answer.outcome(), (401, "user_unknown"), "{path}");
    }
    let refreshed = visitor.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.outcome(), (401, "refresh_refused"));
    let login = visitor.login("ada", PASSWORD).await;
    assert_eq!(login.outcome(), (401, "login_failed"));
    let families = world
        .rows("SELECT to_jsonb(revoked_at IS NOT NULL) FROM token_families")
        .await;
    assert_eq!(families, [json!(true)]);
    let written = entries(&world).await;
    let last = &written[written.len() - 2];
    assert_eq!(last["action"], "deactivate_user");
    assert_eq!(last["subject_id"], json!(user));
    world.stop().await;
}

///
#[tokio::test]
async fn no_answer_holds_a_secret() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    appoint(&world, &user_of(&tokens), "super_admin").await;
    let token = tokens.text("access_token");
    let mut answers = vec![
        tokens.body["user"].clone(),
        visitor.login("ada", "canary of another").await.body,
        visitor.refresh("canary").await.body,
        visitor.register("ada").await.body,
    ];
    for path in [
        "/users/me",
        "/communities",
        "/admins",
        "/audit",
        "/audit?action=canary-1",
        "/connections",
        "/athlete",
        "/workouts",
        "/health",
        "/.well-known/jwks.json",
    ] {
        let answer = visitor.get(path, &token).await;
        assert!([200, 400].contains(&answer.status), "{path}: {answer:?}");
        answers.push(answer.body);
    }

    let said = serde_json::to_string(&answers).unwrap();
    let identity = world.identity();
    for secret in [
        "$argon2",
        PASSWORD,
        "canary of another",
        identity.signing_key(),
        identity.database_password(),
        identity.webhook_secret(),
        &identity.token_key(),
        &tokens.text("refresh_token"),
    ] {
        assert!(!said.contains(secret), "{secret} is answered");
    }
    world.stop().await;
}
