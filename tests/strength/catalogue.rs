//! Exercises: of everybody, and an athlete's own.

use crate::lifter::{BENCH, Lifter, set};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::world;

#[tokio::test]
async fn every_exercise_is_found_by_words_muscle_and_equipment_page_by_page() {
    let world = world!(Start::Paused);
    let mut path = "/exercises".to_owned();
    let mut ids = BTreeSet::new();
    loop {
        let page = world.get(&path).await;
        for exercise in page["exercises"].as_array().unwrap() {
            assert!(
                ids.insert(exercise["exercise_id"].to_string()),
                "{exercise}"
            );
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/exercises?cursor={cursor}"),
            None => break,
        }
    }
    let rows = world.rows("SELECT to_jsonb(count(*)) FROM exercises").await;
    assert_eq!(json!(ids.len()), rows[0]);

    let names = async |query: &str| -> Vec<String> {
        let found = world.get(&format!("/exercises?{query}")).await;
        let exercises = found["exercises"].as_array().unwrap().iter();
        exercises
            .map(|e| e["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = names("name=PRESS%20bench-barb%20medium&muscle=chest&equipment=barbell").await;
    assert!(
        found.contains(&"Barbell Bench Press - Medium Grip".to_owned()),
        "{found:?}"
    );
    assert_eq!(
        names("name=bench%20press&muscle=calves").await,
        Vec::<String>::new()
    );
    assert_eq!(names("name=%25").await.len(), 100);
    for (query, code) in [
        ("muscle=tail", "unknown_muscle"),
        ("equipment=anvil", "unknown_equipment"),
        ("cursor=x", "bad_cursor"),
        ("colour=red", "unknown_parameter"),
    ] {
        let refused = world
            .send(Method::GET, &format!("/exercises?{query}"), "")
            .await;
        assert_eq!((refused.status, refused.code()), (400, code));
    }
    assert_eq!(
        world.get("/grips").await["grips"].as_array().unwrap().len(),
        21
    );
    world.stop().await;
}

#[tokio::test]
async fn an_athlete_adds_changes_and_drops_exercises_and_leaves_the_catalogue() {
    let world = world!(Start::Paused);
    let post = async |body: &Value| {
        world
            .send(Method::POST, "/exercises", body.to_string())
            .await
    };
    let body = json!({"name": "Zercher carry", "aliases": ["ZC"], "measure": "distance",
        "category": "strongman", "equipment": ["barbell"], "primary_muscles": ["quadriceps"]});

    let made = post(&body).await;

    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["exercise_id"].as_str().unwrap().to_owned();
    let path = format!("/exercises/{id}");
    assert_eq!(world.get(&path).await, made.body);
    assert_eq!(
        world.get("/exercises?name=zc").await["exercises"][0],
        made.body
    );
    let again = post(&json!({"name": "zercher-CARRY"})).await;
    assert_eq!((again.status, again.code()), (409, "exercise_exists"));
    let alias = post(&json!({"name": "Another", "aliases": ["zc"]})).await;
    assert_eq!((alias.status, alias.code()), (409, "exercise_exists"));
    for wrong in [
        json!({"name": ""}),
        json!({"name": "!!!"}),
        json!({"name": "x".repeat(121)}),
        json!({"name": "a", "aliases": vec!["b"; 21]}),
        json!({"name": "a", "equipment": ["anvil"]}),
        json!({"name": "a", "colour": "red"}),
    ] {
        assert_eq!(post(&wrong).await.status, 422, "{wrong}");
    }

    let patch = json!({"aliases": [], "measure": null, "name": "Zercher walk"}).to_string();
    let changed = world.send(Method::PATCH, &path, patch).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["name"], "Zercher walk");
    assert_eq!(changed.body["measure"], "reps");
    assert_eq!(changed.body["category"], "strongman");
    assert_eq!(
        world.get("/exercises?name=zc").await["exercises"],
        json!([])
    );

    let lifter = Lifter::start(&world).await;
    lifter.log(&set(&id, 60.0, "kg", 5)).await;
    assert_eq!(world.send(Method::DELETE, &path, "").await.status, 204);
    assert_eq!(world.get(&path).await["is_archived"], true);
    assert_eq!(
        world.get("/exercises?name=zercher%20walk").await["exercises"],
        json!([])
    );
    assert_eq!(lifter.places(&id).await, ["1 both"]);
    let unused = post(&json!({"name": "Unused"})).await;
    let unused = format!(
        "/exercises/{}",
        unused.body["exercise_id"].as_str().unwrap()
    );
    assert_eq!(world.send(Method::DELETE, &unused, "").await.status, 204);
    assert_eq!(world.send(Method::GET, &unused, "").await.status, 404);

    let everybodys = format!("/exercises/{BENCH}");
    let patch = json!({"name": "Mine"}).to_string();
    assert_eq!(
        world.send(Method::PATCH, &everybodys, patch).await.status,
        404
    );
    assert_eq!(
        world.send(Method::DELETE, &everybodys, "").await.status,
        404
    );
    assert_eq!(world.get(&everybodys).await["is_own"], false);
    world.stop().await;
}
