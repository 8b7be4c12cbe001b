//! Deliveries in: once, whatever happens on the way.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use local::cloud::Start;
use serde_json::{Value, json};
use support::world;
use support::world::World;

async fn count(world: &World, query: &'static str) -> u64 {
    world.rows(query).await[0].as_u64().unwrap()
}

/// P-03
#[tokio::test]
async fn a_delivery_is_answered_after_its_commit_and_before_any_stage_ran() {
    let world = world!(Start::Paused);

    let answer = world.deliver(&world.run("a", 3600)).await;

    assert_eq!(
        (answer.status, answer.body["outcome"].as_str()),
        (200, Some("created"))
    );
    let status = world
        .get(&format!("/workouts/{}/status", answer.workout_id()))
        .await;
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(status[format!("{stage}_status")], "pending");
    }
    world.stop().await;
}

/// P-05
#[tokio::test]
async fn a_hundred_deliveries_of_one_activity_at_once_are_one_workout() {
    let world = world!(Start::Paused);
    let body = world.run("a", 3600);

    let answers = join_all((0..100).map(|_| world.deliver_as("msg_same", &body))).await;

    let first = answers[0].workout_id();
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.workout_id() == first)
    );
    let created = answers
        .iter()
        .filter(|answer| answer.body["outcome"] == "created")
        .count();
    assert_eq!(created, 1);
    assert_eq!(
        count(&world, "SELECT to_jsonb(count(*)) FROM workouts").await,
        1
    );
    assert_eq!(
        count(&world, "SELECT to_jsonb(count(*)) FROM stage_runs").await,
        3
    );
    world.stop().await;
}

/// P-06
#[tokio::test]
async fn a_delivery_repeated_a_hundred_times_at_once_changes_no_column() {
    let world = world!(Start::Running);
    let body = world.run("a", 3600);
    world.deliver_as("msg_first", &body).await;
    world.settle().await;
    let before = world.everything().await;

    // Half of them are the very same delivery, half are the same activity under other ids.
    let repeated = (0..100).map(|n| {
        let id = if n % 2 == 0 {
            "msg_first".to_owned()
        } else {
            format!("msg_again_{n}")
        };
        let (world, body) = (&world, &body);
        async move { world.deliver_as(&id, body).await }
    });
    let answers = join_all(repeated).await;

    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{answers:?}"
    );
    assert_eq!(world.everything().await, before);
    world.stop().await;
}

/// P-07
#[tokio::test]
async fn a_changed_activity_runs_the_chain_once_more_and_keeps_what_is_not_the_providers() {
    let world = world!(Start::Running);
    let mut body = world.run("a", 3600);
    let workout = world.deliver(&body).await.workout_id();
    world.settle().await;
    let before = world.get(&format!("/workouts/{workout}")).await;

    body["event"] = "update".into();
    body["occurred_at"] = "2026-11-20T09:00:00Z".into();
    body["activity"]["distance_m"] = 9000.into();
    // Another time zone is no reason to move the workout to another day.
    body["activity"]["utc_offset_s"] = (-50_000).into();
    let answer = world.deliver(&body).await;
    world.settle().await;

    assert_eq!(answer.body["outcome"], "changed");
    let after = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(after["generation"], 2);
    assert_eq!(after["computed"]["overall"]["distance_m"], 9000.0);
    for kept in ["created_at", "local_date", "provider_activity_id"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let attempts = world.rows("SELECT to_jsonb(attempt) FROM stage_runs").await;
    assert_eq!(attempts, vec![json!(1), json!(1), json!(1)]);
    world.stop().await;
}

/// P-07: what the provider said last wins, not what arrived last.
#[tokio::test]
async fn an_older_update_that_arrives_late_changes_nothing() {
    let world = world!(Start::Paused);
    let mut newer = world.run("a", 3600);
    newer["occurred_at"] = "2026-11-20T10:00:00Z".into();
    world.deliver(&newer).await;
    let before = world.everything().await;

    let mut older = world.run("a", 1800);
    older["occurred_at"] = "2026-11-20T09:00:00Z".into();
    let answer = world.deliver(&older).await;

    assert_eq!(
        (answer.status, answer.body["outcome"].as_str()),
        (200, Some("stale"))
    );
    assert_eq!(world.everything().await, before);
    world.stop().await;
}

/// A provider's clock that is far off costs what it tells now, and nothing that is told later.
#[tokio::test]
async fn a_time_far_off_is_refused_or_old_and_makes_nothing_later_stale() {
    let world = world!(Start::Paused);
    let at = |activity: &str, event: &str, time: &str, duration| {
        let mut body = world.run(activity, duration);
        body["event"] = event.into();
        body["occurred_at"] = time.into();
        body
    };
    let now = DateTime::<Utc>::from(support::world::now());
    let tomorrow = (now + TimeDelta::days(1) + TimeDelta::minutes(5)).to_rfc3339();

    let long_ago = at("a", "create", "1970-01-01T00:00:00Z", 600);
    assert_eq!(world.deliver(&long_ago).await.body["outcome"], "created");
    let before = world.everything().await;
    for time in [&*tomorrow, "2126-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        for (activity, event) in [("a", "update"), ("a", "delete"), ("b", "delete")] {
            let answer = world.deliver(&at(activity, event, time, 900)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (422, "invalid"),
                "{event} {activity} at {time}"
            );
        }
    }
    assert_eq!(world.everything().await, before);

    let later = "2026-11-20T09:00:00Z";
    for (activity, event, time, outcome) in [
        ("a", "update", later, "changed"),
        ("a", "delete", "1970-01-01T00:00:00Z", "stale"),
        ("b", "create", later, "created"),
    ] {
        let answer = world.deliver(&at(activity, event, time, 1200)).await;
        assert_eq!(answer.body["outcome"], outcome, "{event} {activity}");
    }
    world.stop().await;
}

/// P-08
#[tokio::test]
async fn a_deletion_leaves_a_tombstone_that_a_late_update_does_not_revive() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&world.plan(3600)).await;
    let body = world.run("a", 3600);
    let workout = world.deliver(&body).await.workout_id();
    world.settle().await;
    assert_eq!(
        world.get(&format!("/planned-workouts/{planned}")).await["workout_id"],
        json!(workout)
    );

    let mut deletion = body.clone();
    deletion["event"] = "delete".into();
    deletion["occurred_at"] = "2026-11-20T09:00:00Z".into();
    let deleted = world.deliver(&deletion).await;
    let mut late = body.clone();
    late["event"] = "update".into();
    late["occurred_at"] = "2026-11-20T09:00:00Z".into();
    late["activity"]["name"] = "Back from the dead".into();
    let revived = world.deliver(&late).await;

    assert_eq!(deleted.body["outcome"], "deleted");
    assert_eq!(revived.body["outcome"], "stale");
    let gone = world
        .send(reqwest::Method::GET, &format!("/workouts/{workout}"), "")
        .await;
    assert_eq!(gone.status, 404);
    let plan = world.get(&format!("/planned-workouts/{planned}")).await;
    assert_eq!(plan["workout_id"], Value::Null);
    assert_eq!(
        count(&world, "SELECT to_jsonb(count(*)) FROM recordings").await,
        0
    );
    world.stop().await;
}

/// P-09, P-10
#[tokio::test]
async fn what_cannot_be_accepted_is_refused_by_code_and_leaves_no_trace() {
    let world = world!(Start::Paused);
    let before = world.everything().await;
    let without = |path: &[&str]| {
        let mut body = world.run("a", 60);
        let (last, parents) = path.split_last().unwrap();
        let mut place = &mut body;
        for part in parents {
            place = &mut place[*part];
        }
        place.as_object_mut().unwrap().remove(*last);
        body
    };
    let with = |key: &str, value: Value| {
        let mut body = world.run("a", 60);
        body["activity"][key] = value;
        body
    };
    let mut stranger = world.run("a", 60);
    stranger["athlete"] = "nobody".into();
    let mut future = world.run("a", 60);
    future["occurred_at"] = "2126-01-01T00:00:00Z".into();

    for (body, status, code) in [
        (without(&["activity_id"]), 400, "activity_id_missing"),
        (without(&["athlete"]), 400, "athlete_missing"),
        (without(&["activity"]), 400, "activity_missing"),
        (without(&["activity", "sport"]), 422, "invalid"),
        (stranger, 422, "unknown_athlete"),
        (future, 422, "invalid"),
        (with("distance_m", json!(-5)), 422, "invalid"),
        (with("name", json!("a\u{0}b")), 422, "invalid"),
        (
            with("samples", json!({"time_s": [0, 1], "hr_bpm": [100]})),
            422,
            "invalid",
        ),
        (json!([]), 422, "invalid"),
    ] {
        let answer = world.deliver(&body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    }
    let unknown = world.post_webhook("nobody", &[], "{}").await;
    assert_eq!((unknown.status, unknown.code()), (404, "unknown_provider"));

    assert_eq!(world.everything().await, before);
    assert_eq!(
        count(&world, "SELECT to_jsonb(count(*)) FROM deliveries").await,
        0
    );
    world.stop().await;
}

/// P-12, P-18
#[tokio::test]
async fn two_short_runs_of_one_day_both_exist_and_keep_their_seconds() {
    let world = world!(Start::Running);

    let first = world.deliver(&world.run("a", 59)).await.workout_id();
    let second = world.deliver(&world.run("b", 61)).await.workout_id();
    world.settle().await;

    for (workout, seconds) in [(first, 59.0), (second, 61.0)] {
        let workout = world.get(&format!("/workouts/{workout}")).await;
        assert_eq!(workout["duration_s"], seconds);
        assert_eq!(workout["computed"]["overall"]["elapsed_s"], seconds);
    }
    world.stop().await;
}

/// P-11
#[tokio::test]
async fn two_users_with_the_same_activity_id_keep_separate_rows() {
    let world = world!(Start::Paused);
    let other = support::world::Other::join(&world, "other").await;
    let mut theirs = world.run("a", 1800);
    theirs["athlete"] = "other".into();

    let mine = world.deliver(&world.run("a", 3600)).await.workout_id();
    let theirs = world.deliver(&theirs).await.workout_id();

    assert_ne!(mine, theirs);
    let list = other.get("/workouts").await;
    assert_eq!(list.body["workouts"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["workouts"][0]["workout_id"], json!(theirs));
    world.stop().await;
}

/// P-16
#[tokio::test]
async fn the_local_date_is_the_athletes_and_not_utcs() {
    let world = world!(Start::Paused);
    let mut body = world.run("a", 600);
    body["activity"]["started_at"] = "2026-11-20T23:30:00Z".into();
    body["activity"]["utc_offset_s"] = (14 * 3600).into();

    let workout = world.deliver(&body).await.workout_id();

    let workout = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(workout["local_date"], "2026-11-21");
    world.stop().await;
}
