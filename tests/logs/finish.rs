//! Finishing a log, once.

use crate::Gym;
use reqwest::Method;
use serde_json::{Value, json};

/// The sets of workouts that athletes told of, as they are stored.
async fn sets(gym: &Gym) -> Vec<Value> {
    gym.world
        .rows(
            "SELECT to_jsonb(s) FROM workout_sets AS s WHERE told_by = 'athlete'
             ORDER BY exercise_id, set_index",
        )
        .await
}

/// L-29
#[tokio::test]
async fn what_was_done_becomes_one_workout_with_sets_and_records_however_often_it_is_finished() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let body = json!({"duration_s": 1800, "exercises": gym.exercises(&[0, 1], 5)});
    let made = gym.save(&path, &body).await;
    let log = &made["log"]["log_id"];

    let finishes = (0..8).map(|_| gym.finish(log));
    let answers = futures_util::future::join_all(finishes).await;
    let outcomes = |outcome: &str| {
        let same = answers
            .iter()
            .filter(|a| a.status == 200 && a.body["outcome"] == outcome);
        same.count()
    };
    assert_eq!(
        (outcomes("updated"), outcomes("unchanged")),
        (1, 7),
        "{answers:?}"
    );
    let workout = answers[0].body["log"]["workout_id"].clone();
    assert!(
        answers
            .iter()
            .all(|a| a.body["log"]["workout_id"] == workout)
    );
    gym.world.settle().await;

    let stored = sets(&gym).await;
    assert_eq!(
        stored.len(),
        4,
        "two of three sets of each exercise were completed"
    );
    assert!(
        stored
            .iter()
            .all(|set| set["workout_id"] == workout && set["weight"] == 100.0)
    );
    let workouts = gym
        .world
        .rows("SELECT to_jsonb(w) FROM workouts AS w")
        .await;
    assert_eq!(workouts.len(), 1, "{workouts:?}");
    assert_eq!(
        (&workouts[0]["id"], &workouts[0]["generation"]),
        (&workout, &json!(1))
    );
    let shown = gym
        .world
        .get(&format!("/workouts/{}", workout.as_str().unwrap()))
        .await;
    assert_eq!(shown["summary_status"], "complete");
    assert_eq!(shown["computed"]["overall"]["sets"], 4);
    assert_eq!(shown["computed"]["overall"]["reps"], 20);
    assert_eq!(shown["duration_s"], 1800.0);
    let heaviest = gym
        .world
        .rows("SELECT to_jsonb(value) FROM personal_records WHERE kind = 'heaviest'")
        .await;
    assert_eq!(heaviest, [json!(100.0), json!(100.0)]);
    eprintln!(
        "8 finishes at once: {} did it, {} found it done; {} workout, {} sets, {} stage runs",
        outcomes("updated"),
        outcomes("unchanged"),
        workouts.len(),
        stored.len(),
        gym.world
            .rows("SELECT to_jsonb(stage) FROM stage_runs")
            .await
            .len(),
    );

    // What is corrected afterwards is corrected there, and the rest stays the same row.
    let mut exercises = gym.exercises(&[0], 5);
    exercises[0]["weights"] = json!([100, 90, null]);
    let edited = gym.save(&path, &json!({"exercises": exercises})).await;
    assert_eq!(edited["log"]["workout_id"], workout);
    let corrected = sets(&gym).await;
    let weights: Vec<&Value> = corrected.iter().map(|set| &set["weight"]).collect();
    assert_eq!(weights, [&json!(100.0), &json!(90.0)]);
    assert!(
        corrected
            .iter()
            .all(|set| stored.iter().any(|was| was["id"] == set["id"]))
    );
    gym.world.settle().await;
    let workouts = gym
        .world
        .rows("SELECT to_jsonb(generation) FROM workouts")
        .await;
    assert_eq!(workouts, [json!(2)]);
    gym.save(&path, &json!({"exercises": exercises})).await;
    assert_eq!(sets(&gym).await, corrected);
    gym.world.stop().await;
}

/// L-29: a log says nothing of warm-ups, effort and rest, so it takes nothing of them away.
#[tokio::test]
async fn what_was_typed_on_the_sets_of_a_finished_log_outlives_its_later_saves() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let mut exercises = gym.exercises(&[0, 1], 5);
    exercises[0]["weights"] = json!([140, 100, null]);
    let made = gym.save(&path, &json!({"exercises": exercises})).await;
    let finished = gym.finish(&made["log"]["log_id"]).await;
    let workout = finished.body["log"]["workout_id"].as_str().unwrap();
    let heaviest = "SELECT to_jsonb(r.value) FROM personal_records AS r
        JOIN workout_sets AS s ON s.id = r.set_id
        WHERE r.kind = 'heaviest' ORDER BY r.value";
    let told = sets(&gym).await;
    let of_set = |set: &Value| format!("/workouts/{workout}/sets/{}", set["id"].as_str().unwrap());
    let warmup = told.iter().find(|set| set["weight"] == 140.0).unwrap();
    let other = told
        .iter()
        .find(|set| set["exercise_id"] != warmup["exercise_id"]);
    let typed = json!({
        "kind": "warmup", "rpe": 6.0, "rir": 4.0, "rest_s": 90, "notes": "easy", "duration_s": 20.0,
    });
    assert_eq!(gym.patch(&of_set(warmup), &typed).await.status, 200);
    let other = of_set(other.unwrap());
    let gone = gym.world.send(Method::DELETE, &other, "").await;
    assert_eq!(gone.status, 200, "{gone:?}");
    let before = sets(&gym).await;
    assert_eq!(gym.world.rows(heaviest).await, [json!(100.0), json!(100.0)]);

    // What is no word of the sets leaves them alone, one that was deleted too.
    let told = json!({"name": "Heavy", "notes": "felt good", "duration_s": 2400});
    let saved = gym.save(&path, &told).await;
    assert_eq!(saved["outcome"], "updated");
    assert_eq!(sets(&gym).await, before);
    let shown = gym.world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(
        (&shown["name"], &shown["duration_s"]),
        (&json!("Heavy"), &json!(2400.0))
    );

    // The log counts for what it says.
    exercises[0]["weights"] = json!([150, 100, null]);
    gym.save(&path, &json!({"exercises": exercises})).await;
    let after = sets(&gym).await;
    assert_eq!(after.len(), 4, "the log still says that it was done");
    let corrected = after.iter().find(|set| set["id"] == warmup["id"]).unwrap();
    assert_eq!(corrected["weight"], 150.0);
    for (field, value) in typed.as_object().unwrap() {
        assert_eq!(corrected[field], *value, "{field}");
    }
    assert_eq!(gym.world.rows(heaviest).await, [json!(100.0), json!(100.0)]);
    gym.world.stop().await;
}

/// L-29
#[tokio::test]
async fn the_sets_of_a_finished_log_are_in_the_order_of_the_log() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let mut order = gym.exercises[..4].to_vec();
    order.sort();
    order.reverse();
    let exercises = |order: &[String]| -> Value {
        let rows = order.iter().map(|id| {
            json!({"exercise_id": id, "sets": 3, "reps": [5, 5, 5], "weights": [80, 80, 80],
                "completed": [true, true, true]})
        });
        rows.collect()
    };
    // By time alone: how many are of one moment with another is seen too.
    let by_time = "SELECT jsonb_build_array(
            array_agg(s.exercise_id ORDER BY s.set_index), array_agg(s.set_index ORDER BY s.set_index)
        )
        FROM workout_sets AS s GROUP BY s.performed_at ORDER BY s.performed_at";
    let wanted = |order: &[String]| -> Vec<Value> {
        let each = order
            .iter()
            .flat_map(|id| (1..=3).map(move |index| json!([[id], [index]])));
        each.collect()
    };
    let made = gym
        .save(&path, &json!({"exercises": exercises(&order)}))
        .await;
    gym.finish(&made["log"]["log_id"]).await;
    assert_eq!(gym.world.rows(by_time).await, wanted(&order));
    let firsts = gym
        .world
        .rows(
            "SELECT DISTINCT to_jsonb(s.set_index) FROM personal_records AS r
             JOIN workout_sets AS s ON s.id = r.set_id WHERE r.kind = 'heaviest'",
        )
        .await;
    assert_eq!(firsts, [json!(1)], "of equal sets the first is the record");

    order.rotate_left(1);
    let moved = gym
        .save(&path, &json!({"exercises": exercises(&order)}))
        .await;
    assert_eq!(crate::written(&moved), [0, 0, 4, 0]);
    assert_eq!(gym.world.rows(by_time).await, wanted(&order));
    gym.world.stop().await;
}

/// L-29
#[tokio::test]
async fn a_log_of_more_sets_than_a_workout_may_have_is_refused_by_its_exercises() {
    let gym = Gym::open().await;
    let exercise = |number: usize| {
        json!({
            "exercise_id": gym.exercises[number], "sets": 100, "reps": vec![5; 100],
            "weights": vec![60; 100], "completed": vec![true; 100],
        })
    };
    let exercises: Vec<Value> = (0..6).map(exercise).collect();
    let path = gym.path(0, 0);
    let made = gym.save(&path, &json!({"exercises": exercises})).await;
    let refused = gym.finish(&made["log"]["log_id"]).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "invalid"),
        "{refused:?}"
    );
    assert_eq!(refused.body["errors"][0]["field"], "/exercises");
    assert_eq!(gym.world.get(&path).await, made["log"]);

    gym.save(&path, &json!({"exercises": exercises[..5]})).await;
    assert_eq!(gym.finish(&made["log"]["log_id"]).await.status, 200);
    assert_eq!(sets(&gym).await.len(), 500);
    gym.world.stop().await;
}

/// L-29: what came from a predecessor came with its sessions, so its logs make none.
#[tokio::test]
async fn a_log_that_came_finished_becomes_a_workout_only_by_what_is_done_of_it_here() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let mut exercises = gym.exercises(&[0, 1], 5);
    let made = gym.save(&path, &json!({"exercises": exercises})).await;
    gym.run("UPDATE workout_logs SET completed_at = clock_timestamp()")
        .await;
    for told in [json!({"notes": "years ago"}), json!({"date": "2020-02-29"})] {
        let saved = gym.save(&path, &told).await;
        assert_eq!(
            (&saved["outcome"], &saved["log"]["workout_id"]),
            (&json!("updated"), &Value::Null),
            "{told}"
        );
    }
    let again = gym.finish(&made["log"]["log_id"]).await;
    assert_eq!(again.body["outcome"], "unchanged");
    assert_eq!(sets(&gym).await, Vec::<Value>::new());

    exercises[0]["completed"] = json!([true, true, true]);
    let edited = gym.save(&path, &json!({"exercises": exercises})).await;
    assert!(edited["log"]["workout_id"].is_string(), "{edited}");
    assert_eq!(sets(&gym).await.len(), 5);
    gym.world.stop().await;
}

/// L-29, L-16
#[tokio::test]
async fn a_finish_that_fails_leaves_neither_a_finished_log_nor_a_workout() {
    let gym = Gym::open().await;
    let made = gym
        .save(
            &gym.path(0, 0),
            &json!({"exercises": gym.exercises(&[0], 5)}),
        )
        .await;
    let log = &made["log"]["log_id"];
    let before = gym.rows().await;
    gym.run("REVOKE INSERT ON recordings FROM paceline_log")
        .await;

    let failed = gym.finish(log).await;
    assert_eq!((failed.status, failed.code()), (500, "internal"));
    assert_eq!(gym.rows().await, before);
    assert_eq!(sets(&gym).await, Vec::<Value>::new());

    gym.run("GRANT INSERT ON recordings TO paceline_log").await;
    let finished = gym.finish(log).await;
    assert_eq!(
        (finished.status, sets(&gym).await.len()),
        (200, 2),
        "{finished:?}"
    );
    gym.world.stop().await;
}

/// L-29: who did nothing did no workout.
#[tokio::test]
async fn a_log_of_which_nothing_was_done_becomes_no_workout() {
    let gym = Gym::open().await;
    let mut exercise = gym.exercise(0, 5);
    exercise["completed"] = json!([]);
    let made = gym
        .save(&gym.path(0, 0), &json!({"exercises": [exercise]}))
        .await;

    let finished = gym.finish(&made["log"]["log_id"]).await;
    assert!(finished.body["log"]["completed_at"].is_string());
    assert_eq!(finished.body["log"]["workout_id"], Value::Null);
    let workouts = gym
        .world
        .rows("SELECT to_jsonb(w) FROM workouts AS w")
        .await;
    assert_eq!(workouts, Vec::<Value>::new());
    gym.world.stop().await;
}

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
