//! Sets that apps tell of come, change and go with their records, and of one session one source's count.

use crate::doors::Visit;
use crate::hevy::{self, WORKOUT, set, workout};
use crate::merging::{Teller, only, open, tell};
use reqwest::Method;
use serde_json::{Value, json};
use support::provider::Reply;
use support::world::World;

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
