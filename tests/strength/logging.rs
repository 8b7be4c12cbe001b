//! Sets: always logged, once, at a place of their own.

use crate::lifter::{BENCH, Lifter, SQUAT, bench, set, standing, surpassed, with};
use futures_util::future::join_all;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::world;
use support::world::Other;
use uuid::Uuid;

/// S-01, S-08
#[tokio::test]
async fn any_series_of_sets_without_a_grip_is_logged_and_leaves_the_best_as_records() {
    for (name, series, heaviest, e1rm, set_volume) in [
        ("five identical", [100.0; 5], 100.0, 116.67, 500.0),
        (
            "rising",
            [80.0, 85.0, 90.0, 95.0, 100.0],
            100.0,
            116.67,
            500.0,
        ),
        (
            "falling",
            [100.0, 95.0, 90.0, 85.0, 80.0],
            100.0,
            116.67,
            500.0,
        ),
        (
            "mixed",
            [90.0, 100.0, 80.0, 100.0, 85.0],
            100.0,
            116.67,
            500.0,
        ),
    ] {
        let world = world!(Start::Paused);
        let lifter = Lifter::start(&world).await;
        let mut sets = Vec::new();
        for kg in series {
            sets.push(lifter.log(&bench(kg, 5)).await);
        }

        let total = series.iter().map(|kg| kg * 5.0).sum::<f64>();
        let expected = [
            format!("e1rm {e1rm:?}"),
            format!("heaviest {heaviest:?}"),
            "reps 5.0".to_owned(),
            format!("session_volume {total:?}"),
            format!("set_volume {set_volume:?}"),
        ];
        let standing = lifter.records().await;
        assert_eq!(standing, expected, "{name}");
        let places = lifter.places(BENCH).await;
        assert_eq!(places, ["1 both", "2 both", "3 both", "4 both", "5 both"]);
        // Of equal ones the first keeps it.
        let first = series.iter().position(|kg| *kg >= heaviest).unwrap();
        let list = world.get("/records?kind=heaviest").await;
        let record = &list["records"][0];
        assert_eq!(record["set_id"], sets[first]["set"]["set_id"], "{name}");
        assert_eq!(record["achieved_at"], sets[first]["set"]["performed_at"]);
        let told: Vec<_> = sets.iter().map(surpassed).collect();
        eprintln!("{name}: {series:?} kg x 5 -> {standing:?}; told {told:?}");
        world.stop().await;
    }
}

/// S-12
#[tokio::test]
async fn fifty_sets_at_once_have_consecutive_places_and_the_true_records() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let sets: Vec<Value> = (0..50).map(|n| bench(50.0 + f64::from(n), 3)).collect();

    let logged = join_all(sets.iter().map(|set| lifter.log(set))).await;

    let indexes: BTreeSet<i64> = logged
        .iter()
        .map(|logged| logged["set"]["set_index"].as_i64().unwrap())
        .collect();
    assert_eq!(indexes, (1..=50).collect());
    let standing = lifter.records().await;
    assert_eq!(
        standing,
        [
            "e1rm 108.9",
            "heaviest 99.0",
            "reps 3.0",
            "session_volume 11175.0",
            "set_volume 297.0"
        ]
    );
    eprintln!("50 at once: places 1 to {}, {standing:?}", indexes.len());
    world.stop().await;
}

/// S-13
#[tokio::test]
async fn eight_identical_posts_at_once_are_one_set_and_one_answer() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let set = bench(100.0, 5);

    let answers = join_all((0..8).map(|_| lifter.send(&set))).await;

    for answer in &answers {
        assert_eq!(answer, &answers[0]);
        assert_eq!(answer.status, 201);
    }
    let rows = world
        .rows("SELECT to_jsonb(s) FROM workout_sets AS s")
        .await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    eprintln!("8 at once: 8 answers alike, {} row", rows.len());

    // Later sets change neither it nor what was said of it.
    let records = "SELECT to_jsonb(r) FROM personal_records AS r ORDER BY r.kind";
    lifter.log(&bench(110.0, 5)).await;
    let before = (
        world
            .rows("SELECT to_jsonb(s) FROM workout_sets AS s ORDER BY s.id")
            .await,
        world.rows(records).await,
    );
    assert_eq!(lifter.send(&set).await, answers[0]);
    let after = (
        world
            .rows("SELECT to_jsonb(s) FROM workout_sets AS s ORDER BY s.id")
            .await,
        world.rows(records).await,
    );
    assert_eq!(before, after);

    let other = lifter.send(&with(set.clone(), &json!({"reps": 6}))).await;
    assert_eq!((other.status, other.code()), (409, "set_id_taken"));
    let moved = lifter
        .send(&with(set, &json!({"exercise_id": SQUAT})))
        .await;
    assert_eq!((moved.status, moved.code()), (409, "set_id_taken"));
    world.stop().await;
}

/// S-13, S-15
#[tokio::test]
async fn many_sets_are_logged_as_one_by_one_or_not_at_all() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let bulk = async |sets: &[Value]| {
        let body = json!({ "sets": sets }).to_string();
        let path = lifter.path("/sets/bulk");
        world.send(Method::POST, &path, body).await
    };
    let sets = [
        bench(60.0, 8),
        set(SQUAT, 80.0, "kg", 5),
        bench(65.0, 8),
        bench(62.5, 8),
    ];

    let logged = bulk(&sets).await;

    assert_eq!(logged.status, 201, "{logged:?}");
    let told: Vec<(i64, Vec<&str>)> = logged.body["sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["set"]["set_index"].as_i64().unwrap(), surpassed(one)))
        .collect();
    assert_eq!(
        told.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
        [1, 1, 2, 3]
    );
    // In which order they were sent is in which they were done, whatever their ids are.
    let heavier: Vec<bool> = told
        .iter()
        .map(|(_, kinds)| kinds.contains(&"heaviest"))
        .collect();
    assert_eq!(heavier, [true, true, true, false]);
    assert_eq!(bulk(&sets).await, logged);
    let again = [sets[0].clone(), sets[0].clone(), sets[2].clone()];
    let twice = bulk(&again).await.body;
    let first = &logged.body["sets"];
    assert_eq!(twice["sets"], json!([first[0], first[0], first[2]]));

    let wrong = [
        bench(70.0, 8),
        with(bench(70.0, -1), &json!({"rpe": 11})),
        with(bench(70.0, 5), &json!({"side": "up"})),
    ];
    let refused = bulk(&wrong).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid"));
    let fields: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["/sets/1/reps", "/sets/1/rpe", "/sets/2"]);
    let unknown = [
        bench(70.0, 8),
        set(&Uuid::new_v4().to_string(), 1.0, "kg", 1),
    ];
    let refused = bulk(&unknown).await;
    assert_eq!(refused.body["errors"][0]["field"], "/sets/1/exercise_id");
    for size in [0, 101] {
        let sets: Vec<Value> = (0..size).map(|_| bench(1.0, 1)).collect();
        assert_eq!(bulk(&sets).await.status, 422, "{size}");
    }
    let rows = world
        .rows("SELECT to_jsonb(count(*)) FROM workout_sets")
        .await;
    assert_eq!(rows, [json!(4)]);
    world.stop().await;
}

/// S-14
#[tokio::test]
async fn left_and_right_share_a_place_and_are_changed_each_by_itself() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let side = |side: &str, kg| with(bench(kg, 8), &json!({ "side": side }));
    let left = lifter.log(&side("left", 20.0)).await;
    lifter.log(&side("left", 22.0)).await;
    let right = lifter.log(&side("right", 21.0)).await;
    assert_eq!(lifter.places(BENCH).await, ["1 left", "1 right", "2 left"]);

    let id = right["set"]["set_id"].as_str().unwrap();
    let changed = lifter.change(id, &json!({"weight": 30})).await;

    assert_eq!(changed["set"]["weight_kg"], 30.0);
    let list = world.get(&lifter.path("/sets")).await;
    assert_eq!(list["exercises"][0]["sets"][0], left["set"]);
    // The place is there as long as one of them stands at it.
    lifter.delete(id).await;
    assert_eq!(lifter.places(BENCH).await, ["1 left", "2 left"]);
    let id = left["set"]["set_id"].as_str().unwrap();
    lifter.delete(id).await;
    assert_eq!(lifter.places(BENCH).await, ["1 left"]);
    world.stop().await;
}

/// S-15, S-18
#[tokio::test]
async fn what_is_wrong_with_a_set_is_named_and_nothing_of_it_is_stored() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let good = || bench(100.0, 5);
    for (wrong, field) in [
        (json!({"grips": ["close", "upside_down"]}), "/grips"),
        (json!({"grips": ["close", "\u{0}"]}), "/grips"),
        (json!({"grips": ["x".repeat(101)]}), "/grips"),
        (json!({"reps": -1}), "/reps"),
        (json!({"weight": -0.5}), "/weight"),
        (json!({"weight": 1e300}), "/weight"),
        (json!({"weight_unit": null}), "/weight_unit"),
        (json!({"rpe": 10.5}), "/rpe"),
        (json!({"rpe": -1}), "/rpe"),
        (json!({"rir": 11}), "/rir"),
        (json!({"rest_s": 100_000}), "/rest_s"),
        (json!({"notes": "a\u{0}b"}), "/notes"),
        (
            json!({"performed_at": "1960-01-01T00:00:00Z"}),
            "/performed_at",
        ),
        (
            json!({"performed_at": "2999-01-01T00:00:00Z"}),
            "/performed_at",
        ),
        (json!({"exercise_id": Uuid::new_v4()}), "/exercise_id"),
    ] {
        let refused = lifter.send(&with(good(), &wrong)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "invalid"),
            "{wrong}: {refused:?}"
        );
        assert_eq!(refused.body["errors"][0]["field"], field, "{wrong}");
    }
    for (body, status) in [
        (r#"{"set_id": 1}"#.to_owned(), 422),
        ("[]".to_owned(), 422),
        ("{".to_owned(), 400),
        (with(good(), &json!({"colour": "red"})).to_string(), 422),
        (with(good(), &json!({"kind": "huge"})).to_string(), 422),
    ] {
        let path = lifter.path("/sets");
        let refused = world.send(Method::POST, &path, body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {refused:?}");
    }
    for table in [
        "SELECT to_jsonb(s) FROM workout_sets AS s",
        "SELECT to_jsonb(r) FROM personal_records AS r",
    ] {
        assert_eq!(world.rows(table).await, Vec::<Value>::new());
    }
    world.stop().await;
}

/// S-17
#[tokio::test]
async fn nobody_logs_changes_or_reads_in_anothers_workout() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let logged = lifter.log(&bench(100.0, 5)).await;
    let id = logged["set"]["set_id"].as_str().unwrap();
    let own = world
        .send(
            Method::POST,
            "/exercises",
            json!({"name": "My lift"}).to_string(),
        )
        .await;
    let own = own.body["exercise_id"].as_str().unwrap().to_owned();
    let stranger = Other::join(&world, "stranger").await;

    for (method, path, body) in [
        (Method::POST, lifter.path("/sets"), bench(1.0, 1)),
        (Method::GET, lifter.path("/sets"), Value::Null),
        (
            Method::PATCH,
            lifter.path(&format!("/sets/{id}")),
            json!({"reps": 9}),
        ),
        (
            Method::DELETE,
            lifter.path(&format!("/sets/{id}")),
            Value::Null,
        ),
        (
            Method::PUT,
            lifter.path("/exercises"),
            json!({"exercise_ids": []}),
        ),
        (Method::POST, lifter.path("/finish"), json!({})),
        (Method::DELETE, lifter.path(""), Value::Null),
        (Method::GET, format!("/exercises/{own}"), Value::Null),
        (
            Method::PATCH,
            format!("/exercises/{own}"),
            json!({"name": "Mine"}),
        ),
        (Method::DELETE, format!("/exercises/{own}"), Value::Null),
    ] {
        let answer = stranger.send(method.clone(), &path, body.to_string()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "not_found"),
            "{method} {path}"
        );
    }
    // A workout of one's own and an exercise of somebody else's.
    let started = stranger
        .send(
            Method::POST,
            "/workouts",
            json!({"client_id": Uuid::new_v4()}).to_string(),
        )
        .await;
    let path = format!("/workouts/{}/sets", started.workout_id());
    let refused = stranger
        .send(Method::POST, &path, set(&own, 10.0, "kg", 1).to_string())
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["field"], "/exercise_id");
    let order = format!("/workouts/{}/exercises", started.workout_id());
    let body = json!({ "exercise_ids": [BENCH, own] }).to_string();
    let refused = stranger.send(Method::PUT, &order, body).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid"));
    // An id that somebody else has used is free: ids are each athlete's own.
    let same = stranger
        .send(
            Method::POST,
            &path,
            with(bench(50.0, 1), &json!({"set_id": id})).to_string(),
        )
        .await;
    assert_eq!(same.status, 201, "{same:?}");
    assert_eq!(standing(&world).await.len(), 5);
    let rows = world
        .rows("SELECT to_jsonb(count(DISTINCT user_id)) FROM personal_records")
        .await;
    assert_eq!(rows, [json!(2)]);
    world.stop().await;
}

/// S-05
#[tokio::test]
async fn a_set_its_grips_and_its_records_are_seen_together_or_not_at_all() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let seen = async || {
        world
            .rows(
                "SELECT jsonb_build_array(
                     (SELECT count(*) FROM workout_sets),
                     (SELECT coalesce(sum(cardinality(grips)), 0) FROM workout_sets),
                     (SELECT count(*) FROM personal_records))",
            )
            .await
    };
    let set = with(bench(100.0, 5), &json!({"grips": ["close", "neutral"]}));

    let held = world.hold("before_commit");
    let logging = lifter.log(&set);
    let looking = async {
        world.arrival(&held).await;
        assert_eq!(seen().await, [json!([0, 0, 0])]);
        held.let_go();
    };
    futures_util::join!(logging, looking);

    assert_eq!(seen().await, [json!([1, 2, 5])]);
    world.stop().await;
}
