//! Logs of workouts: one for each day of a program whatever saves at once, and only what changed is
//! written.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod autosave;
mod cache;
mod coaches;
mod constraints;
mod dates;
mod failures;
mod finish;
mod lines;
mod merge;
mod parallel;
mod programs;
mod save;

use lines::Lines;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world::{Answer, World};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_paceline-under-test");

/// A world with a program of four weeks of three days, and exercises of the catalogue.
struct Gym {
    world: World,
    lines: Lines,
    program: String,
    exercises: Vec<String>,
}

impl Gym {
    async fn open() -> Self {
        let lines = Lines::default();
        let world = World::start_logging_to(EXECUTABLE, Start::Running, lines.sink()).await;
        Self::of(world, lines).await
    }

    async fn of(world: World, lines: Lines) -> Self {
        let program = create_program(&world).await;
        let exercises = world
            .rows("SELECT to_jsonb(id) FROM exercises ORDER BY name LIMIT 12")
            .await;
        let exercises = exercises.iter().map(|id| id.as_str().unwrap().to_owned());
        Self {
            exercises: exercises.collect(),
            world,
            lines,
            program,
        }
    }

    /// The path of the log of a day.
    fn path(&self, week: i64, day: i64) -> String {
        log_path(&self.program, week, day)
    }

    /// Three sets of an exercise.
    fn exercise(&self, number: usize, reps: u32) -> Value {
        json!({
            "exercise_id": self.exercises[number], "sets": 3, "reps": vec![reps; 3],
            "weights": [100, 100, 102.5], "completed": [true, true, false],
        })
    }

    /// Several of them, with the same repetitions.
    fn exercises(&self, numbers: &[usize], reps: u32) -> Vec<Value> {
        numbers
            .iter()
            .map(|number| self.exercise(*number, reps))
            .collect()
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.world.send(Method::PUT, path, body.to_string()).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.world.send(Method::PATCH, path, body.to_string()).await
    }

    /// Saves, and expects it to be believed.
    async fn save(&self, path: &str, body: &Value) -> Value {
        let answer = self.put(path, body).await;
        assert!([200, 201].contains(&answer.status), "{path}: {answer:?}");
        answer.body
    }

    async fn finish(&self, log: &Value) -> Answer {
        let path = format!("/logs/{}/finish", log.as_str().unwrap());
        self.world.send(Method::POST, &path, "").await
    }

    /// Every row of logs and their exercises, with where it is stored and who wrote it last: what is
    /// written again, be it with the same content, is another one.
    async fn rows(&self) -> Vec<Value> {
        self.world
            .rows(
                "SELECT to_jsonb(l) || jsonb_build_object('xmin', l.xmin::text, 'ctid', l.ctid::text)
                 FROM workout_logs AS l
                 UNION ALL
                 SELECT to_jsonb(e) || jsonb_build_object('xmin', e.xmin::text, 'ctid', e.ctid::text)
                 FROM workout_log_exercises AS e
                 ORDER BY 1",
            )
            .await
    }

    /// How many logs there are, of anybody.
    async fn count(&self) -> i64 {
        let rows = self
            .world
            .rows("SELECT to_jsonb(count(*)) FROM workout_logs")
            .await;
        rows[0].as_i64().unwrap()
    }

    async fn run(&self, statement: &'static str) {
        let done = sqlx::raw_sql(statement)
            .execute(&mut self.world.sql().await)
            .await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

async fn create_program(world: &World) -> String {
    let program = json!({"name": "Twelve weeks of squats", "weeks": 4, "days": 3});
    let made = world
        .send(Method::POST, "/programs", program.to_string())
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["program_id"].as_str().unwrap().to_owned()
}

fn log_path(program: &str, week: i64, day: i64) -> String {
    format!("/programs/{program}/weeks/{week}/days/{day}/log")
}

/// The ids of a log's exercises, in their order.
fn ids(saved: &Value) -> Vec<String> {
    let rows = saved["log"]["exercises"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Rows of exercises that a save wrote: inserted, updated, moved, deleted.
fn written(saved: &Value) -> [i64; 4] {
    let writes = &saved["writes"]["exercises"];
    ["inserted", "updated", "moved", "deleted"].map(|kind| writes[kind].as_i64().unwrap())
}
