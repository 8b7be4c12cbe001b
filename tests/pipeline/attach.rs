//! Which plan a workout was, decided before any stage can look.

use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;

/// P-25, P-38, P-44
#[tokio::test]
async fn a_plan_made_first_is_attached_before_any_stage_ran() {
    let world = world!(Start::Paused);
    let planned = world.create_plan(&world.plan(3600)).await;

    let workout = world.deliver(&world.run("a", 3300)).await.workout_id();

    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["summary_status"], "pending");
    assert_eq!(
        seen["generation"], 1,
        "the link is part of the first generation"
    );
    assert_eq!(seen["plan"]["planned_id"], json!(planned));
    assert_eq!(seen["plan"]["reason"], "matched");
    let ratio = seen["plan"]["candidates"][0]["duration_ratio"]
        .as_f64()
        .unwrap();
    assert!((ratio - 3300.0 / 3600.0).abs() < 1e-9);
    world.stop().await;
}

/// A plan made after the workout is found, and raises the generation once.
#[tokio::test]
async fn a_plan_made_later_is_attached_and_the_stages_run_again() {
    let world = world!(Start::Running);
    let workout = world.deliver(&world.run("a", 3300)).await.workout_id();
    world.settle().await;

    let planned = world.create_plan(&world.plan(3600)).await;
    world.settle().await;

    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["plan"]["planned_id"], json!(planned));
    assert_eq!(seen["generation"], 2);
    assert_eq!(seen["analysis_status"], "complete");
    world.stop().await;
}

/// P-16: one day, and the athlete's own, wherever and whenever it was.
#[tokio::test]
async fn a_plan_is_of_the_athletes_own_day_at_midnight_in_every_zone_and_in_a_leap_second() {
    let world = world!(Start::Paused);
    for (started_at, utc_offset_s, date) in [
        ("2026-11-20T23:30:00Z", 3600, "2026-11-21"),
        // Where a day begins first, and where it ends last.
        ("2026-11-18T10:30:00Z", 14 * 3600, "2026-11-19"),
        ("2026-11-17T11:30:00Z", -12 * 3600, "2026-11-16"),
        // The nights in which summer time begins and ends.
        ("2026-03-28T23:30:00Z", 3600, "2026-03-29"),
        ("2026-10-24T22:15:00Z", 7200, "2026-10-25"),
        // The clocks that everything is counted by have none: it is the second after it.
        ("2016-12-31T23:59:60Z", 0, "2017-01-01"),
    ] {
        let mut plan = world.plan(600);
        plan["date"] = date.into();
        let planned = world.create_plan(&plan).await;
        let mut body = world.run(started_at, 600);
        body["activity"]["started_at"] = started_at.into();
        body["activity"]["utc_offset_s"] = utc_offset_s.into();

        let workout = world.deliver(&body).await.workout_id();

        let seen = world.get(&format!("/workouts/{workout}")).await;
        assert_eq!(
            (&seen["local_date"], &seen["plan"]["planned_id"]),
            (&json!(date), &json!(planned)),
            "{started_at}: {seen:#}"
        );
    }
    world.stop().await;
}

/// P-39, P-40
#[tokio::test]
async fn a_held_plan_is_not_taken_and_two_alike_are_refused() {
    let world = world!(Start::Paused);
    let planned = world.create_plan(&world.plan(3600)).await;

    let first = world.deliver(&world.run("a", 3600)).await.workout_id();
    let second = world.deliver(&world.run("b", 3600)).await.workout_id();

    let plan_of = async |workout| world.get(&format!("/workouts/{workout}")).await["plan"].clone();
    assert_eq!(plan_of(first).await["planned_id"], json!(planned));
    assert_eq!(plan_of(second).await["reason"], "taken");

    world.create_plan(&world.plan(3500)).await;
    world.create_plan(&world.plan(3700)).await;
    let third = world.deliver(&world.run("c", 3600)).await.workout_id();
    let plan = plan_of(third).await;
    // The second workout took one of them when it came, so only one is left for the third.
    assert_eq!(plan["reason"], "matched");
    world.create_plan(&world.plan(1000)).await;
    world.create_plan(&world.plan(1010)).await;
    let fourth = world.deliver(&world.run("d", 1005)).await.workout_id();
    assert_eq!(plan_of(fourth).await["reason"], "ambiguous");
    let plan = plan_of(fourth).await;
    let close = |candidate: &&Value| candidate["reason"] == "ambiguous";
    let candidates = plan["candidates"].as_array().unwrap();
    assert_eq!(candidates.iter().filter(close).count(), 2, "{plan:#}");
    world.stop().await;
}

/// P-42
#[tokio::test]
async fn the_athletes_own_word_is_never_undone_by_matching() {
    let world = world!(Start::Paused);
    let planned = world.create_plan(&world.plan(3600)).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    let path = format!("/workouts/{workout}/plan");

    let detached = world.send(Method::DELETE, &path, "").await;
    let mut update = world.run("a", 3610);
    update["occurred_at"] = "2026-11-20T09:00:00Z".into();
    world.deliver(&update).await;
    world.create_plan(&world.plan(3605)).await;

    assert_eq!(detached.status, 200);
    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["plan"]["planned_id"], Value::Null);
    assert_eq!(
        (&seen["plan"]["reason"], &seen["plan"]["pinned"]),
        (&json!("detached"), &json!(true))
    );

    let far = world.create_plan(&json!({
        "date": "2026-11-25", "sport": "ride", "name": "Not alike at all", "total_duration_s": 60,
    }))
    .await;
    let attached = world
        .send(Method::PUT, &path, json!({ "planned_id": far }).to_string())
        .await;
    assert_eq!(attached.status, 200);
    update["activity"]["name"] = "Renamed".into();
    update["occurred_at"] = "2026-11-20T10:00:00Z".into();
    world.deliver(&update).await;
    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["plan"]["planned_id"], json!(far));
    let _ = planned;
    world.stop().await;
}

/// P-43
#[tokio::test]
async fn a_plan_that_another_workout_holds_is_refused_with_409() {
    let world = world!(Start::Paused);
    let planned = world.create_plan(&world.plan(3600)).await;
    world.deliver(&world.run("a", 3600)).await;
    let second = world.deliver(&world.run("b", 3600)).await.workout_id();
    let before = world.everything().await;

    let body = json!({ "planned_id": planned }).to_string();
    let answer = world
        .send(Method::PUT, &format!("/workouts/{second}/plan"), body)
        .await;

    assert_eq!((answer.status, answer.code()), (409, "plan_taken"));
    assert_eq!(world.everything().await, before);
    world.stop().await;
}

/// P-43
#[tokio::test]
async fn deleting_either_side_leaves_no_dangling_link() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&world.plan(3600)).await;
    let body = world.run("a", 3600);
    let workout = world.deliver(&body).await.workout_id();
    world.settle().await;

    let deleted = world
        .send(Method::DELETE, &format!("/planned-workouts/{planned}"), "")
        .await;
    world.settle().await;

    assert_eq!(deleted.status, 204);
    let seen = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(seen["plan"]["planned_id"], Value::Null);
    assert_eq!(seen["plan"]["reason"], "no_candidates");
    assert_eq!(seen["generation"], 2, "the plan was an input of the stages");

    let again = world.create_plan(&world.plan(3600)).await;
    let mut deletion = body;
    deletion["event"] = "delete".into();
    deletion["occurred_at"] = "2026-11-20T12:00:00Z".into();
    world.deliver(&deletion).await;
    let plan = world.get(&format!("/planned-workouts/{again}")).await;
    assert_eq!(plan["workout_id"], Value::Null);
    world.stop().await;
}

/// P-43: the constraint itself, when two transactions want one plan.
#[tokio::test]
async fn the_database_lets_only_one_live_workout_hold_a_plan() {
    let world = world!(Start::Paused);
    let planned = world.create_plan(&world.plan(3600)).await;
    world.deliver(&world.run("a", 3600)).await;
    let second = world.deliver(&world.run("b", 3600)).await.workout_id();

    let mut sql = world.sql().await;
    let refused = sqlx::query("UPDATE workouts SET planned_id = $1::uuid WHERE id = $2")
        .bind(planned)
        .bind(second.0)
        .execute(&mut sql)
        .await
        .unwrap_err();

    let constraint = refused
        .as_database_error()
        .and_then(|error| error.constraint());
    assert_eq!(constraint, Some("workouts_planned_id_key"));
    world.stop().await;
}

/// A plan that moves away leaves its workout, and the one that is left is found.
#[tokio::test]
async fn moving_a_plan_to_another_day_decides_again() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&world.plan(3600)).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    let mut moved = world.plan(3600);
    moved["date"] = "2026-11-22".into();
    let path = format!("/planned-workouts/{planned}");

    let answer = world.send(Method::PUT, &path, moved.to_string()).await;
    let once = world.get(&format!("/workouts/{workout}")).await;
    let again = world.send(Method::PUT, &path, moved.to_string()).await;

    assert_eq!((answer.status, again.status), (200, 200));
    assert_eq!(once["plan"]["planned_id"], Value::Null);
    let twice = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(
        twice["generation"], once["generation"],
        "the same plan again changes nothing"
    );
    world.settle().await;
    world.stop().await;
}

/// P-27
#[tokio::test]
async fn plans_that_cannot_be_read_do_not_keep_a_workout_from_being_computed() {
    let world = world!(Start::Running);
    world.create_plan(&world.plan(3600)).await;
    let mut sql = world.sql().await;

    // A row of a later version, and a right that is missing: one fails in us, one in PostgreSQL.
    for damage in [
        "UPDATE planned_workouts SET sport = 'quidditch'",
        "REVOKE SELECT ON planned_workouts FROM paceline_ingest",
    ] {
        sqlx::query(damage).execute(&mut sql).await.unwrap();
        let workout = world.deliver(&world.run(damage, 3600)).await.workout_id();
        world.settle().await;

        let seen = world.get(&format!("/workouts/{workout}")).await;
        assert_eq!(seen["plan"]["reason"], "undecided", "{damage}");
        assert_eq!(seen["analysis_status"], "complete", "{damage}");
    }
    world.stop().await;
}
