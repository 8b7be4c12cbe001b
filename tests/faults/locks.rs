//! Locks and commits: what is busy comes again, what was not committed was not accepted.

use crate::records::{doorbell, invoke, record};
use local::cloud::Start;
use local::invoke::InvokeError;
use serde_json::{Value, json};
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

/// Who holds the lock of which run: role, what it does, and the stage.
async fn lock_holders(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_array(a.usename, a.state, r.stage)
             FROM pg_locks AS l
             JOIN pg_stat_activity AS a ON a.pid = l.pid AND a.datname = current_database()
             LEFT JOIN stage_runs AS r ON ((l.classid::bigint << 32) | l.objid::bigint)
                 = hashtextextended('stage:' || r.workout_id::text || ':' || r.stage, 0)
             WHERE l.locktype = 'advisory' AND l.granted",
        )
        .await
}

/// P-29: from the lock to the commit the worker's own transaction holds it, and it ends with the worker.
#[tokio::test]
async fn the_lock_is_held_for_the_whole_work_and_is_free_when_its_worker_is_killed() {
    let world = world!(Start::Paused);
    for point in [
        "after_lock",
        "after_load",
        "after_compute",
        "before_finish_commit",
    ] {
        let workout = world.deliver(&world.run(point, 600)).await.workout_id();
        let doorbells = [record("1", &doorbell(&world, workout, "summary"))];
        let held = world.hold(point);

        let (died, ()) = tokio::join!(invoke(&world, "compute-summary", &doorbells), async {
            world.arrival(&held).await;
            assert_eq!(
                lock_holders(&world).await,
                [json!(["paceline_stages", "idle in transaction", "summary"])],
                "{point}"
            );
            let functions = world.cloud().functions();
            functions.kill_environments("compute-summary").await;
        });

        assert!(
            matches!(died, Err(InvokeError::Exited { .. })),
            "{point}: {died:?}"
        );
        world.assert_quiet().await;
    }
    world.let_time_pass().await;
    world.settle().await;
    let finished = world
        .rows("SELECT to_jsonb(attempt) FROM stage_runs WHERE status = 'complete' AND stage = 'summary'")
        .await;
    assert_eq!(finished, [2, 2, 2, 2], "each was taken up again");
    world.stop().await;
}

/// P-28, P-29: of two workers of one run the second tries again later, and the first, whose deadline has
/// passed, writes nothing when it wakes.
#[tokio::test]
async fn a_worker_that_wakes_after_its_deadline_kept_others_out_and_writes_nothing_itself() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let bell = doorbell(&world, workout, "summary");
    let held = world.hold("after_load");

    let (woken, ledger) = {
        let doorbells = [record("1", &bell)];
        let first = invoke(&world, "compute-summary", &doorbells);
        tokio::join!(first, async {
            world.arrival(&held).await;
            world.let_time_pass().await;
            let second = invoke(&world, "compute-summary", &[record("2", &bell)]).await;
            let Err(InvokeError::Function { message, .. }) = second else {
                panic!("the second has to come again: {second:?}")
            };
            assert!(message.contains("must be tried again"), "{message}");
            let bells = world.cloud().queue("SummaryQueue").unwrap().depth();
            assert_eq!(
                bells.total(),
                1,
                "SQS brings it again, and nobody rings twice"
            );
            let ledger = world.everything().await;
            held.let_go();
            ledger
        })
    };

    assert_eq!(woken, Ok(Vec::new()), "its doorbell may go");
    assert_eq!(world.everything().await, ledger);
    let states = world
        .rows(
            "SELECT jsonb_build_array(status, attempt, done, last_error)
             FROM stage_runs WHERE stage = 'summary'",
        )
        .await;
    let busy = "busy: another worker holds the run";
    assert_eq!(states, [json!(["pending", 2, 0, busy])]);
    world.assert_quiet().await;
    world.settle().await;
    world.stop().await;
}

async fn attempts(world: &World) -> Vec<Value> {
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
