//! The audit log only grows.

use crate::people::{PASSWORD, Visitor, address, appoint, entries, user_of};
use local::cloud::Start;
use serde_json::{Value, json};
use support::world;

///
#[tokio::test]
async fn nobody_takes_an_entry_away_or_changes_one_not_even_the_tables_owner() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    visitor.newcomer("ada").await;
    visitor.login("ada", "canary of another").await;
    let before = entries(&world).await;
    assert_eq!(before.len(), 2);

    for statement in [
        "UPDATE audit_log SET action = 'nothing'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
    ] {
        let by_owner = sqlx::query(statement).execute(&mut world.sql().await).await;
        let why = by_owner.unwrap_err().to_string();
        assert!(
            why.contains("audit_log is append-only"),
            "{statement}: {why}"
        );
        for role in store::setup::ROLES {
            let mut sql = world.database().connect_as(role).await;
            let done = sqlx::query(statement).execute(&mut sql).await;
            let why = done.unwrap_err().to_string();
            assert!(
                why.contains("permission denied"),
                "{role}: {statement}: {why}"
            );
        }
    }
    assert_eq!(entries(&world).await, before);
    // What an entry is about may go; the entry stays.
    sqlx::query("DELETE FROM users WHERE display_name = 'ada'")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert_eq!(entries(&world).await, before);
    world.stop().await;
}

/// an entry is of the transaction of what it tells of, so that neither is there without the other.
#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    let admin = user_of(&tokens);
    appoint(&world, &admin, "super_admin").await;
    let token = tokens.text("access_token");
    for role in ["paceline_identity", "paceline_community"] {
        let revoke = format!("REVOKE INSERT ON audit_log FROM {role}");
        sqlx::query(sqlx::AssertSqlSafe(revoke))
            .execute(&mut world.sql().await)
            .await
            .unwrap();
    }

    let count = "SELECT to_jsonb(count(*)) FROM token_families";
    let families = world.rows(count).await;
    assert_eq!(visitor.login("ada", PASSWORD).await.status, 500);
    assert_eq!(world.rows(count).await, families);
    let body = json!({"name": "A club"});
    let made = visitor
        .ask(
            reqwest::Method::POST,
            "/communities",
            Some(&token),
            Some(&body),
        )
        .await;
    assert_eq!(made.outcome(), (500, "internal"));
    let clubs = world.rows("SELECT to_jsonb(c) FROM communities c").await;
    assert_eq!(clubs, Vec::<Value>::new());
    world.stop().await;
}

///
#[tokio::test]
async fn the_log_is_read_page_by_page_and_by_whom_and_what() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    let admin = user_of(&tokens);
    appoint(&world, &admin, "manager").await;
    let token = tokens.text("access_token");
    sqlx::query(
        "INSERT INTO audit_log (id, action, is_refused, detail)
         SELECT gen_random_uuid(), 'login', true, '{}' FROM generate_series(1, 250)",
    )
    .execute(&mut world.sql().await)
    .await
    .unwrap();
    visitor
        .login_at("/auth/admin/login", &address("ada"), "canary of another")
        .await;

    let mut path = "/audit".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = visitor.get(&path, &token).await;
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(page.body["entries"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/audit?cursor={cursor}"),
            None => break,
        }
    }
    let ids: Vec<&str> = seen
        .iter()
        .map(|e| e["entry_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 252);
    assert!(ids.is_sorted_by(|a, b| a > b));

    let found = async |query: &str| {
        let page = visitor.get(&format!("/audit?{query}"), &token).await;
        page.body["entries"]
            .as_array()
            .map(Vec::len)
            .ok_or(page.status)
    };
    assert_eq!(found(&format!("subject_id={admin}")).await, Ok(1));
    assert_eq!(found(&format!("user_id={admin}")).await, Ok(1));
    assert_eq!(found("action=admin_login").await, Ok(1));
    assert_eq!(found("action=no_such_word").await, Ok(0));
    for hostile in [
        "action=login'%20OR%20'1'='1",
        "action=a%00b",
        "user_id=1%20OR%201=1",
        "subject_id=",
        "cursor='--",
        "where=true",
    ] {
        assert_eq!(found(hostile).await, Err(400), "{hostile}");
    }
    world.stop().await;
}
