//! Locks and commits: what is busy comes again, what was not committed was not accepted.

use local::cloud::Start;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::world;
use support::world::World;

async fn execute(sql: &mut PgConnection, statement: &'static str) {
    sqlx::query(statement).execute(sql).await.unwrap();
}

/// P-03: a provider hears 200 only when PostgreSQL has said that it is true.
#[tokio::test]
async fn a_delivery_whose_commit_fails_is_not_acknowledged_and_may_come_again() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    // Everything goes well until the very commit.
    execute(
        &mut sql,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN RAISE EXCEPTION ''the commit fails''; END'",
    )
    .await;
    execute(
        &mut sql,
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON deliveries
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    let body = world.run("a", 600);

    let refused = world.deliver_as("msg_1", &body).await;
    assert_eq!(refused.status, 500, "{refused:?}");
    assert_eq!(world.everything().await, Vec::<serde_json::Value>::new());

    execute(&mut sql, "DROP TRIGGER refuse ON deliveries").await;
    let accepted = world.deliver_as("msg_1", &body).await;
    assert_eq!(
        (accepted.status, accepted.body["outcome"].as_str()),
        (200, Some("created"))
    );
    world.stop().await;
}

/// Holds the locks of all three stages of the only workout there is.
async fn hold_locks(sql: &mut PgConnection) -> i64 {
    let (held,): (i64,) = sqlx::query_as(
        "SELECT count(pg_advisory_lock(
             hashtextextended('stage:' || workout_id::text || ':' || stage, 0)))
         FROM stage_runs",
    )
    .fetch_one(sql)
    .await
    .unwrap();
    held
}

async fn attempts(world: &World) -> Vec<serde_json::Value> {
    world
        .rows("SELECT to_jsonb(attempt) FROM stage_runs WHERE status = 'pending'")
        .await
}

/// P-28: a busy lock is *try again*, never *already done*.
#[tokio::test]
async fn a_run_that_somebody_works_on_comes_again_and_is_not_taken_for_done() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut holder = world.sql().await;
    assert_eq!(hold_locks(&mut holder).await, 3);

    world.cloud().resume_mappings();
    let mut asked = 0;
    while attempts(&world).await != [json!(1), json!(1), json!(1)] {
        asked += 1;
        assert!(asked < 5000, "the stages do not come back");
    }
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["summary_status"], "pending");

    holder.close().await.unwrap();
    // The sweep rings again when the time has passed.
    execute(
        &mut world.sql().await,
        "UPDATE stage_runs SET rung_at = rung_at - interval '2 minutes'",
    )
    .await;
    world.sweep().await;
    world.settle().await;
    let status = world.get(&format!("/workouts/{workout}/status")).await;
    assert_eq!(status["summary_status"], "complete");
    world.stop().await;
}

/// P-28: stages of different workouts do not block each other.
#[tokio::test]
async fn the_lock_of_one_workout_holds_up_no_other() {
    let world = world!(Start::Paused);
    world.deliver(&world.run("held", 600)).await;
    let mut holder = world.sql().await;
    hold_locks(&mut holder).await;
    let free = world.deliver(&world.run("free", 600)).await.workout_id();

    world.cloud().resume_mappings();
    let mut asked = 0;
    loop {
        let status = world.get(&format!("/workouts/{free}/status")).await;
        if ["summary", "analysis", "metrics"]
            .iter()
            .all(|stage| status[format!("{stage}_status")] == "complete")
        {
            break;
        }
        asked += 1;
        assert!(asked < 2000, "the free workout does not complete: {status}");
    }
    holder.close().await.unwrap();
    world.stop().await;
}
