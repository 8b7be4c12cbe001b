//! Refreshing and logging out.

use crate::people::{PASSWORD, Visitor, entries};
use local::cloud::Start;
use serde_json::{Value, json};
use support::world;
use support::world::World;

const REFUSED: (u16, &str) = (401, "refresh_refused");

async fn is_revoked(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(revoked_at IS NOT NULL) FROM token_families ORDER BY created_at")
        .await
}

///
#[tokio::test]
async fn a_refresh_token_counts_once_and_one_that_is_used_again_ends_its_family() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let first = visitor.newcomer("ada").await.text("refresh_token");
    let elsewhere = visitor.login("ada", PASSWORD).await.text("refresh_token");

    let second = visitor.refresh(&first).await;
    assert_eq!(second.status, 200);
    let second = second.text("refresh_token");
    assert_ne!(first, second);
    let third = visitor.refresh(&second).await.text("refresh_token");
    assert_eq!(is_revoked(&world).await, [json!(false), json!(false)]);

    // Whoever stole the first token is refused, and so is whoever had the family.
    assert_eq!(visitor.refresh(&first).await.outcome(), REFUSED);
    assert_eq!(is_revoked(&world).await, [json!(true), json!(false)]);
    assert_eq!(visitor.refresh(&third).await.outcome(), REFUSED);
    assert_eq!(visitor.refresh(&second).await.outcome(), REFUSED);
    // Another login is another family.
    assert_eq!(visitor.refresh(&elsewhere).await.status, 200);
    let noted = entries(&world).await;
    let noted = noted.iter().filter(|e| e["action"] == "refresh_reused");
    // It ended once, whatever is tried with its tokens afterwards.
    assert_eq!(noted.count(), 1);
    world.stop().await;
}

///
#[tokio::test]
async fn of_many_refreshes_with_one_token_at_once_one_is_answered_and_the_family_ends() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let token = visitor.newcomer("ada").await.text("refresh_token");

    let tries = (0..8).map(|_| visitor.refresh(&token));
    let answers = futures_util::future::join_all(tries).await;

    let good: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
    assert_eq!(good.len(), 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 || answer.outcome() == REFUSED)
    );
    assert_eq!(is_revoked(&world).await, [json!(true)]);
    let next = good[0].text("refresh_token");
    assert_eq!(visitor.refresh(&next).await.outcome(), REFUSED);
    world.stop().await;
}

///
#[tokio::test]
async fn after_a_logout_nothing_of_it_is_refreshed() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let first = visitor.newcomer("ada").await.text("refresh_token");
    let elsewhere = visitor.login("ada", PASSWORD).await.text("refresh_token");
    let second = visitor.refresh(&first).await.text("refresh_token");

    // Also by a token that was used: it is of the same login.
    assert_eq!(visitor.logout(&first).await.status, 204);
    assert_eq!(visitor.refresh(&second).await.outcome(), REFUSED);
    assert_eq!(visitor.refresh(&elsewhere).await.status, 200);

    // Again, and with what never was a token, the answer is the same, and nothing is written.
    let before = entries(&world).await.len();
    for token in [second.as_str(), "canary", "", "' OR 1=1 --"] {
        assert_eq!(visitor.logout(token).await.status, 204, "{token}");
        assert_eq!(visitor.refresh(token).await.outcome(), REFUSED, "{token}");
    }
    let written = entries(&world).await.split_off(before);
    assert!(written.iter().all(|entry| entry["action"] != "logout"));
    world.stop().await;
}

#[tokio::test]
async fn a_token_ends_by_itself_and_never_after_its_family() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let idle = visitor.newcomer("ada").await.text("refresh_token");
    let old = visitor.login("ada", PASSWORD).await.text("refresh_token");
    let mut sql = world.sql().await;
    let days = "SELECT to_jsonb(array_agg(
            round(extract(epoch FROM t.expires_at - t.issued_at) / 86400) ORDER BY t.issued_at
        )) FROM refresh_tokens t";
    assert_eq!(world.rows(days).await, [json!([30, 30])]);

    // One family has a day left, the other one's token lay for a month.
    for statement in [
        "UPDATE refresh_tokens SET expires_at = now() WHERE issued_at =
             (SELECT min(issued_at) FROM refresh_tokens)",
        "UPDATE token_families SET expires_at = now() + interval '1 day'",
    ] {
        sqlx::query(statement).execute(&mut sql).await.unwrap();
    }
    assert_eq!(visitor.refresh(&idle).await.outcome(), REFUSED);
    let next = visitor.refresh(&old).await.text("refresh_token");
    let days = "SELECT to_jsonb(round(extract(epoch FROM expires_at - issued_at) / 86400))
        FROM refresh_tokens ORDER BY issued_at DESC LIMIT 1";
    assert_eq!(world.rows(days).await, [json!(1)]);
    // One that ended is not one that was stolen.
    assert_eq!(is_revoked(&world).await, [json!(false), json!(false)]);

    // What has ended goes with the next login.
    sqlx::query("UPDATE token_families SET expires_at = now() - interval '1 second'")
        .execute(&mut sql)
        .await
        .unwrap();
    visitor.login("ada", PASSWORD).await;
    assert_eq!(is_revoked(&world).await.len(), 1);
    assert_eq!(visitor.refresh(&next).await.outcome(), REFUSED);
    world.stop().await;
}
