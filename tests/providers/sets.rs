//! Sets that apps tell of come, change and go with their records, and of one session one source's count.

use crate::doors::Visit;
use crate::hevy::{self, WORKOUT, set, workout};
use crate::merging::{SECONDS, START, Teller, only, open, tell};
use chrono::DateTime;
use domain::id::WorkoutId;
use reqwest::Method;
use serde_json::{Value, json};
use support::provider::Reply;
use support::world::World;
use uuid::Uuid;

/// The catalogue's, which Hevy calls `Squat (Barbell)`.
const SQUAT: &str = "d5384f82-66c6-5635-89e5-ae86d54b26ad";

/// Every set, as it counts.
async fn sets(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_array(e.name, s.set_index, s.kind, s.reps, s.weight_kg, s.told_by, s.counts)
             FROM workout_sets s JOIN exercises e ON e.id = s.exercise_id
             ORDER BY s.told_by, s.performed_at, s.id",
        )
        .await
}

async fn ids(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(id) FROM workout_sets ORDER BY performed_at, id")
        .await
}

async fn records(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_array(e.name, r.kind, r.value)
             FROM personal_records r JOIN exercises e ON e.id = r.exercise_id
             WHERE r.kind IN ('heaviest', 'reps', 'time') ORDER BY e.name, r.kind",
        )
        .await
}

/// Hevy knows other sets of its workout now, and says so.
async fn saves(visit: &Visit, changes: usize, exercises: &Value) {
    let path = format!("GET /v1/workouts/{WORKOUT}");
    let known = if *exercises == Value::Null {
        Reply::status(404)
    } else {
        Reply::json(&workout(changes, exercises))
    };
    visit.api.always(&path, known);
    let told = visit.told(&hevy::DOOR, changes);
    let told = visit.post(&hevy::DOOR, &told).await;
    assert_eq!(told.status, 200, "{told:?}");
    visit.world.settle().await;
}

/// S-07, S-09, S-11
#[tokio::test]
async fn hevys_sets_come_change_and_go_and_so_do_their_records() {
    let visit = Visit::to(&hevy::DOOR).await;
    visit.bring(&hevy::DOOR, 0).await;
    let world = &visit.world;
    let squat = "Barbell Squat";
    assert_eq!(
        sets(world).await,
        [
            json!([squat, 1, "warmup", 10, 60.0, "hevy", true]),
            json!([squat, 2, "normal", 5, 100.0, "hevy", true]),
        ]
    );
    assert_eq!(
        records(world).await,
        [
            json!([squat, "heaviest", 100.0]),
            json!([squat, "reps", 5.0])
        ]
    );
    let known = ids(world).await;

    let mut plank = set(0, "normal", 0.0, 0);
    plank["reps"] = Value::Null;
    plank["duration_seconds"] = json!(95);
    let edited = json!([
        {"index": 0, "title": "Squat (Barbell)", "sets": [set(0, "normal", 90.0, 8)]},
        {"index": 1, "title": "Plank", "sets": [plank]},
        {"index": 2, "title": "Press of my own", "sets": [set(0, "failure", 40.0, 7), set(1, "dropset", 30.0, 9)]},
    ]);
    saves(&visit, 1, &edited).await;
    assert_eq!(
        sets(world).await,
        [
            json!([squat, 1, "normal", 8, 90.0, "hevy", true]),
            json!(["Plank", 1, "timed", null, 0.0, "hevy", true]),
            json!(["Press of my own", 1, "amrap", 7, 40.0, "hevy", true]),
            json!(["Press of my own", 2, "drop", 9, 30.0, "hevy", true]),
        ]
    );
    assert_eq!(ids(world).await[..2], known, "what stays is the same set");
    assert_eq!(
        records(world).await,
        [
            json!([squat, "heaviest", 90.0]),
            json!([squat, "reps", 8.0]),
            json!(["Plank", "time", 95.0]),
            json!(["Press of my own", "heaviest", 40.0]),
            json!(["Press of my own", "reps", 9.0]),
        ]
    );

    saves(&visit, 2, &json!([])).await;
    assert_eq!(sets(world).await, Vec::<Value>::new());
    assert_eq!(records(world).await, Vec::<Value>::new());
    saves(&visit, 3, &edited).await;
    assert_eq!(sets(world).await.len(), 4);
    saves(&visit, 4, &Value::Null).await;
    assert_eq!(world.get("/workouts").await["workouts"], json!([]));
    assert_eq!(sets(world).await, Vec::<Value>::new());
    assert_eq!(records(world).await, Vec::<Value>::new());
    visit.stop().await;
}

/// What the athlete added to a recording's sets is behind them, however many those become.
#[tokio::test]
async fn a_set_that_the_athlete_added_stays_behind_those_of_the_recording() {
    let visit = Visit::to(&hevy::DOOR).await;
    visit.bring(&hevy::DOOR, 0).await;
    let world = &visit.world;
    sqlx::query(
        "INSERT INTO workout_sets (user_id, id, workout_id, exercise_id, set_index, reps, weight, performed_at)
         SELECT user_id, gen_random_uuid(), workout_id, exercise_id, 3, 3, 110, performed_at
         FROM workout_sets WHERE set_index = 2",
    )
    .execute(&mut world.sql().await)
    .await
    .unwrap();

    for (changes, number) in [(1, 4), (2, 1)] {
        let all: Vec<Value> = (0..number).map(|at| set(at, "normal", 90.0, 8)).collect();
        let edited = json!([{"index": 0, "title": "Squat (Barbell)", "sets": all}]);
        saves(&visit, changes, &edited).await;
        let places = world
            .rows(
                "SELECT jsonb_build_array(set_index, told_by) FROM workout_sets ORDER BY set_index",
            )
            .await;
        let mut expected: Vec<Value> = (1..=number).map(|at| json!([at, "hevy"])).collect();
        expected.push(json!([number + 1, "athlete"]));
        assert_eq!(places, expected);
        assert_eq!(
            records(world).await[0],
            json!(["Barbell Squat", "heaviest", 110.0])
        );
    }
    visit.stop().await;
}

/// S-11: what goes with its provider is of no record any more.
#[tokio::test]
async fn a_provider_that_goes_takes_its_sets_and_leaves_the_records_of_the_others() {
    let visit = open().await;
    tell(&visit, Teller::Hevy, 0).await;
    tell(&visit, Teller::Garmin, 0).await;
    let world = &visit.world;
    let merged = only(&visit).await;
    assert_eq!(merged["computed"]["overall"]["provenance"]["sets"], "hevy");
    let before = records(world).await;
    assert_eq!(before.len(), 2);
    assert_eq!(sets(world).await[1][6], true);

    let gone = world.send(Method::DELETE, "/connections/hevy", "").await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(gone.body["rows"]["workout_sets"], 2, "{gone:?}");
    assert_eq!(sets(world).await, Vec::<Value>::new());
    assert_eq!(records(world).await, Vec::<Value>::new());
    world.let_time_pass().await;
    world.sweep().await;
    world.settle().await;
    assert_eq!(only(&visit).await["provider"], "garmin");
    visit.stop().await;
}

/// Who tells of the session in the gym.
#[derive(Debug, Clone, Copy)]
enum By {
    Hand,
    Watch,
    App,
}

/// The athlete logs by hand from three minutes before the watch is started to one after it is stopped.
async fn log_by_hand(world: &World) -> WorkoutId {
    let at = |seconds: i64| json!(DateTime::from_timestamp(START + seconds, 0).unwrap());
    let post = async |path: String, body: Value| {
        let answer = world.send(Method::POST, &path, body.to_string()).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer
    };
    let body = json!({
        "client_id": Uuid::new_v4(), "name": "Legs", "started_at": at(-180), "utc_offset_s": 7200,
    });
    let workout = post("/workouts".to_owned(), body).await.workout_id();
    for (seconds, weight, kind) in [
        (120, 50, "warmup"),
        (600, 95, "normal"),
        (900, 90, "normal"),
    ] {
        let set = json!({
            "set_id": Uuid::new_v4(), "exercise_id": SQUAT, "weight": weight, "weight_unit": "kg",
            "reps": 3, "kind": kind, "performed_at": at(seconds),
        });
        post(format!("/workouts/{workout}/sets"), set).await;
    }
    let end = at(i64::from(SECONDS) + 60);
    post(
        format!("/workouts/{workout}/finish"),
        json!({"ended_at": end}),
    )
    .await;
    world.settle().await;
    workout
}

/// S-11, S-20: the watch's heart rate, the athlete's sets, whoever else tells of sets, and in whichever order.
#[tokio::test]
async fn a_session_logged_by_hand_and_recorded_by_a_watch_is_one_whose_sets_are_the_athletes() {
    let mut first: Option<Value> = None;
    for order in [
        [By::Hand, By::Watch, By::App],
        [By::Watch, By::App, By::Hand],
        [By::App, By::Hand, By::Watch],
    ] {
        let visit = open().await;
        let world = &visit.world;
        for by in order {
            match by {
                By::Hand => log_by_hand(world).await,
                By::Watch => tell(&visit, Teller::Garmin, 0).await,
                By::App => tell(&visit, Teller::Hevy, 0).await,
            };
        }
        let workout = only(&visit).await;
        let overall = &workout["computed"]["overall"];
        assert_eq!(overall["avg_hr_bpm"], 150.0, "{order:?}: {overall:#}");
        assert_eq!(overall["provenance"]["hr_bpm"], "garmin");
        assert_eq!(overall["provenance"]["sets"], "athlete");
        assert_eq!(overall["sets"], 3);
        let counting: Vec<Value> = (sets(world).await.into_iter())
            .filter(|set| set[6] == true)
            .collect();
        let squat = "Barbell Squat";
        assert_eq!(
            counting,
            [
                json!([squat, 1, "warmup", 3, 50.0, "athlete", true]),
                json!([squat, 2, "normal", 3, 95.0, "athlete", true]),
                json!([squat, 3, "normal", 3, 90.0, "athlete", true]),
            ]
        );
        assert_eq!(sets(world).await.len(), 5, "Hevy's are there too");
        assert_eq!(
            records(world).await,
            [
                json!([squat, "heaviest", 95.0]),
                json!([squat, "reps", 3.0])
            ]
        );
        // Whoever asks for the workout is shown them.
        let shown = world
            .get(&format!(
                "/workouts/{}/sets",
                workout["workout_id"].as_str().unwrap()
            ))
            .await;
        let shown = shown.to_string();
        assert_eq!(shown.matches("\"counts\":true").count(), 3, "{shown}");
        let first = first.get_or_insert_with(|| workout["computed"].clone());
        assert_eq!(&workout["computed"], first, "{order:?}");
        visit.stop().await;
    }
}

/// S-11: taken apart, each has its own again, and so have the records.
#[tokio::test]
async fn a_session_that_is_taken_apart_gives_each_source_its_own_sets_back() {
    let visit = open().await;
    let world = &visit.world;
    let by_hand = log_by_hand(world).await;
    tell(&visit, Teller::Hevy, 0).await;
    let heaviest = async || records(world).await[0][2].clone();
    let merged = only(&visit).await;
    assert_eq!(merged["workout_id"], json!(by_hand));
    assert_eq!(heaviest().await, 95.0);
    let path = format!("/workouts/{by_hand}/merge");

    assert_eq!(world.send(Method::DELETE, &path, "").await.status, 202);
    world.settle().await;
    assert!(sets(world).await.iter().all(|set| set[6] == true));
    assert_eq!(heaviest().await, 100.0);

    let apart = world.get("/workouts").await;
    for workout in apart["workouts"].as_array().unwrap() {
        let id = workout["workout_id"].as_str().unwrap();
        let path = format!("/workouts/{id}/merge");
        assert_eq!(world.send(Method::PUT, &path, "").await.status, 202);
    }
    world.settle().await;
    only(&visit).await;
    assert_eq!(heaviest().await, 95.0);

    // What the athlete deletes leaves the app's word.
    let path = format!("/workouts/{by_hand}");
    assert_eq!(world.send(Method::DELETE, &path, "").await.status, 204);
    world.settle().await;
    assert_eq!(only(&visit).await["provider"], "hevy");
    assert_eq!(heaviest().await, 100.0);
    assert_eq!(sets(world).await.len(), 2);
    visit.stop().await;
}
