//! Many saves at once, in several execution environments.

use crate::Gym;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Barrier;
use uuid::Uuid;

/// L-01, L-02
#[tokio::test]
async fn saves_of_one_place_at_once_in_several_environments_end_as_one_log() {
    let gym = Gym::open().await;
    let id = Uuid::now_v7();
    for path in [gym.path(0, 0), format!("/logs/{id}")] {
        let barrier = Arc::new(Barrier::new(16));
        let saves = (1..=16).map(|reps| {
            let body = json!({"exercises": gym.exercises(&[0, 1], reps)});
            let (barrier, gym, path) = (Arc::clone(&barrier), &gym, &path);
            async move {
                barrier.wait().await;
                gym.put(path, &body).await
            }
        });
        let answers = futures_util::future::join_all(saves).await;

        let outcomes = |outcome: &str| {
            let same = answers
                .iter()
                .filter(|answer| answer.body["outcome"] == outcome);
            same.count()
        };
        assert_eq!(
            (outcomes("created"), outcomes("updated")),
            (1, 15),
            "{answers:?}"
        );
        let made = answers.iter().find(|answer| answer.status == 201).unwrap();
        for answer in &answers {
            assert_eq!(answer.body["log"]["log_id"], made.body["log"]["log_id"]);
        }
        let mut versions: Vec<i64> = answers
            .iter()
            .map(|answer| answer.body["log"]["version"].as_i64().unwrap())
            .collect();
        versions.sort_unstable();
        assert_eq!(
            versions,
            (1..=16).collect::<Vec<_>>(),
            "no save was lost on the way"
        );
        let last = answers
            .iter()
            .find(|answer| answer.body["log"]["version"] == 16)
            .unwrap();
        assert_eq!(gym.world.get(&path).await, last.body["log"]);
        eprintln!(
            "16 saves at once: {} made it, {} updated it, versions 1 to 16",
            outcomes("created"),
            outcomes("updated")
        );
    }
    let environments = gym
        .world
        .cloud()
        .functions()
        .process_ids("save-workout-log")
        .len();
    assert!(environments > 1, "{environments}");
    eprintln!(
        "in {environments} execution environments; {} logs in all",
        gym.count().await
    );
    assert_eq!(gym.count().await, 2);
    gym.world.stop().await;
}

/// L-22: of saves that were all made from one version, one is right.
#[tokio::test]
async fn of_saves_at_once_from_one_version_one_is_taken_and_the_others_see_it() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    gym.save(&path, &json!({"exercises": gym.exercises(&[0], 5)}))
        .await;

    let saves = (0..8).map(|number| {
        let body = json!({"version": 1, "notes": format!("{number}")});
        let (gym, path) = (&gym, &path);
        async move { gym.put(path, &body).await }
    });
    let answers = futures_util::future::join_all(saves).await;

    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    assert_eq!((taken.len(), refused.len()), (1, 7));
    for refused in refused {
        assert_eq!(
            (refused.status, &refused.body["current"]),
            (409, &taken[0].body["log"])
        );
    }
    let log: Value = gym.world.send(Method::GET, &path, "").await.body;
    assert_eq!(log["version"], 2);
    gym.world.stop().await;
}
