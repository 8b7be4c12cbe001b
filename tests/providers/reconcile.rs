//! What webhooks did not tell is found by looking back, and nothing is removed on a webhook's word.

use crate::fetch::world;
use crate::strava::{self, ACCOUNT, EVENT_TIME, detail_of};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::World;
use tokio::process::Command;

const LIST: &str = "GET /api/v3/athlete/activities";

/// Strava lists these activities, on one page.
fn lists(strava: &Provider, activities: &[u64]) {
    let rows: Vec<Value> = activities
        .iter()
        .map(|activity| strava::detail(*activity, 600))
        .collect();
    strava.answers(LIST, move |call| {
        let is_first = call.query.split('&').any(|part| part == "page=1");
        Reply::json(&if is_first { json!(rows) } else { json!([]) })
    });
}

/// Lets it be time to look back again.
pub(crate) async fn hours_pass(world: &World) {
    world
        .rows(
            "WITH due AS (
                 UPDATE reconciliations SET due_at = clock_timestamp() RETURNING 1
             )
             SELECT to_jsonb(1) FROM due",
        )
        .await;
}

async fn reconciliation(world: &World) -> Value {
    let rows = world
        .rows("SELECT to_jsonb(r) FROM reconciliations r WHERE provider = 'strava'")
        .await;
    rows[0].clone()
}

/// A provider's attempts were all in vain.
#[tokio::test]
async fn what_no_webhook_told_is_found_and_what_is_known_is_left_alone() {
    let strava = Provider::start().await;
    for activity in 1..4 {
        strava::knows_run(&strava, activity, 600);
    }
    lists(&strava, &[1, 2, 3]);
    let world = world(&strava).await;
    let told = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;
    let before = world.get(&format!("/workouts/{told}")).await;

    let pass = world.look_back().await;
    assert_eq!(
        pass,
        json!({"asked": 1, "unanswered": 0, "repaired": 2, "changed": 0, "renewed": 0, "silent": 0})
    );
    world.settle().await;

    let shown = world.get("/workouts").await;
    let shown = shown["workouts"].as_array().unwrap();
    assert_eq!(shown.len(), 3);
    for workout in shown {
        assert_eq!(workout["summary_status"], "complete", "{workout}");
    }
    assert_eq!(world.get(&format!("/workouts/{told}")).await, before);
    assert_eq!(strava.count(&detail_of(1)), 1);

    // It is not due again, and then it is, from an overlap before the last time on.
    let asked = strava.count(LIST);
    assert_eq!(world.look_back().await["asked"], 0);
    assert_eq!(strava.count(LIST), asked);
    hours_pass(&world).await;
    assert_eq!(world.look_back().await["repaired"], 0);
    let after = |call: &support::provider::Call| -> i64 {
        let mut parts = call.query.split('&');
        let after = parts.find_map(|part| part.strip_prefix("after="));
        after.unwrap().parse().unwrap()
    };
    let lists: Vec<i64> = strava
        .calls()
        .iter()
        .filter(|call| call.what == LIST)
        .map(after)
        .collect();
    let (first, last) = (lists[0], *lists.last().unwrap());
    assert_eq!(
        (last - first) / 86_400,
        28,
        "30 days, then 2 days of overlap"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_asked_again_from_where_it_was() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 600);
    for _ in 0..2 {
        strava.next(LIST, Reply::status(503));
    }
    lists(&strava, &[1]);
    let world = world(&strava).await;
    for _ in 0..2 {
        assert_eq!(world.look_back().await["unanswered"], 1);
        let state = reconciliation(&world).await;
        assert_eq!(state["reconciled_at"], Value::Null);
        assert_eq!(state["last_error"], "provider_unavailable: it answered 503");
        assert_eq!(state["claim_token"], Value::Null);
        hours_pass(&world).await;
    }

    assert_eq!(world.look_back().await["repaired"], 1);

    let state = reconciliation(&world).await;
    assert!(state["reconciled_at"].is_string());
    assert_eq!(
        (&state["last_error"], &state["repaired"]),
        (&Value::Null, &json!(1))
    );
    world.stop().await;
}

/// A deletion is not undone by a list that is older than it.
#[tokio::test]
async fn what_was_deleted_is_not_brought_back_by_a_list() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 600);
    lists(&strava, &[1]);
    let world = world(&strava).await;
    strava::tell(&world, 1, "create", EVENT_TIME).await;
    world.settle().await;
    strava.always(&detail_of(1), Reply::status(404));
    strava::tell(&world, 1, "delete", EVENT_TIME + 60).await;
    world.settle().await;

    assert_eq!(world.look_back().await["repaired"], 0);
    assert_eq!(world.get("/workouts").await["workouts"], json!([]));
    world.stop().await;
}

/// P-08, P-72: whether our access ended, the provider knows and no webhook.
#[tokio::test]
async fn a_deauthorisation_counts_once_the_provider_refuses_us() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 600);
    lists(&strava, &[1]);
    let world = world(&strava).await;
    let workout = strava::tell(&world, 1, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;
    world.look_back().await;
    let status = async || {
        let rows = world
            .rows("SELECT to_jsonb(status) FROM connections WHERE provider = 'strava'")
            .await;
        rows.first().cloned().unwrap_or_default()
    };

    let forged = strava::deauthorise(&world, EVENT_TIME + 60).await;
    assert_eq!(
        (forged.status, &forged.body["outcome"]),
        (200, &json!("noted"))
    );
    assert_eq!(world.look_back().await["asked"], 1, "it is looked at soon");
    assert_eq!(status().await, "connected");

    strava.always(LIST, Reply::status(401));
    strava.always("POST /oauth/token", Reply::status(400));
    strava::deauthorise(&world, EVENT_TIME + 120).await;
    assert_eq!(world.look_back().await["unanswered"], 1);
    assert_eq!(status().await, Value::Null, "there is no connection");
    let gone = format!("/workouts/{workout}");
    let gone = world.send(reqwest::Method::GET, &gone, "").await;
    assert_eq!(gone.status, 404);

    // Connected again, the past is looked for again.
    world
        .connect(
            "strava",
            ACCOUNT,
            "canary-access-9",
            Some("canary-refresh-9"),
            3600,
        )
        .await;
    assert_eq!(status().await, "connected");
    world.stop().await;
}

/// What is of the past leaves room for what somebody does right now.
#[tokio::test]
async fn the_past_leaves_a_fifth_of_the_budget_to_what_happens_now() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 600);
    lists(&strava, &[1]);
    let world = world(&strava).await;
    world
        .rows(
            "WITH used AS (
                 INSERT INTO provider_windows (provider, length_s, most, used, resets_at)
                 VALUES ('strava', 900, 100, 80, clock_timestamp() + interval '10 minutes')
                 RETURNING 1
             )
             SELECT to_jsonb(1) FROM used",
        )
        .await;

    assert_eq!(world.look_back().await["unanswered"], 1);
    assert_eq!(strava.count(LIST), 0);
    let state = reconciliation(&world).await;
    let error = state["last_error"].as_str().unwrap();
    assert!(error.starts_with("rate_limited: "), "{error}");

    let workout = strava::tell(&world, 1, "create", strava::just_now())
        .await
        .workout_id();
    world.settle().await;
    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["fetch"]["status"], "complete");
    world.stop().await;
}

/// `paceline` with these arguments as a role, its exit code and what it printed.
async fn paceline(world: &World, role: &str, arguments: &[&str]) -> (i32, Value, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .arg("reconcile")
        .args(arguments)
        .args(["--json", "--database-url"])
        .arg(world.database().url_as(role))
        .output()
        .await
        .unwrap();
    let shown = String::from_utf8(done.stderr).unwrap();
    let json = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code().unwrap(), json, shown)
}

/// An operator who knows of lost webhooks need not wait.
#[tokio::test]
async fn an_operator_has_connections_asked_at_once_and_from_the_first() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 1, 600);
    lists(&strava, &[1]);
    let world = world(&strava).await;
    assert_eq!(world.look_back().await["repaired"], 1);
    world.settle().await;
    assert_eq!(world.look_back().await["asked"], 0, "it is not due");
    let before = world.everything().await;

    let (code, json, shown) = paceline(&world, "paceline_fetch", &["--provider", "strava"]).await;
    assert_eq!((code, &json["due"]), (0, &json!(1)), "{shown}");
    let pass = world.look_back().await;
    assert_eq!((&pass["asked"], &pass["repaired"]), (&json!(1), &json!(0)));
    let (code, json, shown) =
        paceline(&world, "paceline_fetch", &["--provider", "whoop", "--all"]).await;
    assert_eq!((code, &json), (2, &Value::Null), "{shown}");
    let (_, json, shown) = paceline(&world, "paceline_fetch", &["--provider", "whoop"]).await;
    assert_eq!(json["due"], 0, "{shown}");

    let from_the_first = ["--provider", "strava", "--from-the-first"];
    let (code, json, shown) = paceline(&world, "paceline_fetch", &from_the_first).await;
    assert_eq!((code, &json["due"]), (0, &json!(1)), "{shown}");
    assert_eq!(reconciliation(&world).await["reconciled_at"], Value::Null);
    assert_eq!(world.look_back().await["asked"], 1);
    assert_eq!(
        world.everything().await,
        before,
        "what was known stays as it is"
    );

    // Who sees nobody's connections is told so, and not that there are none.
    let (code, json, shown) = paceline(&world, "paceline_sweep", &["--all"]).await;
    assert_eq!((code, &json), (1, &Value::Null), "{shown}");
    assert!(shown.contains("paceline_fetch"), "{shown}");
    world.stop().await;
}

/// What an operator asks for while a pass is under way is not lost to its end.
#[tokio::test]
async fn a_connection_that_is_made_due_while_it_is_asked_stays_due() {
    let strava = Provider::start().await;
    lists(&strava, &[]);
    let world = world(&strava).await;
    let held = world.hold("before_reconciliation_ends");
    let pass = world.look_back();
    let made_due = async {
        world.arrival(&held).await;
        let all = paceline(&world, "paceline_fetch", &["--provider", "strava"]).await;
        held.let_go();
        all
    };
    let (pass, (code, json, shown)) = tokio::join!(pass, made_due);
    assert_eq!((code, &json["due"]), (0, &json!(1)), "{shown}");

    assert_eq!(
        pass["asked"], 2,
        "once before, and once because of the operator"
    );
    assert_eq!(world.look_back().await["asked"], 0);
    world.stop().await;
}
