//! The guarded finish, called as the stages' role calls it.

use domain::id::WorkoutId;
use local::cloud::Start;
use serde_json::{Value, json};
use sqlx::PgConnection;
use support::world;
use support::world::World;
use uuid::Uuid;

/// Claims a stage by hand and answers the token.
async fn claim(world: &World, workout: WorkoutId, stage: &str) -> Uuid {
    let token = Uuid::new_v4();
    let mut sql = world.sql().await;
    let claimed = sqlx::query(
        "UPDATE stage_runs SET status = 'processing', claim_token = $3,
             claim_expires_at = now() + interval '1 minute', attempt = 1
         WHERE workout_id = $1 AND stage = $2",
    )
    .bind(workout.0)
    .bind(stage)
    .bind(token)
    .execute(&mut sql)
    .await
    .unwrap();
    assert_eq!(claimed.rows_affected(), 1);
    token
}

/// A session of the stages' role for the demo athlete.
async fn as_stages(world: &World) -> PgConnection {
    let mut sql = world.database().connect_as("paceline_stages").await;
    sqlx::query("SELECT set_config('app.user_id', $1, false)")
        .bind(&world.endpoint().user_id)
        .execute(&mut sql)
        .await
        .unwrap();
    sql
}

async fn merge(
    sql: &mut PgConnection,
    workout: WorkoutId,
    stage: &str,
    token: Uuid,
    generation: i64,
    partial: &Value,
) -> Result<Option<String>, String> {
    sqlx::query_as::<_, (Option<String>,)>("SELECT merge_computed($1, $2, $3, $4, $5, 1)")
        .bind(workout.0)
        .bind(stage)
        .bind(token)
        .bind(generation)
        .bind(partial)
        .fetch_one(sql)
        .await
        .map(|(status,)| status)
        .map_err(|error| {
            error
                .as_database_error()
                .and_then(|e| e.code())
                .unwrap_or_default()
                .into_owned()
        })
}

/// P-33
#[tokio::test]
async fn parallel_finishes_of_different_stages_lose_no_key() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let partials = [
        (
            "summary",
            json!({"overall": {"distance_m": 1}, "intervals": []}),
        ),
        ("analysis", json!({"analysis": {"series": {}}})),
        ("metrics", json!({"metrics": {"tss": 2}})),
    ];

    let finishes = partials.iter().map(|(stage, partial)| {
        let world = &world;
        async move {
            let token = claim(world, workout, stage).await;
            let mut sql = as_stages(world).await;
            merge(&mut sql, workout, stage, token, 1, partial).await
        }
    });
    let statuses = futures_util::future::join_all(finishes).await;

    assert!(
        statuses
            .iter()
            .all(|status| *status == Ok(Some("complete".to_owned())))
    );
    let computed = world.get(&format!("/workouts/{workout}")).await["computed"].clone();
    for (_, partial) in partials {
        for (key, value) in partial.as_object().unwrap() {
            assert_eq!(&computed[key], value, "{key}");
        }
    }
    assert_eq!(
        computed["versions"],
        json!({"summary": 1, "analysis": 1, "metrics": 1})
    );
    world.stop().await;
}

/// P-34
#[tokio::test]
async fn a_partial_that_is_not_the_stages_own_object_is_refused() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let token = claim(&world, workout, "metrics").await;
    let before = world.everything().await;
    let mut sql = as_stages(&world).await;

    for partial in [
        json!(null),
        json!([]),
        json!("text"),
        json!({"metrics": {}, "overall": {}}),
    ] {
        let refused = merge(&mut sql, workout, "metrics", token, 1, &partial).await;
        assert_eq!(refused, Err("22023".to_owned()), "{partial}");
    }

    assert_eq!(world.everything().await, before);
    world.stop().await;
}

/// P-34
#[tokio::test]
async fn a_stage_replaces_its_own_keys_as_a_whole_and_no_others() {
    let world = world!(Start::Running);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.settle().await;
    world.cloud().pause_mappings().await;
    let others = async || {
        world
            .rows("SELECT to_jsonb(r) FROM stage_runs r WHERE stage <> 'metrics' ORDER BY 1")
            .await
    };
    let before = others().await;

    let token = claim(&world, workout, "metrics").await;
    let mut sql = as_stages(&world).await;
    let status = merge(
        &mut sql,
        workout,
        "metrics",
        token,
        1,
        &json!({"metrics": {"a": 1}}),
    )
    .await;

    assert_eq!(status, Ok(Some("complete".to_owned())));
    let computed = world.get(&format!("/workouts/{workout}")).await["computed"].clone();
    assert_eq!(computed["metrics"], json!({"a": 1}));
    assert_eq!(others().await, before);
    world.stop().await;
}

/// P-30, P-35
#[tokio::test]
async fn an_unknown_workout_a_stale_claim_and_an_older_generation_write_nothing() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let token = claim(&world, workout, "metrics").await;
    let mut sql = as_stages(&world).await;
    let partial = json!({"metrics": {}});
    // A result of generation 2 is there already, and generation 3 is wanted.
    sqlx::query(
        "UPDATE stage_runs SET wanted = 3, done = 2, result = '{}', version = 1
         WHERE stage = 'metrics'",
    )
    .execute(&mut world.sql().await)
    .await
    .unwrap();
    let before = world.everything().await;

    let unknown = WorkoutId(Uuid::new_v4());
    for (workout, token, generation) in [
        (unknown, token, 3),
        (workout, Uuid::new_v4(), 3),
        (workout, token, 1),
    ] {
        let status = merge(&mut sql, workout, "metrics", token, generation, &partial).await;
        assert_eq!(status, Ok(None));
    }

    assert_eq!(world.everything().await, before);
    let superseded = merge(&mut sql, workout, "metrics", token, 2, &partial).await;
    assert_eq!(
        superseded,
        Ok(Some("pending".to_owned())),
        "a newer generation is wanted"
    );
    world.stop().await;
}
