//! The athlete's dated thresholds are an input of the stages.

use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;

/// P-59, P-68
#[tokio::test]
async fn thresholds_count_from_their_date_on_and_only_what_they_change_is_computed_again() {
    let world = world!(Start::Running);
    let early = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut later = world.run("b", 600);
    later["activity"]["started_at"] = "2026-11-21T06:30:00Z".into();
    later["activity"]["samples"] = json!({
        "time_s": (0..120).collect::<Vec<u32>>(),
        "hr_bpm": vec![150; 120],
    });
    let later = world.deliver(&later).await.workout_id();
    world.settle().await;
    let unknown = world.get(&format!("/workouts/{later}")).await;
    assert_eq!(
        unknown["computed"]["metrics"]["trimp_banister"],
        Value::Null
    );
    assert_eq!(
        unknown["computed"]["metrics"]["reasons"]["trimp_banister"],
        "no_hr_max"
    );
    assert!(unknown["computed"]["analysis"]["zones"]["hr"].is_null());
    assert_eq!(
        unknown["computed"]["analysis"]["reasons"]["zones.hr"],
        "no_hr_max"
    );

    let profile = json!({
        "sex": "m",
        "time_zone": "Europe/Berlin",
        "thresholds": [{"valid_from": "2026-11-21", "hr_max_bpm": 190, "hr_rest_bpm": 50}],
    });
    let put = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    world.settle().await;

    let known = world.get(&format!("/workouts/{later}")).await;
    assert!(
        known["computed"]["metrics"]["trimp_banister"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert_eq!(known["generation"], 2);
    let zones = known["computed"]["analysis"]["zones"]["hr"]
        .as_array()
        .unwrap();
    let seconds: f64 = zones
        .iter()
        .map(|zone| zone["seconds"].as_f64().unwrap())
        .sum();
    assert!((seconds - 120.0).abs() < f64::EPSILON);
    // Sex holds on every day, so the early workout changed too; its thresholds did not.
    let early = world.get(&format!("/workouts/{early}")).await;
    assert_eq!(early["computed"]["metrics"]["trimp_banister"], Value::Null);

    let again = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(again.body, put.body);
    let same = world.get(&format!("/workouts/{later}/status")).await;
    assert_eq!(same["generation"], 2);
    world.stop().await;
}

#[tokio::test]
async fn a_profile_that_is_not_believable_is_refused_by_field() {
    let world = world!(Start::Paused);

    for (profile, field) in [
        (json!({"time_zone": "Mars/Olympus"}), "/time_zone"),
        (
            json!({"thresholds": [{"ftp_w": 250}]}),
            "/thresholds/0/valid_from",
        ),
        (
            json!({"thresholds": [{"valid_from": "2026-01-01", "ftp_w": -1}]}),
            "/thresholds/0",
        ),
        (
            json!({"thresholds": [{"valid_from": "2026-01-01", "ftp": 1}]}),
            "/thresholds/0",
        ),
    ] {
        let answer = world
            .send(Method::PUT, "/athlete", profile.to_string())
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (422, "invalid"),
            "{profile}"
        );
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
    world.stop().await;
}
