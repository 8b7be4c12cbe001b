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
