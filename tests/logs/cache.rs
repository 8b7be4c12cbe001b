//! What is remembered of places: it saves a lookup, and is never believed unchecked.

use crate::{Gym, create_program, log_path};
use reqwest::Method;
use serde_json::{Value, json};
use support::world::Other;
use uuid::Uuid;

impl Gym {
    /// Saves, and answers with what was said of it.
    async fn told(&self, path: &str, body: &Value) -> (Value, Value) {
        let saved = self.save(path, body).await;
        (saved, self.lines.save().await)
    }
}

/// L-06
#[tokio::test]
async fn a_remembered_id_that_is_right_costs_no_lookup() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let body = json!({"exercises": gym.exercises(&[0], 5)});
    gym.told(&path, &body).await;

    let (hit, with) = gym.told(&path, &body).await;
    gym.world
        .cloud()
        .functions()
        .kill_environments("save-workout-log")
        .await;
    let (miss, without) = gym.told(&path, &body).await;

    assert_eq!(
        (&hit["cache"], &hit["why"]),
        (&json!("hit"), &json!("cached_id"))
    );
    assert_eq!(
        (&miss["cache"], &miss["why"]),
        (&json!("miss"), &json!("place_present"))
    );
    assert_eq!(hit["log"], miss["log"]);
    let statements = |line: &Value| line["statements"].as_u64().unwrap();
    // Whose it is, who may come in, the lock, and the log itself.
    assert_eq!(statements(&with), 4);
    assert_eq!(statements(&without), 5);
    eprintln!(
        "statements of a save that changes nothing: {} by a hit, {} by a lookup",
        with["statements"], without["statements"]
    );

    // And it is no other statement either that looks the place up.
    gym.run("REVOKE SELECT ON programs FROM paceline_log").await;
    let hit = gym.save(&path, &json!({"notes": "no lookup"})).await;
    assert_eq!(
        (&hit["cache"], &hit["outcome"]),
        (&json!("hit"), &json!("updated"))
    );
    gym.world.stop().await;
}

/// L-07
#[tokio::test]
async fn a_remembered_id_that_is_wrong_is_dropped_and_looked_up() {
    let gym = Gym::open().await;
    let (here, there) = (gym.path(0, 0), gym.path(0, 1));
    let made = gym.save(&here, &json!({"notes": "first"})).await;

    // Of another place now.
    gym.run("UPDATE workout_logs SET day_index = 2").await;
    let anew = gym.put(&here, &json!({"notes": "second"})).await;
    assert_eq!(
        (anew.status, &anew.body["cache"], &anew.body["why"]),
        (201, &json!("dropped"), &json!("place_absent"))
    );
    assert_ne!(anew.body["log"]["log_id"], made["log"]["log_id"]);
    let moved = gym.world.get(&gym.path(0, 2)).await;
    assert_eq!(
        (&moved["log_id"], &moved["notes"]),
        (&made["log"]["log_id"], &json!("first"))
    );

    // Deleted, by whom the environment knows nothing of.
    let known = gym.save(&there, &json!({"notes": "third"})).await;
    gym.run("DELETE FROM workout_logs WHERE day_index = 1")
        .await;
    let anew = gym.put(&there, &json!({"notes": "fourth"})).await;
    assert_eq!((anew.status, &anew.body["cache"]), (201, &json!("dropped")));
    assert_ne!(anew.body["log"]["log_id"], known["log"]["log_id"]);
    let again = gym.save(&there, &json!({"notes": "fifth"})).await;
    assert_eq!(
        (&again["cache"], &again["log"]["log_id"]),
        (&json!("hit"), &anew.body["log"]["log_id"])
    );
    gym.world.stop().await;
}

/// L-07: what the client remembers is checked the same way.
#[tokio::test]
async fn what_the_client_remembers_is_believed_only_where_it_is_right() {
    let gym = Gym::open().await;
    let stranger = Other::join(&gym.world, "a stranger").await;
    let foreign = Uuid::now_v7();
    let theirs = stranger
        .send(
            Method::PUT,
            &format!("/logs/{foreign}"),
            r#"{"notes": "canary"}"#,
        )
        .await;
    assert_eq!(theirs.status, 201);
    let path = gym.path(0, 0);
    let made = gym.save(&path, &json!({"notes": "mine"})).await;
    let other = gym
        .save(&gym.path(0, 1), &json!({"notes": "another day"}))
        .await;
    let right = made["log"]["log_id"].clone();

    let wrong = [
        json!(Uuid::new_v4()),
        json!(foreign),
        other["log"]["log_id"].clone(),
        json!("week_0_day_0"),
        json!(""),
        json!(17),
    ];
    for (hint, cache, why) in wrong
        .iter()
        .map(|hint| (hint, "dropped", "place_present"))
        .chain([(&right, "hit", "client_id")])
    {
        // An environment that remembers asks nobody.
        gym.world
            .cloud()
            .functions()
            .kill_environments("save-workout-log")
            .await;
        let saved = gym
            .save(&path, &json!({"log_id": hint, "notes": "mine"}))
            .await;
        assert_eq!(
            (&saved["cache"], &saved["why"]),
            (&json!(cache), &json!(why)),
            "{hint}"
        );
        assert_eq!(
            (&saved["outcome"], &saved["log"]["log_id"]),
            (&json!("unchanged"), &right)
        );
    }
    gym.world.stop().await;
}

/// L-08
#[tokio::test]
async fn another_program_week_day_or_user_is_another_place() {
    let gym = Gym::open().await;
    let stranger = Other::join(&gym.world, "a stranger").await;
    let second = create_program(&gym.world).await;
    let paths = [
        gym.path(0, 0),
        gym.path(0, 1),
        gym.path(1, 0),
        log_path(&second, 0, 0),
    ];
    for path in &paths {
        let made = gym.put(path, &json!({"notes": path})).await;
        assert_eq!((made.status, &made.body["cache"]), (201, &json!("miss")));
    }
    for path in &paths {
        let saved = gym.save(path, &json!({"notes": path})).await;
        assert_eq!(
            (&saved["cache"], &saved["outcome"]),
            (&json!("hit"), &json!("unchanged"))
        );
    }
    let theirs = stranger.send(Method::PUT, &paths[0], "{}").await;
    assert_eq!((theirs.status, theirs.code()), (404, "not_found"));
    assert_eq!(gym.count().await, 4);
    gym.world.stop().await;
}

/// L-09
#[tokio::test]
async fn a_lookup_that_fails_is_an_error_and_never_an_absence_and_is_not_remembered() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let made = gym.save(&path, &json!({"notes": "there"})).await;
    gym.world
        .cloud()
        .functions()
        .kill_environments("save-workout-log")
        .await;

    gym.run("REVOKE SELECT ON programs FROM paceline_log").await;
    for _ in 0..2 {
        let failed = gym.put(&path, &json!({"notes": "new"})).await;
        assert_eq!(
            (failed.status, failed.code()),
            (500, "internal"),
            "{failed:?}"
        );
    }
    assert_eq!(gym.count().await, 1);
    gym.run("GRANT SELECT ON programs TO paceline_log").await;

    let saved = gym.save(&path, &json!({"notes": "new"})).await;
    assert_eq!(
        (&saved["cache"], &saved["outcome"]),
        (&json!("miss"), &json!("updated"))
    );
    assert_eq!(saved["log"]["log_id"], made["log"]["log_id"]);
    gym.world.stop().await;
}

/// L-10: the same saves, by an environment that remembers and by one that never does.
#[tokio::test]
async fn it_is_the_same_when_nothing_is_remembered() {
    let gym = Gym::open().await;
    let mut logs = Vec::new();
    for (day, is_cold) in [(0, false), (1, true)] {
        let path = gym.path(0, day);
        let mut said = Vec::new();
        for body in [
            json!({"name": "x", "date": "2026-01-02", "exercises": gym.exercises(&[0, 1], 5)}),
            json!({"name": "x", "date": "2026-01-02", "exercises": gym.exercises(&[0, 1], 5)}),
            json!({"exercises": gym.exercises(&[1, 0, 2], 6)}),
            json!({"version": 1, "notes": "stale"}),
            json!({"notes": "last", "exercises": gym.exercises(&[2], 6)}),
        ] {
            if is_cold {
                gym.world
                    .cloud()
                    .functions()
                    .kill_environments("save-workout-log")
                    .await;
            }
            let answer = gym.put(&path, &body).await;
            let writes = answer.body["writes"].clone();
            said.push(json!([answer.status, answer.body["outcome"], writes]));
        }
        let mut log = gym.world.get(&path).await;
        for key in [
            "log_id",
            "day_index",
            "created_at",
            "updated_at",
            "exercises",
        ] {
            log[key].take();
        }
        logs.push((said, log));
    }
    assert_eq!(logs[0], logs[1]);
    gym.world.stop().await;
}
