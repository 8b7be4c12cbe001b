//! Workouts that are logged by hand: one at a time, finished once, and workouts like any other.

use crate::lifter::{BENCH, Lifter, SQUAT, bench, set, start, with};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::now;
use uuid::Uuid;

/// S-19
#[tokio::test]
async fn an_athlete_logs_one_workout_at_a_time() {
    let world = world!(Start::Paused);
    assert_eq!(world.get("/workouts/active").await, json!({"active": null}));
    let ids: Vec<Uuid> = (0..4).map(|_| Uuid::new_v4()).collect();
    let bodies: Vec<Value> = ids
        .iter()
        .chain(&ids)
        .map(|id| json!({"client_id": id, "name": "Push"}))
        .collect();

    let answers = join_all(bodies.iter().map(|body| start(&world, body))).await;

    let mut outcomes: Vec<(u16, &str)> = answers
        .iter()
        .map(|answer| (answer.status, answer.code()))
        .collect();
    outcomes.sort_unstable();
    // Whoever was first is answered the same when it asks again.
    let mut expected = vec![(200, ""), (201, "")];
    expected.extend([(409, "session_active"); 6]);
    assert_eq!(outcomes, expected);
    let started = answers.iter().find(|answer| answer.status == 201).unwrap();
    let active = world.get("/workouts/active").await;
    assert_eq!(active["active"], started.body);
    let refused = answers.iter().find(|answer| answer.status == 409).unwrap();
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains(&started.workout_id().to_string()));
    let rows = world.rows("SELECT to_jsonb(w) FROM workouts AS w").await;
    assert_eq!(rows.len(), 1);

    let lifter = Lifter {
        world: &world,
        workout: started.workout_id(),
    };
    assert_eq!(lifter.finish().await.status, 200);
    let next = start(&world, &json!({"client_id": Uuid::new_v4()})).await;
    assert_eq!(next.status, 201);
    world.stop().await;
}

/// S-20
#[tokio::test]
async fn a_workout_is_finished_once_after_whatever_was_logged_and_takes_no_set_after_that() {
    let world = world!(Start::Paused);
    for sets in [
        vec![],
        vec![bench(100.0, 5)],
        vec![
            with(bench(20.0, 10), &json!({"kind": "warmup"})),
            with(bench(60.0, 1), &json!({"kind": "timed", "duration_s": 30})),
            with(bench(60.0, 1), &json!({"side": "left"})),
            with(bench(0.0, 0), &json!({"weight": null, "weight_unit": null})),
            with(
                bench(60.0, 1),
                &json!({"is_completed": false, "reps": null}),
            ),
        ],
    ] {
        let lifter = Lifter::start(&world).await;
        for set in &sets {
            lifter.log(set).await;
        }

        let finished = lifter.finish().await;

        assert_eq!(finished.status, 200, "{finished:?}");
        assert_eq!(finished.body["is_active"], false);
        assert!(finished.body["duration_s"].is_number());
        let rows = world.everything().await;
        assert_eq!(lifter.finish().await, finished);
        assert_eq!(world.everything().await, rows);
        let late = lifter.send(&bench(60.0, 1)).await;
        assert_eq!((late.status, late.code()), (409, "session_finished"));
        // A set that came in time may be told of again.
        if let Some(set) = sets.first() {
            assert_eq!(lifter.send(set).await.status, 201);
        }
        let kept = world.get(&lifter.path("/sets")).await;
        let kept = kept["exercises"].as_array().unwrap().iter();
        let kept: usize = kept.map(|e| e["sets"].as_array().unwrap().len()).sum();
        assert_eq!(kept, sets.len());
    }
    world.settle().await;
    let statuses = world
        .rows("SELECT to_jsonb(count(*)) FROM stage_runs WHERE status = 'complete'")
        .await;
    assert_eq!(statuses, [json!(9)]);
    world.stop().await;
}

/// S-23
#[tokio::test]
async fn a_whole_session_of_a_phone_ends_complete_and_with_the_right_records() {
    let world = world!(Start::Running);
    let plan =
        json!({"date": today(), "sport": "strength", "name": "Push", "total_duration_s": 3600});
    let planned = world.create_plan(&plan).await;
    let began = moment() - TimeDelta::hours(1);
    let body = json!({"client_id": Uuid::new_v4(), "name": "Push", "started_at": began});
    let started = start(&world, &body).await;
    let lifter = Lifter {
        world: &world,
        workout: started.workout_id(),
    };
    let names = ["barbell deadlift", "barbell curl", "arnold dumbbell press"];
    let mut exercises = vec![BENCH.to_owned(), SQUAT.to_owned()];
    for name in names {
        let found = world
            .get(&format!("/exercises?name={}", name.replace(' ', "%20")))
            .await;
        exercises.push(
            found["exercises"][0]["exercise_id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }

    for (number, exercise) in (0..).zip(&exercises) {
        for round in 0..4 {
            let kg = 40.0 + 10.0 * f64::from(number) + 2.5 * f64::from(round);
            let at = began + TimeDelta::minutes(i64::from(number * 10 + round * 2));
            let set = with(
                set(exercise, kg, "kg", 8),
                &json!({"performed_at": at, "rpe": 8}),
            );
            let logged = lifter.log(&set).await;
            // The phone was in a tunnel, twice.
            if (number, round) == (1, 1) || (number, round) == (3, 2) {
                assert_eq!(lifter.log(&set).await, logged);
            }
        }
    }
    let mut order = exercises.clone();
    order.swap(0, 4);
    let body = json!({ "exercise_ids": order }).to_string();
    let ordered = world
        .send(Method::PUT, &lifter.path("/exercises"), body)
        .await;
    assert_eq!(ordered.status, 200, "{ordered:?}");
    assert_eq!(lifter.finish().await.status, 200);
    world.settle().await;

    let list = world.get(&lifter.path("/sets")).await;
    let shown: Vec<&str> = list["exercises"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exercise| {
            assert_eq!(exercise["sets"].as_array().unwrap().len(), 4);
            exercise["exercise_id"].as_str().unwrap()
        })
        .collect();
    assert_eq!(shown, order);
    let records = world.get("/records?kind=heaviest").await;
    let mut heaviest: Vec<f64> = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["value"].as_f64().unwrap())
        .collect();
    heaviest.sort_by(f64::total_cmp);
    assert_eq!(heaviest, [47.5, 57.5, 67.5, 77.5, 87.5]);
    let workout = world.get(&lifter.path("")).await;
    assert_eq!(workout["sport"], "strength");
    assert_eq!(workout["name"], "Push");
    assert_eq!(workout["plan"]["planned_id"], planned.as_str());
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(workout[format!("{stage}_status")], "complete", "{workout}");
    }
    assert_eq!(workout["computed"]["overall"]["sets"], 20, "{workout}");
    world.stop().await;
}

/// S-20
#[tokio::test]
async fn a_set_that_is_changed_after_the_finish_is_computed_anew() {
    let world = world!(Start::Running);
    let lifter = Lifter::start(&world).await;
    let set = lifter.log(&bench(100.0, 5)).await;
    let id = set["set"]["set_id"].as_str().unwrap();
    lifter.finish().await;
    world.settle().await;
    let generation = async || {
        let workout = world.get(&lifter.path("")).await;
        (
            workout["generation"].clone(),
            workout["computed"]["overall"]["volume_kg"].clone(),
        )
    };
    assert_eq!(generation().await, (json!(1), json!(500.0)));

    lifter.change(id, &json!({"notes": "felt light"})).await;
    world.settle().await;
    assert_eq!(generation().await, (json!(1), json!(500.0)));
    lifter.change(id, &json!({"reps": 6})).await;
    world.settle().await;
    assert_eq!(generation().await, (json!(2), json!(600.0)));
    lifter.delete(id).await;
    world.settle().await;
    assert_eq!(generation().await.0, json!(3));
    world.stop().await;
}

/// S-11
#[tokio::test]
async fn a_workout_that_was_logged_by_hand_is_deleted_with_its_records() {
    let world = world!(Start::Paused);
    let first = Lifter::start(&world).await;
    first.log(&bench(90.0, 5)).await;
    first.finish().await;
    let before = world.get("/records").await;
    let client_id = Uuid::new_v4();
    let started = start(&world, &json!({ "client_id": client_id })).await;
    let second = Lifter {
        world: &world,
        workout: started.workout_id(),
    };
    second.log(&bench(100.0, 5)).await;

    let deleted = world.send(Method::DELETE, &second.path(""), "").await;

    assert_eq!(deleted.status, 204);
    assert_eq!(world.get("/records").await, before);
    assert_eq!(world.get("/workouts/active").await, json!({"active": null}));
    let again = world.send(Method::DELETE, &second.path(""), "").await;
    assert_eq!(again.status, 404);
    let revived = start(&world, &json!({ "client_id": client_id })).await;
    assert_eq!((revived.status, revived.code()), (409, "session_deleted"));
    let finished = world.send(Method::DELETE, &first.path(""), "").await;
    assert_eq!(finished.status, 204);
    assert_eq!(world.get("/workouts").await["workouts"], json!([]));
    // What a provider tells of is deleted there.
    let run = world.deliver(&world.run("a", 1800)).await;
    let path = format!("/workouts/{}", run.workout_id());
    let refused = world.send(Method::DELETE, &path, "").await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "not_logged_by_hand")
    );
    let refused = world
        .send(
            Method::POST,
            &format!("{path}/sets"),
            bench(1.0, 1).to_string(),
        )
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "not_logged_by_hand")
    );
    world.stop().await;
}

/// A watch recorded the heart of what the athlete logged by hand.
#[tokio::test]
async fn a_session_that_a_watch_recorded_too_is_one_workout() {
    let world = world!(Start::Running);
    let began = moment() - TimeDelta::minutes(50);
    let body = json!({"client_id": Uuid::new_v4(), "started_at": began});
    let lifter = Lifter {
        world: &world,
        workout: start(&world, &body).await.workout_id(),
    };
    lifter.log(&bench(100.0, 5)).await;
    let ended = json!({"ended_at": began + TimeDelta::minutes(45)}).to_string();
    world
        .send(Method::POST, &lifter.path("/finish"), ended)
        .await;
    let mut watch = world.run("watch", 2720);
    watch["activity"]["sport"] = json!("strength");
    watch["activity"]["started_at"] = json!(began + TimeDelta::seconds(40));
    watch["occurred_at"] = json!(moment());
    watch["activity"]["distance_m"] = Value::Null;
    assert_eq!(world.deliver(&watch).await.status, 200);
    world.settle().await;

    let list = world.get("/workouts").await;
    assert_eq!(list["workouts"].as_array().unwrap().len(), 1, "{list}");
    let workout = world.get(&lifter.path("")).await;
    let mut sources: Vec<&str> = workout["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["provider"].as_str().unwrap())
        .collect();
    sources.sort_unstable();
    assert_eq!(sources, ["athlete", "paceline"]);
    assert_eq!(workout["computed"]["overall"]["sets"], 1, "{workout}");
    assert_eq!(workout["computed"]["overall"]["avg_hr_bpm"], 150.0);
    world.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_start_a_finish_and_an_order_is_named() {
    let world = world!(Start::Paused);
    let id = Uuid::new_v4();
    for (wrong, field) in [
        (json!({"client_id": id, "name": " "}), "/name"),
        (
            json!({"client_id": id, "utc_offset_s": 60_000}),
            "/utc_offset_s",
        ),
        (
            json!({"client_id": id, "started_at": "2999-01-01T00:00:00Z"}),
            "/started_at",
        ),
    ] {
        let refused = start(&world, &wrong).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    assert_eq!(start(&world, &json!({"client_id": "x"})).await.status, 422);
    let lifter = Lifter::start(&world).await;
    let early = json!({"ended_at": "2020-01-01T00:00:00Z"}).to_string();
    let refused = world
        .send(Method::POST, &lifter.path("/finish"), early)
        .await;
    assert_eq!(refused.body["errors"][0]["field"], "/ended_at");
    for order in [json!([BENCH, BENCH]), json!([Uuid::new_v4()])] {
        let body = json!({ "exercise_ids": order }).to_string();
        let refused = world
            .send(Method::PUT, &lifter.path("/exercises"), body)
            .await;
        assert_eq!(refused.body["errors"][0]["field"], "/exercise_ids");
    }
    assert_eq!(lifter.finish().await.status, 200);
    world.stop().await;
}

fn moment() -> DateTime<Utc> {
    DateTime::<Utc>::from(now())
}

fn today() -> String {
    (moment() - TimeDelta::hours(1)).date_naive().to_string()
}
