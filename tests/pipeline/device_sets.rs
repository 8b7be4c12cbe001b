//! What a watch tells of sets is in the table of those that are logged, and makes the same records.

use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::{Answer, World};

async fn upload(world: &World, file: Vec<u8>) -> Answer {
    world.send(Method::POST, "/activities", file).await
}

fn lifted() -> Vec<u8> {
    support::oracle::bytes("strength_fr965.fit").unwrap()
}

async fn sets(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(s) FROM workout_sets s ORDER BY performed_at, id")
        .await
}

/// S-07, S-11
#[tokio::test]
async fn a_watchs_sets_are_rows_with_the_repetitions_loads_and_records_that_it_tells() {
    let world = world!(Start::Running);
    let first = upload(&world, lifted()).await;
    assert_eq!(first.status, 202, "{first:?}");
    world.settle().await;

    let sum = world
        .rows(
            "SELECT jsonb_build_object(
                 'sets', count(*), 'reps', sum(reps), 'volume_kg', sum(reps * weight_kg),
                 'rests', count(rest_s), 'tellers', jsonb_agg(DISTINCT told_by),
                 'counts', bool_and(counts)
             ) FROM workout_sets",
        )
        .await;
    assert_eq!(
        sum,
        [json!({
            "sets": 38, "reps": 279, "volume_kg": 572.0, "rests": 38, "tellers": ["upload"],
            "counts": true,
        })]
    );
    let shown = world
        .get(&format!("/workouts/{}", first.workout_id()))
        .await;
    let overall = &shown["computed"]["overall"];
    assert_eq!(
        (&overall["sets"], &overall["reps"], &overall["volume_kg"]),
        (&json!(38), &json!(279), &json!(572.0))
    );
    // Every word of the watch is of the catalogue; what it says without detail is told as that.
    let exercises = world
        .rows(
            "SELECT jsonb_build_array(e.name, e.user_id IS NULL, count(*))
             FROM workout_sets s JOIN exercises e ON e.id = s.exercise_id
             GROUP BY e.id ORDER BY e.name",
        )
        .await;
    assert_eq!(
        exercises,
        [
            json!(["Lunge", true, 1]),
            json!(["Pull Up", true, 1]),
            json!(["Row", true, 2]),
            json!(["Sit-Up", true, 4]),
            json!(["Strength exercise", true, 24]),
            json!(["Total body exercise", true, 2]),
            json!(["Triceps Extension", true, 4]),
        ]
    );
    let row = world
        .rows(
            "SELECT jsonb_build_array(r.kind, r.value) FROM personal_records r
             JOIN exercises e ON e.id = r.exercise_id WHERE e.name = 'Row' ORDER BY r.kind",
        )
        .await;
    assert_eq!(
        row,
        [
            json!(["e1rm", 18.67]),
            json!(["heaviest", 14.0]),
            json!(["reps", 10.0]),
            json!(["session_volume", 180.0]),
            json!(["set_volume", 140.0]),
        ]
    );

    // The same bytes are the same sets.
    let before = sets(&world).await;
    assert_eq!(upload(&world, lifted()).await.status, 200);
    assert_eq!(sets(&world).await, before);
    world.stop().await;
}

/// Whoever waits for an answer about a run does not pay for what only lifters have.
#[tokio::test]
async fn an_activity_without_sets_is_taken_in_without_a_word_about_sets() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    sqlx::raw_sql(
        "REVOKE INSERT, UPDATE, DELETE ON workout_sets FROM paceline_ingest;
         REVOKE ALL ON exercises, exercise_aliases, personal_records, record_lifts, record_candidates, record_repairs
             FROM paceline_ingest",
    )
    .execute(&mut sql)
    .await
    .unwrap();

    let run = world.deliver(&world.run("a", 600)).await;
    assert_eq!(run.status, 200, "{run:?}");
    let again = world.deliver(&world.run("a", 900)).await;
    assert_eq!(again.body["outcome"], "changed", "{again:?}");
    let ride = upload(
        &world,
        support::oracle::bytes("ride_power_edge1000.fit").unwrap(),
    )
    .await;
    assert_eq!(ride.status, 202, "{ride:?}");

    // Only who lifts is told of.
    assert_ne!(upload(&world, lifted()).await.status, 202);
    world.stop().await;
}
