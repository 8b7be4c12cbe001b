//! What a predecessor computed, kept whole whatever way it was stored.

use domain::id::WorkoutId;
use local::cloud::Start;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::world;
use support::world::World;

/// Every key that any writer of a predecessor's document had, and values that are easily bent.
fn document() -> Value {
    json!({
        "version": "v1.0.4",
        "overall": {"duration_s_moving": 3600, "avg_hr": null, "distance_m": 10000.5},
        "intervals": [{"planned_step_id": "a", "executed": {"avg_hr": 150}}, {}],
        "planned_steps_light": [{"planned_index": 0, "meters": 1000}],
        "quality": {"mode": "no-plan", "steps_confident": 0, "steps_total": 0},
        "analysis": {"version": "v0.1.8", "series": {"hr": [1, null, 0]}, "ui": {}},
        "power_curve": {"5": 812, "1200": 254.123_456_789_012_3},
        "best_efforts": [],
        "a key of nobody's": "\"quoted\" \\ and\nbroken – ünïcode 🚲",
        "": false,
    })
}

async fn import(
    sql: &mut PgConnection,
    workout: WorkoutId,
    computed: &Value,
) -> Result<bool, String> {
    sqlx::query_as::<_, (bool,)>("SELECT import_predecessor_result($1, $2)")
        .bind(workout.0)
        .bind(computed)
        .fetch_one(sql)
        .await
        .map(|(news,)| news)
        .map_err(|error| {
            let code = error.as_database_error().and_then(|e| e.code());
            code.unwrap_or_default().into_owned()
        })
}

async fn kept(world: &World) -> Vec<Value> {
    world
        .rows("SELECT computed FROM predecessor_results ORDER BY workout_id")
        .await
}

fn as_text(value: &Value) -> Value {
    Value::String(value.to_string())
}

/// P-36
#[tokio::test]
async fn a_predecessors_result_keeps_every_key_in_whichever_way_it_was_stored() {
    let world = world!(Start::Running);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.settle().await;
    let path = format!("/workouts/{workout}");
    let ours = world.get(&path).await;
    let mut sql = world.sql().await;
    let document = document();

    for stored in [
        document.clone(),
        as_text(&document),
        json!([document]),
        json!([as_text(&document)]),
        as_text(&json!([document])),
        as_text(&as_text(&document)),
        as_text(&json!([as_text(&json!([document]))])),
    ] {
        sqlx::query("DELETE FROM predecessor_results")
            .execute(&mut sql)
            .await
            .unwrap();
        assert_eq!(import(&mut sql, workout, &stored).await, Ok(true));
        assert_eq!(
            kept(&world).await,
            std::slice::from_ref(&document),
            "{stored}"
        );
        // An import that is run again changes nothing, and a later one brings what is new.
        assert_eq!(import(&mut sql, workout, &stored).await, Ok(false));
    }
    let newer = json!({"overall": {}});
    assert_eq!(import(&mut sql, workout, &newer).await, Ok(true));
    assert_eq!(kept(&world).await, [newer]);
    assert_eq!(
        world.get(&path).await,
        ours,
        "what clients see is computed here"
    );
    world.stop().await;
}

/// P-36: what is no such document is refused, and nothing is guessed, replaced or lost.
#[tokio::test]
async fn what_is_no_predecessors_result_is_refused_and_leaves_what_is_there() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut sql = world.sql().await;
    assert_eq!(import(&mut sql, workout, &document()).await, Ok(true));

    for (stored, code) in [
        (json!(null), "22023"),
        (json!(7), "22023"),
        (json!(true), "22023"),
        (json!([]), "22023"),
        (json!([{"a": 1}, {"b": 2}]), "22023"),
        (json!("null"), "22023"),
        (json!("no json"), "22P02"),
        (json!(""), "22P02"),
    ] {
        let refused = import(&mut sql, workout, &stored).await;
        assert_eq!(refused, Err(code.to_owned()), "{stored}");
    }
    let unknown = WorkoutId(uuid::Uuid::nil());
    let refused = import(&mut sql, unknown, &document()).await;
    assert_eq!(refused, Err("P0002".to_owned()));
    assert_eq!(kept(&world).await, [document()]);
    world.stop().await;
}

/// P-36, P-08: a deleted workout takes along what a predecessor knew of it.
#[tokio::test]
async fn a_predecessors_result_goes_with_its_workout() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut sql = world.sql().await;
    assert_eq!(import(&mut sql, workout, &document()).await, Ok(true));

    let mut deletion = world.run("a", 600);
    deletion["event"] = "delete".into();
    deletion["occurred_at"] = "2026-11-20T09:00:00Z".into();
    assert_eq!(world.deliver(&deletion).await.body["outcome"], "deleted");

    assert_eq!(kept(&world).await, [] as [Value; 0]);
    assert_eq!(
        import(&mut sql, workout, &document()).await,
        Err("P0002".to_owned()),
        "a tombstone takes nothing"
    );
    world.stop().await;
}

/// P-36: a step back does not throw away what nobody can compute again, whoever takes it.
#[tokio::test]
async fn the_schema_does_not_step_back_over_what_a_predecessor_knew() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut sql = world.sql().await;
    let down = include_str!("../../migrations/0008_create_predecessor_results.down.sql");

    // An owner who is no superuser sees nothing past row-level security either.
    for is_superuser in [true, false] {
        if !is_superuser {
            sqlx::raw_sql(
                "ALTER TABLE predecessor_results OWNER TO paceline_plan;
                 SET ROLE paceline_plan",
            )
            .execute(&mut sql)
            .await
            .unwrap();
        } else {
            assert_eq!(import(&mut sql, workout, &document()).await, Ok(true));
        }
        let mut step = sql.begin().await.unwrap();
        let refused = sqlx::raw_sql(down).execute(&mut *step).await.unwrap_err();
        step.rollback().await.unwrap();
        assert!(refused.to_string().contains("save it first"), "{refused}");
    }
    assert_eq!(kept(&world).await, [document()]);
    world.stop().await;
}
