//! Two devices: what each changed of an exercise of its own stays.

use crate::{Gym, ids};
use serde_json::{Value, json};
use uuid::Uuid;

/// An exercise of a log as a device that read it would send it, with other repetitions.
fn edited(log: &Value, index: usize, reps: u32) -> Value {
    let mut exercise = log["exercises"][index].clone();
    exercise["reps"] = json!(vec![reps; 3]);
    exercise
}

fn reps(log: &Value) -> Vec<&Value> {
    let rows = log["exercises"].as_array().unwrap().iter();
    rows.map(|row| &row["reps"][0]).collect()
}

/// L-33
#[tokio::test]
async fn edits_of_two_devices_that_were_not_sent_yet_are_merged_by_exercise() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let read = gym
        .save(&path, &json!({"exercises": gym.exercises(&[0, 1, 2], 5)}))
        .await["log"]
        .clone();

    // The first device saves; the second one still has what it read, and edits of its own.
    let first = gym
        .patch(&path, &json!({"exercises": [edited(&read, 0, 6)]}))
        .await;
    assert_eq!(
        (first.status, &first.body["outcome"]),
        (200, &json!("updated")),
        "{first:?}"
    );
    let added =
        json!({"id": Uuid::now_v7(), "exercise_id": gym.exercises[3], "sets": 1, "reps": [9]});
    let removed = json!({"id": read["exercises"][2]["id"], "revision": 1});
    let changes = json!({"exercises": [edited(&read, 1, 7), added], "removed": [removed]});
    let second = gym.patch(&path, &changes).await;

    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(reps(&second.body["log"]), [&json!(6), &json!(7), &json!(9)]);
    assert_eq!(crate::written(&second.body), [1, 1, 0, 1]);
    assert_eq!(ids(&second.body)[2], added["id"]);
    // What each of them reads next says what both did.
    assert_eq!(gym.world.get(&path).await, second.body["log"]);
    let again = gym.patch(&path, &changes).await;
    assert_eq!(
        again.body["outcome"], "unchanged",
        "and sent again it changes nothing"
    );
    assert_eq!(again.body["log"], second.body["log"]);
    gym.world.stop().await;
}

/// L-33, L-22
#[tokio::test]
async fn the_same_exercise_changed_on_both_is_refused_with_what_it_says_now() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let read = gym
        .save(&path, &json!({"exercises": gym.exercises(&[0, 1], 5)}))
        .await["log"]
        .clone();
    let first = gym
        .patch(&path, &json!({"exercises": [edited(&read, 0, 6)]}))
        .await;
    let before = gym.rows().await;

    let both = json!({"exercises": [edited(&read, 0, 7), edited(&read, 1, 7)]});
    let refused = gym.patch(&path, &both).await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "log_version_conflict")
    );
    assert_eq!(
        refused.body["conflicts"],
        json!([read["exercises"][0]["id"]])
    );
    assert_eq!(refused.body["current"], first.body["log"]);
    assert_eq!(gym.rows().await, before, "not even what was no conflict");

    // The athlete looks at it, and means it.
    let current = &refused.body["current"];
    let resolved = json!({"exercises": [edited(current, 0, 7), edited(&read, 1, 7)]});
    let resolved = gym.patch(&path, &resolved).await;
    assert_eq!(reps(&resolved.body["log"]), [&json!(7), &json!(7)]);
    let nameless = gym
        .patch(&path, &json!({"exercises": [gym.exercise(4, 5)]}))
        .await;
    assert_eq!((nameless.status, nameless.code()), (422, "invalid"));
    assert_eq!(nameless.body["errors"][0]["field"], "/exercises/0/id");
    let absent = gym.patch(&gym.path(0, 1), &json!({})).await;
    assert_eq!((absent.status, absent.code()), (404, "not_found"));
    gym.world.stop().await;
}

/// L-33
#[tokio::test]
async fn changes_are_refused_by_their_place_in_what_was_sent_and_make_no_log_too_long() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    gym.save(&path, &json!({"exercises": gym.exercises(&[0, 1, 2], 5)}))
        .await;
    let added =
        |exercise: &Value| json!({"id": Uuid::now_v7(), "exercise_id": exercise, "sets": 1});
    let of_one = json!(gym.exercises[3]);
    let many = |count: usize| -> Vec<Value> { (0..count).map(|_| added(&of_one)).collect() };
    let removals: Vec<Value> = (0..101)
        .map(|_| json!({"id": Uuid::now_v7(), "revision": 1}))
        .collect();
    let before = gym.rows().await;

    for (body, code, field) in [
        (
            json!({"exercises": [added(&of_one), added(&json!(Uuid::now_v7()))]}),
            "unknown_exercise",
            "/exercises/1/exercise_id",
        ),
        (json!({"exercises": many(98)}), "invalid", "/exercises"),
        (json!({"removed": removals}), "invalid", "/removed"),
    ] {
        let refused = gym.patch(&path, &body).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{refused:?}");
        assert_eq!(refused.body["errors"][0]["field"], field);
        assert_eq!(gym.rows().await, before);
    }

    let full = gym.patch(&path, &json!({"exercises": many(97)})).await;
    let exercises = &full.body["log"]["exercises"];
    let again = gym.save(&path, &json!({"exercises": exercises})).await;
    assert_eq!(
        again["outcome"], "unchanged",
        "what is answered can be sent"
    );
    gym.world.stop().await;
}
