//! The best of many workouts, and what it tells of thresholds.

use domain::bests::{EFFORTS_M, HR_S, POWER_S};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::World;

/// A ride of constant power for each of its parts, one after the other.
fn ride(world: &World, id: &str, date: &str, parts: &[(usize, f64)]) -> Value {
    let watts: Vec<f64> = parts
        .iter()
        .flat_map(|(seconds, watts)| std::iter::repeat_n(*watts, *seconds))
        .collect();
    json!({
        "event": "create",
        "athlete": world.endpoint().athlete,
        "activity_id": id,
        "occurred_at": format!("{date}T20:00:00Z"),
        "activity": {
            "sport": "ride",
            "started_at": format!("{date}T09:00:00Z"),
            "utc_offset_s": 0,
            "samples": {"time_s": (0..watts.len()).collect::<Vec<_>>(), "power_w": watts},
        },
    })
}

/// The best watts over a duration, with the date of the ride.
fn best(curve: &Value, duration_s: u32) -> Option<(f64, String)> {
    let points = curve["points"].as_array().unwrap();
    let point = points
        .iter()
        .find(|point| point["duration_s"] == duration_s)?;
    let date = point["local_date"].as_str().unwrap().to_owned();
    Some((point["watts"].as_f64().unwrap(), date))
}

/// The places of the schema are those of the code.
#[tokio::test]
async fn the_bests_of_a_single_workout_are_its_own() {
    let world = world!(Start::Running);
    let file = support::oracle::bytes("ride_power_edge1000.fit").unwrap();
    let id = world
        .send(Method::POST, "/activities", file)
        .await
        .workout_id();
    world.settle().await;
    let workout = world.get(&format!("/workouts/{id}")).await;
    let own = |list: &str, place: &str, value: &str| -> Vec<(f64, f64)> {
        let points = workout["computed"]["analysis"][list].as_array().unwrap();
        let number = |point: &Value, key: &str| point[key].as_f64().unwrap();
        points
            .iter()
            .map(|point| (number(point, place), number(point, value)))
            .collect()
    };
    let shown = |list: &Value, place: &str, value: &str| -> Vec<(f64, f64)> {
        let points = list.as_array().unwrap().iter();
        points
            .map(|point| {
                assert_eq!(point["workout_id"], json!(id));
                assert_eq!(point["local_date"], workout["local_date"]);
                (
                    point[place].as_f64().unwrap(),
                    point[value].as_f64().unwrap(),
                )
            })
            .collect()
    };
    let only = |points: Vec<(f64, f64)>, places: &[f64]| -> Vec<(f64, f64)> {
        let at = |place: f64| places.iter().any(|p| p.to_bits() == place.to_bits());
        points.into_iter().filter(|(place, _)| at(*place)).collect()
    };

    let curve = world.get("/athlete/power-curve").await;
    let power = POWER_S.map(f64::from);
    let expected = only(own("mean_max_power", "duration_s", "watts"), &power);
    assert!(expected.len() > 25, "{expected:?}");
    assert_eq!(shown(&curve["points"], "duration_s", "watts"), expected);

    let bests = world.get("/athlete/bests").await;
    let [ride] = bests["sports"].as_array().unwrap().as_slice() else {
        panic!("{bests}");
    };
    assert_eq!(ride["sport"], "ride");
    let expected = only(own("best_efforts", "distance_m", "elapsed_s"), &EFFORTS_M);
    assert_eq!(
        expected.len(),
        EFFORTS_M.len(),
        "it is longer than a marathon"
    );
    assert_eq!(shown(&ride["efforts"], "distance_m", "elapsed_s"), expected);
    let expected = only(
        own("mean_max_hr", "duration_s", "bpm"),
        &HR_S.map(f64::from),
    );
    assert_eq!(expected.len(), HR_S.len());
    assert_eq!(shown(&ride["hr"], "duration_s", "bpm"), expected);
    assert_eq!(ride["power"].as_array().unwrap().len(), 12);
    world.stop().await;
}

#[tokio::test]
async fn a_best_goes_with_its_workout_and_changes_with_it() {
    let world = world!(Start::Running);
    for (id, date, watts) in [
        ("a", "2026-03-01", 250.0),
        ("b", "2026-03-02", 300.0),
        ("c", "2026-03-03", 300.0),
    ] {
        let body = ride(&world, id, date, &[(600, watts), (60, 100.0)]);
        assert_eq!(world.deliver(&body).await.status, 200);
    }
    world.settle().await;
    let at_600 = async |query: &str| {
        let curve = world.get(&format!("/athlete/power-curve{query}")).await;
        best(&curve, 600)
    };
    let of = |watts: f64, date: &str| Some((watts, date.to_owned()));
    // Of equal ones the earliest holds.
    assert_eq!(at_600("").await, of(300.0, "2026-03-02"));
    assert_eq!(at_600("?to=2026-03-01").await, of(250.0, "2026-03-01"));
    assert_eq!(at_600("?from=2026-03-03").await, of(300.0, "2026-03-03"));
    assert_eq!(at_600("?from=2026-03-04").await, None);
    assert_eq!(at_600("?sport=run").await, None);

    let delete = json!({
        "event": "delete", "athlete": world.endpoint().athlete, "activity_id": "b",
        "occurred_at": "2026-03-05T00:00:00Z",
    });
    assert_eq!(world.deliver(&delete).await.status, 200);
    assert_eq!(at_600("").await, of(300.0, "2026-03-03"));

    let mut edited = ride(&world, "c", "2026-03-03", &[(600, 200.0)]);
    edited["event"] = "update".into();
    edited["occurred_at"] = "2026-03-05T00:00:00Z".into();
    assert_eq!(world.deliver(&edited).await.status, 200);
    world.settle().await;
    assert_eq!(at_600("").await, of(250.0, "2026-03-01"));
    world.stop().await;
}

#[tokio::test]
async fn an_effort_that_nobody_ever_made_is_left_out_and_counted() {
    let world = world!(Start::Running);
    // A position that jumps a kilometre within ten seconds.
    let metres = |second: u32| f64::from(second) * 3.0 + if second > 300 { 1000.0 } else { 0.0 };
    let seconds: Vec<u32> = (0..=600).filter(|s| !(300..310).contains(s)).collect();
    let mut run = world.run("a", 600);
    run["activity"]["samples"] = json!({
        "time_s": seconds,
        "distance_m": seconds.iter().map(|s| metres(*s)).collect::<Vec<_>>(),
    });
    assert_eq!(world.deliver(&run).await.status, 200);
    world.settle().await;
    let bests = world.get("/athlete/bests").await;
    assert!(bests["implausible"].as_u64().unwrap() > 0, "{bests}");
    let efforts = bests["sports"][0]["efforts"].as_array();
    for effort in efforts.into_iter().flatten() {
        let mps = effort["distance_m"].as_f64().unwrap() / effort["elapsed_s"].as_f64().unwrap();
        assert!(mps < 10.0, "{effort}");
    }
    world.stop().await;
}

#[tokio::test]
async fn thresholds_are_offered_with_their_efforts_and_never_taken_over() {
    let world = world!(Start::Running);
    let estimates = async || world.get("/athlete/estimates?to=2026-04-01").await;
    let nothing = estimates().await;
    assert_eq!(nothing["from"], "2026-01-02", "90 days");
    assert_eq!(nothing["ftp"], Value::Null);
    assert_eq!(
        nothing["reasons"],
        json!({"ftp": "too_few_efforts", "critical_power": "too_few_efforts"})
    );

    // On the curve of 250 W and 18 kJ, each on a day of its own; one is too old.
    let before = world.get("/athlete").await;
    let watts = |seconds: f64| 250.0 + 18_000.0 / seconds;
    for (id, date, seconds, over) in [
        ("a", "2026-03-01", 180_usize, watts(180.0)),
        ("b", "2026-03-08", 480, watts(480.0)),
        ("c", "2026-03-15", 1200, watts(1200.0)),
        ("old", "2025-12-01", 1200, 400.0),
    ] {
        let body = ride(&world, id, date, &[(60, 50.0), (seconds, over), (60, 50.0)]);
        assert_eq!(world.deliver(&body).await.status, 200);
    }
    world.settle().await;

    let shown = estimates().await;
    let ftp = &shown["ftp"];
    assert!(
        (ftp["ftp_w"].as_f64().unwrap() - 0.95 * 265.0).abs() < 1e-6,
        "{ftp}"
    );
    assert_eq!(ftp["effort"]["local_date"], "2026-03-15");
    assert_eq!(ftp["method"], "best_20_min_95_pct");
    let fit = &shown["critical_power"];
    let efforts = fit["efforts"].as_array().unwrap();
    let durations: Vec<u64> = efforts
        .iter()
        .map(|effort| effort["duration_s"].as_u64().unwrap())
        .collect();
    assert_eq!(durations, [180, 300, 480, 720, 1200]);
    // The best 5 and 12 minutes are parts of longer efforts, so the line lies a little lower.
    let cp = fit["cp_w"].as_f64().unwrap();
    assert!((cp - 250.0).abs() < 5.0, "{fit}");
    assert!(
        (fit["wprime_j"].as_f64().unwrap() - 18_000.0).abs() < 4000.0,
        "{fit}"
    );
    assert!(fit["r_squared"].as_f64().unwrap() > 0.99);
    assert!(fit["rmse_w"].as_f64().unwrap() > 1.0);
    assert_eq!(shown["reasons"], json!({}));
    assert_eq!(world.get("/athlete").await, before);
    let generations = world
        .rows("SELECT to_jsonb(generation) FROM workouts")
        .await;
    assert!(generations.iter().all(|generation| generation == 1));
    world.stop().await;
}

#[tokio::test]
async fn one_ride_alone_tells_no_critical_power() {
    let world = world!(Start::Running);
    let body = ride(&world, "a", "2026-03-01", &[(1300, 200.0), (300, 350.0)]);
    assert_eq!(world.deliver(&body).await.status, 200);
    world.settle().await;
    let shown = world.get("/athlete/estimates?to=2026-04-01").await;
    assert!(shown["ftp"]["ftp_w"].as_f64().is_some());
    assert_eq!(shown["critical_power"], Value::Null);
    assert_eq!(shown["reasons"]["critical_power"], "too_few_efforts");
    world.stop().await;
}
