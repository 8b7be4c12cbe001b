//! Records: the greatest of what was really lifted, and of nothing else.

use crate::lifter::{BENCH, Lifter, SQUAT, bench, set, surpassed, with};
use domain::recording::StrengthSet;
use domain::set::SetKind;
use domain::signal::strength::e1rm_kg;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;

/// S-07
#[tokio::test]
async fn each_kind_is_what_its_formula_says_of_worked_examples() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    for (kg, reps) in [(100.0, 5), (60.0, 12), (50.0, 20), (110.0, 1), (0.0, 30)] {
        lifter.log(&bench(kg, reps)).await;
    }
    let timed = json!({"kind": "timed", "duration_s": 95.5});
    lifter.log(&with(bench(10.0, 1), &timed)).await;
    let carried = json!({"kind": "distance", "distance_m": 40});
    lifter.log(&with(bench(10.0, 1), &carried)).await;

    assert_eq!(
        lifter.records().await,
        [
            "distance 40.0",
            // 100 kg times 1 + 5 / 30; twenty repetitions tell nothing of one.
            "e1rm 116.67",
            "heaviest 110.0",
            // Without weight they count as repetitions.
            "reps 30.0",
            // 500 + 720 + 1000 + 110.
            "session_volume 2330.0",
            "set_volume 1000.0",
            "time 95.5"
        ]
    );

    let path = format!("/exercises/{BENCH}/rep-max");
    let table = world.get(&path).await;
    let table: Vec<(i64, f64)> = table["rep_max"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["reps"].as_i64().unwrap(),
                row["weight_kg"].as_f64().unwrap(),
            )
        })
        .collect();
    let mut expected = vec![(1, 110.0)];
    expected.extend((2..=5).map(|reps| (reps, 100.0)));
    expected.extend((6..=12).map(|reps| (reps, 60.0)));
    assert_eq!(table, expected);
    world.stop().await;
}

/// S-07
#[tokio::test]
async fn the_databases_estimate_of_one_repetition_is_the_domains() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    for reps in [1, 2, 5, 11, 12, 13] {
        let exercise = json!({"name": format!("Lift of {reps}")}).to_string();
        let made = world.send(Method::POST, "/exercises", exercise).await;
        let exercise = made.body["exercise_id"].as_str().unwrap();
        lifter
            .log(&set(exercise, 101.3, "kg", i64::from(reps)))
            .await;

        let path = format!("/records?kind=e1rm&exercise_id={exercise}");
        let list = world.get(&path).await;
        let expected = e1rm_kg(&StrengthSet {
            start_s: 0.0,
            duration_s: None,
            active: true,
            reps: Some(reps),
            weight_kg: Some(101.3),
            category: None,
            kind: SetKind::Normal,
            distance_m: None,
            rpe: None,
        });
        let value = list["records"][0]["value"].as_f64();
        assert_eq!(value.is_some(), expected.is_some(), "{reps}");
        let apart = value.unwrap_or_default() - expected.unwrap_or_default();
        assert!(apart.abs() <= 0.005, "{reps}: {value:?}, not {expected:?}");
    }
    world.stop().await;
}

/// S-08
#[tokio::test]
async fn a_worse_set_and_an_equal_one_leave_records_as_they_are() {
    let world = world!(Start::Paused);
    let first = Lifter::start(&world).await;
    first.log(&bench(100.0, 5)).await;
    first.finish().await;
    let before = world.get("/records").await;
    let second = Lifter::start(&world).await;

    for (kg, reps) in [(90.0, 5), (100.0, 4), (60.0, 1)] {
        let logged = second.log(&bench(kg, reps)).await;
        let told: Vec<&str> = surpassed(&logged)
            .into_iter()
            .filter(|kind| *kind != "session_volume")
            .collect();
        assert_eq!(told, Vec::<&str>::new(), "{kg} kg x {reps}");
    }
    let worse = world.get("/records").await;
    let without_volume = |list: &Value| -> Vec<Value> {
        let records = list["records"].as_array().unwrap().iter();
        let mut records: Vec<Value> = records
            .filter(|record| record["kind"] != "session_volume")
            .cloned()
            .collect();
        records.sort_by_key(ToString::to_string);
        records
    };
    assert_eq!(without_volume(&worse), without_volume(&before));
    let second_id = second.workout.to_string();
    for set in world.get(&second.path("/sets")).await["exercises"][0]["sets"]
        .as_array()
        .unwrap()
    {
        second.delete(set["set_id"].as_str().unwrap()).await;
    }
    // An equal set alone in its workout equals the volume of that workout too.
    let equal = second.log(&bench(100.0, 5)).await;
    assert_eq!(equal["set"]["workout_id"], second_id);
    assert_eq!(surpassed(&equal), Vec::<&str>::new());
    assert_eq!(world.get("/records").await, before);
    world.stop().await;
}

/// S-09
#[tokio::test]
async fn what_was_no_work_makes_no_record_of_weight() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    lifter.log(&bench(50.0, 5)).await;
    let before = lifter.records().await;

    for other in [
        json!({"kind": "warmup"}),
        json!({"is_completed": false}),
        json!({"reps": 0}),
        json!({"kind": "timed", "duration_s": 30}),
        json!({"kind": "distance", "distance_m": 20}),
    ] {
        let logged = lifter.log(&with(bench(200.0, 10), &other)).await;
        let told = surpassed(&logged);
        assert!(
            told.is_empty() || told == ["time"] || told == ["distance"],
            "{other}: {told:?}"
        );
    }

    let mut after = lifter.records().await;
    after.retain(|record| !record.starts_with("time") && !record.starts_with("distance"));
    assert_eq!(after, before);
    // They are kept all the same.
    assert_eq!(lifter.places(BENCH).await.len(), 6);
    world.stop().await;
}

/// S-10
#[tokio::test]
async fn pounds_are_compared_as_kilograms_and_shown_in_the_athletes_unit() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let heaviest = async || {
        let list = world.get("/records?kind=heaviest").await;
        let record = &list["records"][0];
        (
            record["value"].clone(),
            record["display_value"].clone(),
            record["display_unit"].clone(),
        )
    };

    lifter.log(&bench(100.0, 1)).await;
    let lighter = lifter.log(&set(BENCH, 150.0, "lb", 1)).await;
    // But for the volume of a workout, which grows with every set.
    assert_eq!(surpassed(&lighter), ["session_volume"]);
    assert_eq!(heaviest().await, (json!(100.0), json!(100.0), json!("kg")));
    eprintln!(
        "100 kg, then 150 lb ({} kg): heaviest {:?}",
        lighter["set"]["weight_kg"],
        heaviest().await
    );
    let heavier = lifter.log(&set(BENCH, 225.0, "lb", 1)).await;
    assert!(surpassed(&heavier).contains(&"heaviest"));
    assert_eq!(heavier["set"]["weight"], 225.0);
    assert_eq!(
        heaviest().await,
        (json!(102.06), json!(102.06), json!("kg"))
    );
    eprintln!("then 225 lb: heaviest {:?}", heaviest().await);

    let units = json!({"units": "imperial"}).to_string();
    world.send(Method::PUT, "/athlete", units).await;
    assert_eq!(heaviest().await, (json!(102.06), json!(225.0), json!("lb")));
    let list = world.get(&lifter.path("/sets")).await;
    let first = &list["exercises"][0]["sets"][0];
    assert_eq!(
        (
            &first["weight"],
            &first["weight_kg"],
            &first["display_weight"]
        ),
        (&json!(100.0), &json!(100.0), &json!(220.46))
    );
    world.stop().await;
}

/// S-11
#[tokio::test]
async fn a_mistyped_set_that_is_corrected_or_deleted_gives_its_records_back() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    lifter.log(&bench(100.0, 5)).await;
    let before = world.get("/records").await;

    let mistyped = lifter.log(&bench(200.0, 5)).await;
    let id = mistyped["set"]["set_id"].as_str().unwrap();
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 200.0".to_owned())
    );
    eprintln!("mistyped: {:?}", lifter.records().await);

    let corrected = lifter.change(id, &json!({"weight": 20})).await;
    // No workout before had any volume.
    assert_eq!(surpassed(&corrected), ["session_volume"]);
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 100.0".to_owned())
    );
    lifter.change(id, &json!({"weight": 200})).await;
    lifter.delete(id).await;
    assert_eq!(world.get("/records").await, before);
    eprintln!("deleted: {:?}", lifter.records().await);

    // With the last set the record goes.
    let list = world.get(&lifter.path("/sets")).await;
    let id = list["exercises"][0]["sets"][0]["set_id"].as_str().unwrap();
    lifter.delete(id).await;
    assert_eq!(lifter.records().await, Vec::<String>::new());
    world.stop().await;
}

/// S-04
#[tokio::test]
async fn grips_have_records_of_their_own_whatever_their_order_and_repetition() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let grips = |kg, grips: &[&str]| with(bench(kg, 1), &json!({ "grips": grips }));
    lifter.log(&bench(100.0, 1)).await;
    lifter.log(&grips(80.0, &["close", "neutral"])).await;
    lifter
        .log(&grips(90.0, &["neutral", "close", "close"]))
        .await;
    let wide = lifter.log(&grips(70.0, &["wide"])).await;

    let mut heaviest = lifter.records().await;
    heaviest.retain(|record| record.starts_with("heaviest"));
    assert_eq!(
        heaviest,
        [
            "heaviest 100.0",
            "heaviest 70.0 wide",
            "heaviest 90.0 close,neutral"
        ]
    );
    let one = world
        .get("/records?kind=heaviest&grips=neutral,close")
        .await;
    assert_eq!(one["records"][0]["value"], 90.0);
    let none = world.get("/records?kind=heaviest&grips=").await;
    assert_eq!(none["records"].as_array().unwrap().len(), 1);

    // A set whose grip is corrected takes its records along.
    let id = wide["set"]["set_id"].as_str().unwrap();
    lifter
        .change(id, &json!({"grips": ["close", "neutral"], "weight": 95}))
        .await;
    let mut heaviest = lifter.records().await;
    heaviest.retain(|record| record.starts_with("heaviest"));
    assert_eq!(heaviest, ["heaviest 100.0", "heaviest 95.0 close,neutral"]);
    world.stop().await;
}

/// S-07
#[tokio::test]
async fn a_history_tells_each_time_that_a_record_was_surpassed() {
    let world = world!(Start::Paused);
    for (day, series) in [("01", [80.0, 90.0, 85.0]), ("08", [85.0, 95.0, 95.0])] {
        let lifter = Lifter::start(&world).await;
        for (minute, kg) in (10..).zip(series) {
            let at = json!({"performed_at": format!("2026-11-{day}T10:{minute}:00Z")});
            lifter.log(&with(bench(kg, 5), &at)).await;
        }
        lifter.log(&set(SQUAT, 120.0, "kg", 5)).await;
        lifter.finish().await;
    }

    let history = async |kind: &str| -> Vec<(f64, Option<f64>)> {
        let path = format!("/records/history?exercise_id={BENCH}&kind={kind}");
        let list = world.get(&path).await;
        let records = list["records"].as_array().unwrap().iter();
        records
            .map(|r| (r["value"].as_f64().unwrap(), r["previous"].as_f64()))
            .collect()
    };
    assert_eq!(
        history("heaviest").await,
        [(95.0, Some(90.0)), (90.0, Some(80.0)), (80.0, None)]
    );
    // Each workout's whole.
    assert_eq!(
        history("session_volume").await,
        [(1375.0, Some(1275.0)), (1275.0, None)]
    );
    let all = world.send(Method::GET, "/records/history", "").await;
    assert_eq!((all.status, all.code()), (400, "exercise_missing"));
    world.stop().await;
}
