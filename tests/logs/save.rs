//! Creating and updating, and which rows are written for it.

use crate::{Gym, ids, written};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::world::Other;
use uuid::Uuid;

/// L-03, L-11
#[tokio::test]
async fn a_save_creates_then_updates_then_writes_no_row_and_says_which_and_why() {
    let gym = Gym::open().await;
    let path = gym.path(1, 2);
    let body = json!({"name": "Leg day", "exercises": gym.exercises(&[0, 1, 2], 5)});

    let made = gym.put(&path, &body).await;
    assert_eq!(made.status, 201);
    assert_eq!(
        (&made.body["outcome"], &made.body["why"]),
        (&json!("created"), &json!("place_absent"))
    );
    assert_eq!(made.body["writes"]["logs"], 1);
    assert_eq!(written(&made.body), [3, 0, 0, 0]);
    assert_eq!(made.body["log"]["version"], 1);
    assert_eq!(
        (
            &made.body["log"]["week_index"],
            &made.body["log"]["day_index"]
        ),
        (&json!(1), &json!(2))
    );

    let before = gym.rows().await;
    let again = gym.put(&path, &body).await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(again.body["log"], made.body["log"]);
    // By the ids that were answered, too.
    let mut known = body.clone();
    known["exercises"] = made.body["log"]["exercises"].clone();
    let known = gym.save(&path, &known).await;
    assert_eq!(known["outcome"], "unchanged");
    assert_eq!(gym.rows().await, before, "not one row was written");

    let changed = gym.save(&path, &json!({"name": "Leg day, again"})).await;
    assert_eq!(
        (&changed["outcome"], &changed["why"]),
        (&json!("updated"), &json!("cached_id"))
    );
    assert_eq!(changed["log"]["version"], 2);
    assert_eq!(gym.world.get(&path).await, changed["log"]);
    gym.world.stop().await;
}

/// L-12, L-13, L-14
#[tokio::test]
async fn only_the_rows_that_differ_are_written_and_each_keeps_its_id() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let made = gym
        .save(
            &path,
            &json!({"exercises": gym.exercises(&[0, 1, 2, 3], 5)}),
        )
        .await;
    let first = ids(&made);

    let mut exercises = gym.exercises(&[0, 1, 2, 3], 5);
    exercises[2] = gym.exercise(2, 6);
    let before = gym.rows().await;
    let one = gym.save(&path, &json!({"exercises": exercises})).await;
    assert_eq!((written(&one), ids(&one)), ([0, 1, 0, 0], first.clone()));
    let after = gym.rows().await;
    let kept = after.iter().filter(|row| before.contains(row)).count();
    assert_eq!(
        kept, 3,
        "the log and one of its four exercises were written"
    );

    exercises.push(gym.exercise(4, 5));
    exercises.remove(1);
    let both = gym.save(&path, &json!({"exercises": exercises})).await;
    let [_, gone, third, last] = &first[..] else {
        panic!("{first:?}")
    };
    // What came behind moved up by one.
    assert_eq!(written(&both), [1, 0, 2, 1]);
    assert!(!ids(&both).contains(gone) && ids(&both).contains(third) && ids(&both).contains(last));

    let reversed: Vec<Value> = exercises.iter().rev().cloned().collect();
    let before = contents(&gym).await;
    let moved = gym.save(&path, &json!({"exercises": reversed})).await;
    assert_eq!(written(&moved), [0, 0, 4, 0]);
    let order: Vec<String> = ids(&both).into_iter().rev().collect();
    assert_eq!(ids(&moved), order);
    assert_eq!(contents(&gym).await, before, "only places changed");
    let places = gym
        .world
        .rows("SELECT to_jsonb(order_index) FROM workout_log_exercises ORDER BY order_index")
        .await;
    assert_eq!(places, [json!(0), json!(1), json!(2), json!(3)]);
    gym.world.stop().await;
}

/// What exercises say beside their place, by id.
async fn contents(gym: &Gym) -> Vec<Value> {
    gym.world
        .rows("SELECT to_jsonb(e) - 'order_index' FROM workout_log_exercises AS e ORDER BY e.id")
        .await
}

/// L-15
#[tokio::test]
async fn the_same_exercise_may_be_there_twice() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let twice = json!({"exercises": [gym.exercise(0, 5), gym.exercise(1, 5), gym.exercise(0, 12)]});

    let made = gym.save(&path, &twice).await;
    assert_eq!(ids(&made).into_iter().collect::<BTreeSet<_>>().len(), 3);
    let again = gym.save(&path, &twice).await;
    assert_eq!(again["outcome"], "unchanged");
    let one = json!({"exercises": [gym.exercise(1, 5), gym.exercise(0, 12)]});
    let one = gym.save(&path, &one).await;
    assert_eq!(
        (written(&one), &ids(&one)[..]),
        ([0, 0, 2, 1], &ids(&made)[1..])
    );
    gym.world.stop().await;
}

/// L-18
#[tokio::test]
async fn what_is_not_stored_as_it_was_sent_is_said() {
    let gym = Gym::open().await;
    let mut exercise = gym.exercise(0, 5);
    exercise["reps"] = json!([0, null]);
    exercise["weights"] = json!([0, 60.004, null, 70]);
    exercise["notes"] = json!("");

    let saved = gym
        .save(&gym.path(0, 0), &json!({"exercises": [exercise]}))
        .await;

    let stored = &saved["log"]["exercises"][0];
    assert_eq!(stored["reps"], json!([0, null, null]));
    assert_eq!(stored["weights"], json!([0.0, 60.0, null]));
    assert_eq!(stored["notes"], Value::Null);
    let said: Vec<[&Value; 4]> = saved["corrections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| ["field", "correction", "was", "is"].map(|key| &said[key]))
        .collect();
    let expected = [
        [
            "/exercises/0/reps".into(),
            "padded".into(),
            json!(2),
            json!(3),
        ],
        [
            "/exercises/0/weights/1".into(),
            "rounded".into(),
            json!(60.004),
            json!(60.0),
        ],
        [
            "/exercises/0/weights".into(),
            "cut".into(),
            json!(4),
            json!(3),
        ],
        [
            "/exercises/0/notes".into(),
            "emptied".into(),
            json!(""),
            Value::Null,
        ],
    ];
    let expected: Vec<[&Value; 4]> = expected.iter().map(|row| row.each_ref()).collect();
    assert_eq!(said, expected);
    gym.world.stop().await;
}

/// L-19, L-25
#[tokio::test]
async fn what_cannot_be_stored_is_refused_by_field_at_once_and_nothing_is_stored() {
    let gym = Gym::open().await;
    let stranger = Other::join(&gym.world, "a stranger").await;
    gym.run(
        "INSERT INTO exercises (id, user_id, name, category, measure)
         SELECT '00000000-0000-4000-8000-000000000001', u.id, 'Canary Curl', 'strength', 'reps'
         FROM users AS u WHERE u.display_name = 'a stranger'",
    )
    .await;
    let with = |fields: Value| {
        let mut exercise = gym.exercise(0, 5);
        let members = exercise.as_object_mut().unwrap();
        members.extend(fields.as_object().unwrap().clone());
        json!({"exercises": [gym.exercise(1, 5), exercise]})
    };
    let nobodys = Uuid::new_v4();
    let theirs = "00000000-0000-4000-8000-000000000001";
    for (body, code, field) in [
        (
            with(json!({"reps": [-1]})),
            "invalid",
            "/exercises/1/reps/0",
        ),
        (
            with(json!({"reps": [5.5]})),
            "invalid",
            "/exercises/1/reps/0",
        ),
        (
            with(json!({"weights": [-5]})),
            "invalid",
            "/exercises/1/weights/0",
        ),
        (with(json!({"sets": 0})), "invalid", "/exercises/1/sets"),
        (
            with(json!({"bodyweight": 0})),
            "invalid",
            "/exercises/1/bodyweight",
        ),
        (
            with(json!({"notes": "\u{0}"})),
            "invalid",
            "/exercises/1/notes",
        ),
        (
            with(json!({"exercise_id": nobodys})),
            "unknown_exercise",
            "/exercises/1/exercise_id",
        ),
        (
            with(json!({"exercise_id": theirs})),
            "unknown_exercise",
            "/exercises/1/exercise_id",
        ),
        (json!({"name": " "}), "invalid", "/name"),
        (json!({"name": "x".repeat(201)}), "invalid", "/name"),
        (json!({"notes": "\u{0}"}), "invalid", "/notes"),
        (json!({"duration_s": 0}), "invalid", "/duration_s"),
        (json!({"date": "1066-10-14"}), "invalid", "/date"),
    ] {
        let refused = gym.put(&gym.path(0, 0), &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, code),
            "{body}: {refused:?}"
        );
        assert_eq!(refused.body["errors"][0]["field"], field, "{body}");
        assert_eq!(refused.body["class"], "invalid_data");
        assert_eq!(
            (&refused.body["recoverable"], &refused.body["retryable"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(gym.lines.save().await["tries"], 1, "{body}");
    }
    for body in [
        json!({"exercises": "none"}),
        json!({"weight_unit": "stone"}),
        json!({"is_finished": false}),
        json!({"exercises": [{"sets": 1}]}),
    ] {
        let refused = gym.put(&gym.path(0, 0), &body).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"), "{body}");
    }
    for (week, day) in [(4, 0), (0, 3), (-1, 0), (0, -1), (1 << 40, 0)] {
        let refused = gym.put(&gym.path(week, day), &json!({})).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "place_out_of_range"),
            "{week} {day}"
        );
    }
    for text in ["{", "", "[1"] {
        let refused = gym.world.send(Method::PUT, &gym.path(0, 0), text).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "malformed"),
            "{text}"
        );
    }
    assert_eq!(gym.rows().await, Vec::<Value>::new());
    drop(stranger);
    gym.world.stop().await;
}

/// L-20, L-21
#[tokio::test]
async fn what_a_save_does_not_name_stays_as_it_is() {
    let gym = Gym::open().await;
    let path = gym.path(0, 1);
    let body = json!({
        "name": "Pull", "notes": "slow", "duration_s": 3600, "weight_unit": "lb",
        "exercises": gym.exercises(&[0, 1], 5),
    });
    gym.save(&path, &body).await;
    let details = || async {
        gym.world
            .rows("SELECT to_jsonb(l) - 'version' - 'updated_at' FROM workout_logs AS l")
            .await
    };
    let exercises = || async {
        gym.world
            .rows("SELECT to_jsonb(e.*) || jsonb_build_object('xmin', e.xmin::text) FROM workout_log_exercises AS e ORDER BY 1")
            .await
    };

    let (before, rows) = (details().await, exercises().await);
    let metadata = gym
        .save(&path, &json!({"notes": "slower", "duration_s": null}))
        .await;
    assert_eq!(
        (written(&metadata), &metadata["writes"]["logs"]),
        ([0; 4], &json!(1))
    );
    assert_eq!(exercises().await, rows, "no exercise was written");
    assert_eq!(
        (&metadata["log"]["notes"], &metadata["log"]["duration_s"]),
        (&json!("slower"), &Value::Null)
    );
    assert_eq!(
        (&metadata["log"]["name"], &metadata["log"]["weight_unit"]),
        (&json!("Pull"), &json!("lb"))
    );

    gym.save(&path, &json!({"notes": "slow", "duration_s": 3600}))
        .await;
    assert_eq!(details().await, before);
    let only = gym
        .save(&path, &json!({"exercises": gym.exercises(&[0, 1], 6)}))
        .await;
    assert_eq!(written(&only), [0, 2, 0, 0]);
    assert_eq!(
        details().await,
        before,
        "nothing but the version tells of it"
    );

    let none = gym.save(&path, &json!({"exercises": []})).await;
    assert_eq!(
        (written(&none), &none["log"]["exercises"]),
        ([0, 0, 0, 2], &json!([]))
    );
    gym.world.stop().await;
}

/// L-22
#[tokio::test]
async fn a_stale_version_is_refused_with_what_the_log_says_now() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let body = json!({"version": 0, "exercises": gym.exercises(&[0], 5)});
    let made = gym.save(&path, &body).await;

    let equal = gym
        .save(&path, &json!({"version": 1, "notes": "one"}))
        .await;
    assert_eq!(equal["log"]["version"], 2);
    let before = gym.rows().await;
    for (version, text) in [(1, "two"), (0, "three"), (3, "four")] {
        let stale = gym
            .put(&path, &json!({"version": version, "notes": text}))
            .await;
        assert_eq!((stale.status, stale.code()), (409, "log_version_conflict"));
        assert_eq!(stale.body["current"], equal["log"]);
        assert_eq!(stale.body["class"], "version_conflict");
        assert_eq!(
            (&stale.body["recoverable"], &stale.body["retryable"]),
            (&json!(true), &json!(false))
        );
    }
    assert_eq!(gym.rows().await, before);
    // A save that comes again after its answer was lost has nothing to change, and is no conflict.
    let again = gym
        .save(&path, &json!({"version": 1, "notes": "one"}))
        .await;
    assert_eq!(
        (&again["outcome"], &again["log"]["version"]),
        (&json!("unchanged"), &json!(2))
    );

    let log = format!("/logs/{}", made["log"]["log_id"].as_str().unwrap());
    assert_eq!(gym.world.send(Method::DELETE, &log, "").await.status, 204);
    let gone = gym
        .put(&path, &json!({"version": 2, "notes": "five"}))
        .await;
    assert_eq!((gone.status, &gone.body["current"]), (409, &Value::Null));
    assert_eq!(gym.count().await, 0);
    gym.world.stop().await;
}

/// L-02, L-27
#[tokio::test]
async fn a_log_without_program_is_the_clients_id_of_any_version_and_a_retry_is_the_same_log() {
    let gym = Gym::open().await;
    let body = json!({"name": "Garage", "exercises": gym.exercises(&[0], 5)});
    let random = Uuid::new_v4().as_u128();
    for version in 1..=8_u128 {
        let id = Uuid::from_u128((random & !(0xf << 76)) | (version << 76));
        assert_eq!(id.get_version_num(), usize::try_from(version).unwrap());
        let path = format!("/logs/{id}");
        let made = gym.put(&path, &body).await;
        assert_eq!(
            (made.status, &made.body["why"]),
            (201, &json!("id_absent")),
            "{made:?}"
        );
        assert_eq!(made.body["log"]["log_id"], id.to_string());
        assert_eq!(
            (&made.body["log"]["program_id"], &made.body["cache"]),
            (&Value::Null, &json!("none"))
        );
        let again = gym.put(&path, &body).await;
        assert_eq!(
            (again.status, &again.body["outcome"]),
            (200, &json!("unchanged"))
        );
        assert_eq!(again.body["why"], "id_present");
        assert_eq!(gym.world.get(&path).await, made.body["log"]);
    }
    assert_eq!(gym.count().await, 8);
    gym.world.stop().await;
}
