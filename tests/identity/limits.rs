//! How often something may be tried, counted for all instances together.

use crate::people::{PASSWORD, Reply, Visitor};
use local::cloud::Start;
use local::log::LogSink;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::database::Database;
use support::world;
use support::world::{Other, World};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_paceline-under-test");

fn parameters(rates: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("RateLimits".to_owned(), rates.to_owned())])
}

async fn limited(rates: &str) -> World {
    let database = Database::migrated(EXECUTABLE).await;
    World::start_on(EXECUTABLE, Start::Paused, database, parameters(rates)).await
}

/// Lets so many seconds pass for every bucket.
async fn let_pass(world: &World, seconds: u64) {
    let pass = "UPDATE rate_limits SET full_at = full_at - make_interval(secs => $1::float8)";
    sqlx::query(pass)
        .bind(i64::try_from(seconds).unwrap())
        .execute(&mut world.sql().await)
        .await
        .unwrap();
}

#[track_caller]
fn assert_too_often(answer: &Reply, most: u64) {
    assert_eq!(answer.outcome(), (429, "rate_limited"), "{answer:?}");
    let wait = answer.retry_after.unwrap();
    assert!((1..=most).contains(&wait), "{wait}");
}

///
#[tokio::test]
async fn all_instances_together_let_an_account_try_ten_times_and_say_when_again() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    visitor.newcomer("ada").await;

    let tries = (0..24).map(|_| visitor.login("ada", "canary of another"));
    let answers = futures_util::future::join_all(tries).await;

    let count = |status| answers.iter().filter(|a| a.status == status).count();
    assert_eq!((count(401), count(429)), (10, 14), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        assert_too_often(answer, 90);
    }
    let instances = world
        .rows(
            "SELECT to_jsonb(count(DISTINCT pid)) FROM pg_stat_activity
             WHERE usename = 'paceline_identity' AND datname = current_database()",
        )
        .await;
    assert!(instances[0].as_u64().unwrap() > 1, "{instances:?}");

    // The right password does not help, another account is another's, and time does.
    let right = visitor.login("ada", PASSWORD).await;
    assert_too_often(&right, 90);
    assert_eq!(visitor.login("bob", PASSWORD).await.status, 401);
    let_pass(&world, right.retry_after.unwrap()).await;
    assert_eq!(visitor.login("ada", PASSWORD).await.status, 200);
    assert_too_often(&visitor.login("ada", PASSWORD).await, 90);
    let_pass(&world, 900).await;
    for _ in 0..10 {
        assert_eq!(visitor.login("ada", PASSWORD).await.status, 200);
    }
    assert_too_often(&visitor.login("ada", PASSWORD).await, 90);
    world.stop().await;
}

/// whatever a header says of where it comes from.
#[tokio::test]
async fn an_address_tries_as_often_as_it_may_whomever_it_tries() {
    let world = limited(
        "login_address=3/60 signup_address=2/60 refresh_address=2/60 refresh_account=100/60",
    )
    .await;
    let here = Visitor::from(&world, [127, 0, 0, 1].into());
    let there = Visitor::from(&world, [127, 0, 0, 2].into());

    for name in ["a", "b"] {
        here.newcomer(name).await;
    }
    assert_too_often(&here.register("c").await, 30);
    for name in ["a", "b", "nobody"] {
        assert_eq!(here.login(name, "canary of another").await.status, 401);
    }
    assert_too_often(&here.login("a", PASSWORD).await, 20);
    for _ in 0..2 {
        assert_eq!(here.refresh("canary").await.status, 401);
    }
    assert_too_often(&here.refresh("canary").await, 30);
    assert_too_often(&here.logout("canary").await, 30);

    // What one address has used up is there for another.
    there.newcomer("c").await;
    assert_eq!(there.login("a", PASSWORD).await.status, 200);
    assert_eq!(there.refresh("canary").await.status, 401);
    world.stop().await;
}

///
#[tokio::test]
async fn registrations_and_refreshes_of_one_account_are_limited_too() {
    let world = limited("signup_account=2/60 refresh_account=2/60").await;
    let visitor = Visitor::new(&world);
    let tokens = visitor.newcomer("ada").await;
    assert_eq!(visitor.register("ada").await.status, 409);
    assert_too_often(&visitor.register("ADA").await, 30);

    let mut token = tokens.text("refresh_token");
    for _ in 0..2 {
        token = visitor.refresh(&token).await.text("refresh_token");
    }
    assert_too_often(&visitor.refresh(&token).await, 30);
    // Who was asked to wait has not used the token up.
    let_pass(&world, 30).await;
    assert_eq!(visitor.refresh(&token).await.status, 200);
    world.stop().await;
}

/// Whoever found an old token is not to keep its user out for as long as they like.
#[tokio::test]
async fn a_token_that_is_good_for_nothing_takes_no_try_from_those_that_are() {
    let world = limited("refresh_account=2/60").await;
    let visitor = Visitor::new(&world);
    let first = visitor.newcomer("ada").await.text("refresh_token");
    let elsewhere = visitor.login("ada", PASSWORD).await.text("refresh_token");
    assert_eq!(visitor.refresh(&first).await.status, 200);

    for _ in 0..3 {
        let replayed = visitor.refresh(&first).await;
        assert_eq!(replayed.outcome(), (401, "refresh_refused"));
    }
    let next = visitor.refresh(&elsewhere).await.text("refresh_token");
    assert_too_often(&visitor.refresh(&next).await, 30);
    world.stop().await;
}

#[tokio::test]
async fn a_webhooks_account_is_limited_after_it_is_believed_and_nothing_is_lost() {
    let world = limited("webhook_account=3/60").await;
    let other = Other::join(&world, "other").await;

    // What is not believed takes nothing.
    for _ in 0..4 {
        let forged = world.post_webhook("paceline", &[], "{}").await;
        assert_eq!(forged.status, 401);
    }
    for number in 0..3 {
        let delivered = world.deliver(&world.run(&format!("{number}"), 600)).await;
        assert_eq!(delivered.status, 200);
    }
    let fourth = world.run("3", 600);
    let refused = world.deliver_as("msg_fourth", &fourth).await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert_eq!(world.everything().await.len(), 3 * 5, "nothing is written");

    let mut theirs = world.run("4", 600);
    theirs["athlete"] = json!("other");
    assert_eq!(world.deliver(&theirs).await.status, 200);
    assert_eq!(other.get("/workouts").await.status, 200);

    let_pass(&world, 20).await;
    let again = world.deliver_as("msg_fourth", &fourth).await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (200, &json!("created"))
    );
    world.stop().await;
}

/// A batch with more of one account than it has tries, and something of another behind it.
#[tokio::test]
async fn of_a_batch_what_comes_too_soon_keeps_nobody_elses_from_coming_and_comes_in_the_end() {
    let secret = "canary-path-secret";
    let settings = json!({"path_secrets": [secret], "api": {"base_url": "http://127.0.0.1:9/"}});
    let providers = BTreeMap::from([("coros".to_owned(), settings)]);
    let parts = (parameters("webhook_account=2/60"), providers);
    let world = World::start_set(EXECUTABLE, Start::Paused, parts, LogSink::discard()).await;
    for account in ["hasty", "other"] {
        Other::join_with(&world, "coros", account).await;
    }
    let row = |account: &str, activity: u32| {
        json!({
            "openId": account, "labelId": activity.to_string(), "mode": 8, "subMode": 1,
            "distance": 5010, "duration": 1800,
            "startTime": 1_792_530_000 + activity * 7200,
            "endTime": 1_792_531_800 + activity * 7200,
            "startTimezone": 36, "endTimezone": 36,
        })
    };
    let hasty = (1..4).map(|activity| row("hasty", activity));
    let rows: Vec<Value> = hasty.chain([row("other", 4)]).collect();
    let batch = json!({ "sportDataList": rows }).to_string();
    let path = format!("coros/{secret}");
    let stored = async || {
        world
            .rows("SELECT to_jsonb(provider_activity_id) FROM workouts ORDER BY 1")
            .await
    };

    let early = world.post_webhook(&path, &[], batch.clone()).await;
    assert_eq!((early.status, early.code()), (429, "rate_limited"));
    assert_eq!(stored().await, ["1", "2", "4"].map(Value::from));

    // One try came back, and what is known needs none.
    let_pass(&world, 30).await;
    let again = world.post_webhook(&path, &[], batch).await;
    assert_eq!(again.status, 200, "{again:?}");
    let outcomes = again.body["items"].as_array().unwrap().iter();
    let outcomes: Vec<_> = outcomes.map(|item| &item["outcome"]).collect();
    assert_eq!(
        outcomes,
        ["duplicate", "duplicate", "announced", "duplicate"]
    );
    assert_eq!(stored().await, ["1", "2", "3", "4"].map(Value::from));
    world.stop().await;
}

#[tokio::test]
async fn the_sweep_forgets_buckets_that_are_full_again_and_no_others() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    visitor.login("ada", "canary of another").await;
    let count = "SELECT to_jsonb(count(*)) FROM rate_limits";
    assert_eq!(world.rows(count).await, [json!(2)]);

    world.sweep().await;
    assert_eq!(
        world.rows(count).await,
        [json!(1)],
        "an address fills in no time"
    );
    let_pass(&world, 90).await;
    world.sweep().await;
    assert_eq!(world.rows(count).await, [json!(0)]);
    world.stop().await;
}
