//! An athlete who lifts.

use domain::id::WorkoutId;
use reqwest::Method;
use serde_json::{Value, json};
use support::world::{Answer, World};
use uuid::Uuid;

/// The bench press of the catalogue.
pub(crate) const BENCH: &str = "85cf7a08-c5a9-55ff-8373-79fea5fbd1ec";
/// The squat of the catalogue.
pub(crate) const SQUAT: &str = "c47302a0-5b73-571f-bdf5-ff443ee967f0";

/// The demo athlete, in a workout.
pub(crate) struct Lifter<'w> {
    pub(crate) world: &'w World,
    pub(crate) workout: WorkoutId,
}

impl<'w> Lifter<'w> {
    /// Starts a workout.
    pub(crate) async fn start(world: &'w World) -> Self {
        let answer = start(world, &json!({"client_id": Uuid::new_v4()})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Self {
            world,
            workout: answer.workout_id(),
        }
    }

    /// A path of the workout.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/workouts/{}{rest}", self.workout)
    }

    /// Sends a set as it is.
    pub(crate) async fn send(&self, set: &Value) -> Answer {
        let path = self.path("/sets");
        self.world.send(Method::POST, &path, set.to_string()).await
    }

    /// Logs a set, which must be taken, and answers what was said of it.
    pub(crate) async fn log(&self, set: &Value) -> Value {
        let answer = self.send(set).await;
        assert_eq!(answer.status, 201, "{set}: {answer:?}");
        answer.body
    }

    /// Changes a set, which must be taken.
    pub(crate) async fn change(&self, set_id: &str, patch: &Value) -> Value {
        let path = self.path(&format!("/sets/{set_id}"));
        let answer = self
            .world
            .send(Method::PATCH, &path, patch.to_string())
            .await;
        assert_eq!(answer.status, 200, "{patch}: {answer:?}");
        answer.body
    }

    /// Deletes a set, which must be there.
    pub(crate) async fn delete(&self, set_id: &str) -> Value {
        let path = self.path(&format!("/sets/{set_id}"));
        let answer = self.world.send(Method::DELETE, &path, "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Finishes the workout.
    pub(crate) async fn finish(&self) -> Answer {
        self.world
            .send(Method::POST, &self.path("/finish"), "")
            .await
    }

    /// The records that stand, `kind value` of each, in order of the alphabet.
    pub(crate) async fn records(&self) -> Vec<String> {
        standing(self.world).await
    }

    /// `set_index side` of every set of an exercise, in order.
    pub(crate) async fn places(&self, exercise: &str) -> Vec<String> {
        let list = self.world.get(&self.path("/sets")).await;
        let exercises = list["exercises"].as_array().unwrap();
        let of_exercise = exercises.iter().filter(|e| e["exercise_id"] == exercise);
        of_exercise
            .flat_map(|e| e["sets"].as_array().unwrap())
            .map(|set| format!("{} {}", set["set_index"], set["side"].as_str().unwrap()))
            .collect()
    }
}

/// Starts a workout, or not.
pub(crate) async fn start(world: &World, body: &Value) -> Answer {
    world
        .send(Method::POST, "/workouts", body.to_string())
        .await
}

/// The records that stand, `kind value` of each, in order of the alphabet.
pub(crate) async fn standing(world: &World) -> Vec<String> {
    let list = world.get("/records").await;
    let mut records: Vec<String> = list["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let grips: Vec<&str> = record["grips"]
                .as_array()
                .unwrap()
                .iter()
                .map(|grip| grip.as_str().unwrap())
                .collect();
            let kind = record["kind"].as_str().unwrap();
            let text = format!("{kind} {} {}", record["value"], grips.join(","));
            text.trim_end().to_owned()
        })
        .collect();
    records.sort();
    records
}

/// A set of the bench press, in kilograms.
pub(crate) fn bench(kg: f64, reps: i64) -> Value {
    set(BENCH, kg, "kg", reps)
}

/// A set.
pub(crate) fn set(exercise: &str, weight: f64, unit: &str, reps: i64) -> Value {
    json!({
        "set_id": Uuid::new_v4(), "exercise_id": exercise,
        "weight": weight, "weight_unit": unit, "reps": reps,
    })
}

/// The same set with other values.
pub(crate) fn with(mut set: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        set[name] = value.clone();
    }
    set
}

/// What kinds of records a set surpassed, in order of the alphabet.
pub(crate) fn surpassed(logged: &Value) -> Vec<&str> {
    let records = logged["records"].as_array().unwrap();
    let mut kinds: Vec<&str> = records
        .iter()
        .map(|record| record["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds
}
