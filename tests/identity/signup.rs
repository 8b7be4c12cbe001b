//! Links that bring people into a community.

use crate::people::{PASSWORD, Reply, Visitor, address, entries, user_of};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::World;

const REFUSED: (u16, &str) = (422, "signup_token_refused");

/// A world with a community, and the token of its admin.
async fn with_a_community() -> (World, Visitor, String, String) {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let admin = visitor.newcomer("admin").await;
    let club = uuid::Uuid::now_v7().to_string();
    let made = "WITH made AS (
            INSERT INTO communities (id, name) VALUES ($1::uuid, 'A club') RETURNING id
        )
        INSERT INTO memberships (user_id, community_id, role)
        SELECT $2::uuid, id, 'admin' FROM made";
    sqlx::query(made)
        .bind(&club)
        .bind(user_of(&admin))
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    let token = admin.text("access_token");
    (world, visitor, club, token)
}

async fn rotate(visitor: &Visitor, club: &str, admin: &str, body: Value) -> Reply {
    let path = format!("/communities/{club}/signup-token");
    visitor
        .ask(Method::POST, &path, Some(admin), Some(&body))
        .await
}

async fn register(visitor: &Visitor, name: &str, token: &str) -> Reply {
    let body = json!({
        "email": address(name), "password": PASSWORD, "display_name": name,
        "community_token": token,
    });
    visitor.post("/auth/register", body).await
}

async fn members(world: &World) -> usize {
    world
        .rows("SELECT to_jsonb(m) FROM memberships m")
        .await
        .len()
}

///
#[tokio::test]
async fn a_signup_token_makes_a_user_and_a_member_and_its_link_is_of_the_configured_host() {
    let (world, visitor, club, admin) = with_a_community().await;
    let signup = rotate(&visitor, &club, &admin, json!({"uses": 2})).await;
    assert_eq!(signup.status, 201, "{signup:?}");
    let token = signup.text("token");
    let link = format!("https://paceline.localhost/join?token={token}");
    assert_eq!(signup.text("url"), link);

    let newcomer = register(&visitor, "ada", &token).await;
    assert_eq!(newcomer.status, 201, "{newcomer:?}");
    let mine = visitor
        .get("/communities", &newcomer.text("access_token"))
        .await;
    assert_eq!(mine.body["communities"][0]["community_id"], json!(club));
    assert_eq!(mine.body["communities"][0]["role"], "member");
    let entry = entries(&world).await.pop().unwrap();
    assert_eq!(
        (&entry["action"], &entry["community_id"]),
        (&json!("register"), &json!(club))
    );

    // Whoever is a user already joins, once, and a second time uses nothing up.
    let bob = visitor.newcomer("bob").await.text("access_token");
    let body = json!({ "token": token });
    let join = async |token: &str| {
        visitor
            .ask(Method::POST, "/communities/join", Some(token), Some(&body))
            .await
    };
    assert_eq!(join(&bob).await.status, 201);
    assert_eq!(join(&bob).await.status, 200);
    assert_eq!(members(&world).await, 3);
    let stored = world.rows("SELECT to_jsonb(c) FROM communities c").await;
    assert_eq!(stored[0]["signup_uses_left"], 0);
    assert!(!stored[0].to_string().contains(&token));

    // Nobody else sees it.
    let eve = visitor.newcomer("eve").await.text("access_token");
    let hidden = visitor.get(&format!("/communities/{club}"), &eve).await;
    assert_eq!(hidden.outcome(), (404, "not_found"));
    assert_eq!(
        visitor.get("/communities", &eve).await.body["communities"],
        json!([])
    );
    world.stop().await;
}

///
#[tokio::test]
async fn a_token_that_is_unknown_ended_used_up_or_replaced_is_one_error_and_makes_nobody() {
    let (world, visitor, club, admin) = with_a_community().await;
    let users = world.rows("SELECT to_jsonb(u) FROM users u").await.len();
    let replaced = rotate(&visitor, &club, &admin, json!({}))
        .await
        .text("token");
    let token = rotate(&visitor, &club, &admin, json!({}))
        .await
        .text("token");
    let mut answers = Vec::new();
    answers.push(register(&visitor, "a", "canary of nobody").await);
    answers.push(register(&visitor, "b", &replaced).await);
    for (name, state) in [
        ("c", "UPDATE communities SET signup_uses_left = 0"),
        (
            "d",
            "UPDATE communities SET signup_uses_left = 9, signup_expires_at = now()",
        ),
    ] {
        let mut sql = world.sql().await;
        sqlx::query(state).execute(&mut sql).await.unwrap();
        answers.push(register(&visitor, name, &token).await);
    }
    for answer in &mut answers {
        answer.body["correlation_id"].take();
        assert_eq!(answer.outcome(), REFUSED);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(
        world.rows("SELECT to_jsonb(u) FROM users u").await.len(),
        users
    );
    assert_eq!(members(&world).await, 1);

    for (field, body) in [
        ("/life_s", json!({"life_s": 59})),
        ("/uses", json!({"uses": 0})),
        ("/uses", json!({"uses": 10_001})),
    ] {
        let refused = rotate(&visitor, &club, &admin, body).await;
        assert_eq!(refused.outcome(), (422, "invalid"));
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    world.stop().await;
}

///
#[tokio::test]
async fn a_token_for_three_brings_three_however_many_come_at_once() {
    let (world, visitor, club, admin) = with_a_community().await;
    let token = rotate(&visitor, &club, &admin, json!({"uses": 3}))
        .await
        .text("token");

    let names: Vec<String> = (0..6).map(|number| format!("n{number}")).collect();
    let tries = names.iter().map(|name| register(&visitor, name, &token));
    let answers = futures_util::future::join_all(tries).await;

    let joined = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|a| a.outcome() == REFUSED).count();
    assert_eq!((joined, refused), (3, 3), "{answers:?}");
    assert_eq!(members(&world).await, 4);
    world.stop().await;
}

#[tokio::test]
async fn members_are_listed_promoted_and_leave() {
    let (world, visitor, club, admin) = with_a_community().await;
    let token = rotate(&visitor, &club, &admin, json!({}))
        .await
        .text("token");
    let ada = register(&visitor, "ada", &token).await;
    let path = format!("/communities/{club}/members");
    let member = format!("{path}/{}", user_of(&ada));
    let own = format!("{path}/{}", {
        let listed = visitor.get(&path, &admin).await;
        let found = listed.body["members"].as_array().unwrap().clone();
        assert_eq!(found.len(), 2);
        let admin = found.iter().find(|member| member["role"] == "admin");
        admin.unwrap()["user_id"].as_str().unwrap().to_owned()
    });

    let body = json!({"role": "admin"});
    let promoted = visitor
        .ask(Method::PUT, &member, Some(&admin), Some(&body))
        .await;
    assert_eq!(promoted.body["role"], "admin", "{promoted:?}");
    let lowered = json!({"role": "member"});
    let own_role = visitor
        .ask(Method::PUT, &own, Some(&admin), Some(&lowered))
        .await;
    assert_eq!(own_role.outcome(), (403, "not_allowed"));
    let left = visitor.ask(Method::DELETE, &own, Some(&admin), None).await;
    assert_eq!(left.status, 204);
    let out = visitor.get(&path, &admin).await;
    assert_eq!(out.outcome(), (404, "not_found"));
    let ada = ada.text("access_token");
    let listed = visitor.get(&path, &ada).await;
    assert_eq!(listed.body["members"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["next_cursor"], Value::Null);
    world.stop().await;
}
