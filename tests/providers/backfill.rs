//! An athlete's past is brought in when it is asked for, behind what happens now, and seen.

use crate::authorise::{Flow, strava};
use crate::doors::Visit;
use crate::reconcile::hours_pass;
use crate::strava::{detail, detail_of};
use crate::whoop;
use reqwest::Method;
use serde_json::{Value, json};
use support::provider::{Call, Provider, Reply};
use support::world::Answer;

const LIST: &str = "GET /api/v3/athlete/activities";
const PATH: &str = "/connections/strava/backfill";

fn parameter(call: &Call, name: &str) -> Option<String> {
    let mut parts = call.query.split('&').filter_map(|p| p.split_once('='));
    parts.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

/// Strava lists these pages to who asks from the day on that is asked for, and nothing newer.
fn lists(api: &Provider, since: i64, pages: Vec<Vec<u64>>) {
    api.answers(LIST, move |call| {
        let after: i64 = parameter(call, "after").unwrap().parse().unwrap();
        let page: usize = parameter(call, "page").unwrap().parse().unwrap();
        let told = pages.get(page - 1).filter(|_| after == since);
        let rows = told.into_iter().flatten();
        Reply::json(&rows.map(|activity| old(*activity)).collect())
    });
}

/// A run of the spring.
fn old(activity: u64) -> Value {
    let mut run = detail(activity, 600);
    run["start_date"] = json!("2026-04-01T06:00:00Z");
    run["start_date_local"] = json!("2026-04-01T08:00:00Z");
    run
}

fn knows_old(api: &Provider, activity: u64) {
    crate::strava::knows_run(api, activity, 600);
    api.always(&detail_of(activity), Reply::json(&old(activity)));
}

async fn connected() -> Visit {
    let visit = Flow::open(&[strava()]).await;
    assert_eq!(strava().connect(&visit).await.status, 200);
    visit.api.always(LIST, Reply::json(&json!([])));
    visit.world.look_back().await;
    visit
}

async fn ask(visit: &Visit, since: &str) -> Answer {
    let body = json!({ "since": since }).to_string();
    visit.world.send(Method::POST, PATH, body).await
}

async fn shown(visit: &Visit) -> Value {
    let shown = visit.world.get("/connections").await;
    let mut shown = shown["connections"].as_array().unwrap().iter();
    let strava = shown.find(|c| c["provider"] == "strava").unwrap();
    strava["backfill"].clone()
}

/// 2026-03-01, the day that is asked for.
const SINCE: i64 = 1_772_323_200;

#[tokio::test]
async fn the_past_is_listed_page_by_page_and_its_progress_is_seen() {
    let visit = connected().await;
    assert_eq!(shown(&visit).await, Value::Null);
    lists(&visit.api, SINCE, vec![vec![1, 2], vec![3]]);
    for activity in [1, 2] {
        knows_old(&visit.api, activity);
    }
    visit.api.always(&detail_of(3), Reply::status(400));

    let begun = ask(&visit, "2026-03-01").await;

    assert_eq!(begun.status, 202, "{begun:?}");
    let begun = json!({
        "since": "2026-03-01", "state": "listing", "found": 0, "fetched": 0, "failed": 0,
    });
    assert_eq!(shown(&visit).await, begun);
    visit.world.look_back().await;
    let listed = json!({
        "since": "2026-03-01", "state": "fetching", "found": 3, "fetched": 0, "failed": 0,
    });
    assert_eq!(shown(&visit).await, listed);
    visit.world.settle().await;
    let complete = json!({
        "since": "2026-03-01", "state": "complete", "found": 3, "fetched": 2, "failed": 1,
    });
    assert_eq!(shown(&visit).await, complete);

    // It is over, and the past is not asked for again.
    let asked = visit.api.count(LIST);
    sqlx::query("UPDATE reconciliations SET due_at = clock_timestamp()")
        .execute(&mut visit.world.sql().await)
        .await
        .unwrap();
    visit.world.look_back().await;
    assert_eq!(visit.api.count(LIST), asked + 1);
    assert_eq!(shown(&visit).await, complete);

    // What is asked for again because it may not be kept for long was brought in all the same.
    visit.world.cloud().pause_mappings().await;
    sqlx::query("UPDATE workouts SET told_at = told_at - interval '6 days'")
        .execute(&mut visit.world.sql().await)
        .await
        .unwrap();
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["renewed"], 2);
    assert_eq!(shown(&visit).await, complete);
    visit.stop().await;
}

/// Some providers do not count their pages but name the next one.
#[tokio::test]
async fn pages_that_are_named_and_not_counted_are_gone_through_all_the_same() {
    let visit = Visit::to(&whoop::DOOR).await;
    (whoop::DOOR.knows)(&visit.api, 0);
    whoop::lists(&visit.api, "2026-10-20T22:30:00Z".parse().unwrap());
    let body = json!({"since": "2026-10-01"}).to_string();

    let path = "/connections/whoop/backfill";
    let begun = visit.world.send(Method::POST, path, body).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    visit.world.look_back().await;
    visit.world.settle().await;

    let shown = visit.world.get("/connections").await;
    let mut shown = shown["connections"].as_array().unwrap().iter();
    let whoop = shown.find(|c| c["provider"] == "whoop").unwrap();
    let complete = json!({
        "since": "2026-10-01", "state": "complete", "found": 1, "fetched": 1, "failed": 0,
    });
    assert_eq!(whoop["backfill"], complete);
    visit.stop().await;
}

#[tokio::test]
async fn a_list_that_breaks_off_goes_on_where_it_was_and_counts_each_page_once() {
    let visit = connected().await;
    assert_eq!(ask(&visit, "2026-03-01").await.status, 202);
    let is_away = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let away = std::sync::Arc::clone(&is_away);
    visit.api.answers(LIST, move |call| {
        let after = parameter(call, "after").unwrap();
        match (
            after == SINCE.to_string(),
            &*parameter(call, "page").unwrap(),
        ) {
            (true, "1") => Reply::json(&json!([old(1), old(2)])),
            (true, "2") if away.load(std::sync::atomic::Ordering::Relaxed) => Reply::status(503),
            (true, "2") => Reply::json(&json!([old(3)])),
            _ => Reply::json(&json!([])),
        }
    });

    visit.world.look_back().await;
    assert_eq!(shown(&visit).await["state"], "listing");
    assert_eq!(shown(&visit).await["found"], 2);
    let state = "SELECT to_jsonb(r) FROM reconciliations r WHERE provider = 'strava'";
    let state = visit.world.rows(state).await;
    let error = state[0]["last_error"].as_str().unwrap();
    assert!(error.starts_with("provider_unavailable: "), "{error}");

    is_away.store(false, std::sync::atomic::Ordering::Relaxed);
    sqlx::query("UPDATE reconciliations SET due_at = clock_timestamp()")
        .execute(&mut visit.world.sql().await)
        .await
        .unwrap();
    visit.world.look_back().await;

    assert_eq!(shown(&visit).await["found"], 3);
    let first_pages = visit.api.calls().into_iter().filter(|call| {
        call.what == LIST
            && parameter(call, "after") == Some(SINCE.to_string())
            && parameter(call, "page").as_deref() == Some("1")
    });
    assert_eq!(first_pages.count(), 1);
    visit.stop().await;
}

/// P-13: the past leaves room for what somebody does right now.
#[tokio::test]
async fn what_happens_now_overtakes_a_backfill_in_the_providers_limit() {
    let visit = connected().await;
    lists(&visit.api, SINCE, vec![vec![1, 2, 3]]);
    for activity in 1..4 {
        knows_old(&visit.api, activity);
    }
    crate::strava::knows_run(&visit.api, 9, 600);
    ask(&visit, "2026-03-01").await;
    visit.world.look_back().await;
    sqlx::query("UPDATE provider_windows SET used = 80, most = 100 WHERE length_s = 900")
        .execute(&mut visit.world.sql().await)
        .await
        .unwrap();

    let at = crate::strava::just_now();
    let now = crate::strava::tell(&visit.world, 9, "create", at).await;
    visit.world.cloud().resume_mappings();
    visit
        .world
        .until("SELECT count(*) = 1 FROM stage_runs WHERE stage = 'fetch' AND status = 'complete'")
        .await;
    visit
        .world
        .until(
            "SELECT count(*) = 3 FROM stage_runs WHERE stage = 'fetch' AND not_before IS NOT NULL",
        )
        .await;

    let now = format!("/workouts/{}", now.workout_id());
    let now = visit.world.get(&now).await;
    assert_eq!(now["fetch"]["status"], "complete");
    assert_eq!(visit.api.count(&detail_of(1)), 0);
    assert_eq!(shown(&visit).await["state"], "fetching");
    visit.stop().await;
}

#[tokio::test]
async fn a_backfill_of_the_future_of_nobody_or_of_who_lists_nothing_is_refused_by_code() {
    let visit = Flow::open(&[strava(), &crate::authorise::FLOWS[0]]).await;
    let unconnected = ask(&visit, "2026-03-01").await;
    assert_eq!(
        (unconnected.status, unconnected.code()),
        (409, "needs_reauthorisation")
    );
    assert_eq!(strava().connect(&visit).await.status, 200);
    for (since, status, code) in [
        ("2100-01-01", 422, "invalid"),
        ("soon", 422, "invalid"),
        ("2026-02-30", 422, "invalid"),
    ] {
        let refused = ask(&visit, since).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{since}");
    }
    for provider in ["garmin", "wahoo", "myspace"] {
        let path = format!("/connections/{provider}/backfill");
        let body = json!({"since": "2026-03-01"}).to_string();
        let refused = visit.world.send(Method::POST, &path, body).await;
        assert_eq!((refused.status, refused.code()), (422, "no_list"));
    }
    assert_eq!(shown(&visit).await, Value::Null);
    visit.stop().await;
}

#[tokio::test]
async fn how_far_the_first_look_goes_back_is_a_setting() {
    let api = Provider::start().await;
    let mut settings = strava().settings(&api);
    settings["api"]["first_look_days"] = json!(90);
    let settings = std::collections::BTreeMap::from([("strava".to_owned(), settings)]);
    let visit = Visit::with(settings, api).await;
    visit.api.always(LIST, Reply::json(&json!([])));
    assert_eq!(strava().connect(&visit).await.status, 200);
    let before = chrono::DateTime::<chrono::Utc>::from(support::world::now()).timestamp();

    visit.world.look_back().await;

    let calls = visit.api.calls();
    let asked = calls.iter().find(|call| call.what == LIST).unwrap();
    let after: i64 = parameter(asked, "after").unwrap().parse().unwrap();
    assert!((0..60).contains(&(after - (before - 90 * 86_400))));
    visit.stop().await;
}
