//! Finishing a log, once.

use crate::Gym;
use serde_json::{Value, json};

/// L-20, L-29
#[tokio::test]
async fn a_log_is_finished_once_and_a_late_autosave_does_not_reopen_it() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let made = gym
        .save(&path, &json!({"exercises": gym.exercises(&[0], 5)}))
        .await;
    let log = &made["log"]["log_id"];
    assert_eq!(made["log"]["completed_at"], Value::Null);

    let finished = gym.finish(log).await;
    assert_eq!(
        (finished.status, &finished.body["outcome"]),
        (200, &json!("updated"))
    );
    let completed_at = finished.body["log"]["completed_at"].clone();
    assert!(completed_at.is_string());
    let before = gym.rows().await;
    let again = gym.finish(log).await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(again.body["log"], finished.body["log"]);
    assert_eq!(gym.rows().await, before);

    let late = gym
        .save(
            &path,
            &json!({"notes": "late", "exercises": gym.exercises(&[0], 5)}),
        )
        .await;
    assert_eq!(
        (&late["outcome"], &late["log"]["completed_at"]),
        (&json!("updated"), &completed_at)
    );
    let merged = gym
        .patch(&path, &json!({"exercises": late["log"]["exercises"]}))
        .await;
    assert_eq!(
        (&merged.body["outcome"], &merged.body["log"]["completed_at"]),
        (&json!("unchanged"), &completed_at)
    );
    for reopening in [json!({"is_finished": false}), json!({"completed_at": null})] {
        let refused = gym.put(&path, &reopening).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "invalid"),
            "{reopening}"
        );
    }
    let stays = gym.world.get(&path).await;
    assert_eq!(stays["completed_at"], completed_at);
    gym.world.stop().await;
}
