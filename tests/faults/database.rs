//! A PostgreSQL that refuses, is full, or is slow: 503 in time, nothing half done, and all well later.

use crate::records::{doorbell, invoke, record};
use local::cloud::Start;
use local::invoke::InvokeError;
use platform::config::LIMITS;
use serde_json::json;
use std::time::Instant;
use support::world;
use support::world::World;

/// Something that an operator, or bad luck, does to the database of one test.
struct Trouble {
    name: &'static str,
    begins: &'static str,
    ends: &'static str,
}

const TROUBLES: [Trouble; 4] = [
    Trouble {
        name: "read-only, as after a failover",
        begins: "DO $$ BEGIN EXECUTE format(
            'ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
            END $$",
        ends: "DO $$ BEGIN EXECUTE format(
            'ALTER DATABASE %I RESET default_transaction_read_only', current_database());
            END $$",
    },
    Trouble {
        name: "without a free connection",
        begins: "DO $$ BEGIN EXECUTE format(
            'ALTER DATABASE %I CONNECTION LIMIT 0', current_database()); END $$",
        ends: "DO $$ BEGIN EXECUTE format(
            'ALTER DATABASE %I CONNECTION LIMIT -1', current_database()); END $$",
    },
    Trouble {
        name: "slow",
        begins: "CREATE FUNCTION public.be_slow() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
            CREATE TRIGGER be_slow BEFORE INSERT ON deliveries
            FOR EACH ROW EXECUTE FUNCTION public.be_slow()",
        ends: "DROP TRIGGER be_slow ON deliveries; DROP FUNCTION public.be_slow()",
    },
    Trouble {
        name: "locked by somebody",
        begins: "BEGIN; LOCK TABLE workouts IN ACCESS EXCLUSIVE MODE",
        ends: "ROLLBACK",
    },
];

/// Functions connect anew, as they do after anything like this; it waits until the old ones are gone.
async fn hang_up(world: &World) {
    world
        .rows(
            "SELECT to_jsonb(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
             WHERE datname = current_database() AND usename LIKE 'paceline%'",
        )
        .await;
}

/// P-03, P-04: no false 2xx: what is answered 503, and in time, has left no trace.
#[tokio::test]
async fn a_database_in_trouble_is_answered_503_in_time_and_the_retry_is_accepted() {
    let world = world!(Start::Paused);
    for Trouble { name, begins, ends } in TROUBLES {
        world.deliver(&world.run("to be connected", 600)).await;
        let body = world.run(name, 600);
        let mut sql = world.sql().await;
        sqlx::raw_sql(begins).execute(&mut sql).await.unwrap();
        if !begins.contains("LOCK") {
            hang_up(&world).await;
        }

        let asked = Instant::now();
        let refused = world.deliver_as(name, &body).await;
        let waited = asked.elapsed();

        assert_eq!(refused.status, 503, "{name}: {refused:?}");
        assert!(waited < LIMITS.http_timeout, "{name}: {waited:?}");
        sqlx::raw_sql(ends).execute(&mut sql).await.unwrap();
        hang_up(&world).await;
        let accepted = world.deliver_as(name, &body).await;
        assert_eq!(
            (accepted.status, &accepted.body["outcome"]),
            (200, &json!("created")),
            "{name}"
        );
    }
    world.settle().await;
    world.assert_quiet().await;
    world.stop().await;
}

/// P-26: what passes is tried again and what does not is failed by code, whichever way the database says no.
#[tokio::test]
async fn work_that_lost_its_connection_comes_again_and_work_that_is_refused_is_failed() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let doorbells = [record("1", &doorbell(&world, workout, "summary"))];
    let summary = "SELECT jsonb_build_array(status, attempt, split_part(last_error, ':', 1))
         FROM stage_runs WHERE stage = 'summary'";
    let held = world.hold("after_load");

    let (lost, ()) = tokio::join!(invoke(&world, "compute-summary", &doorbells), async {
        world.arrival(&held).await;
        let ended = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'idle in transaction'",
        )
        .execute(&mut sql)
        .await
        .unwrap();
        assert_eq!(ended.rows_affected(), 1);
        held.let_go();
    });
    assert!(
        matches!(lost, Err(InvokeError::Function { .. })),
        "{lost:?}"
    );
    assert_eq!(
        world.rows(summary).await,
        [json!(["pending", 1, "unavailable"])]
    );

    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN RAISE EXCEPTION ''refused''; END'",
        "CREATE TRIGGER refuse BEFORE UPDATE ON stage_runs
         FOR EACH ROW WHEN (NEW.status = 'complete') EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(&mut sql).await.unwrap();
    }
    let refused = invoke(&world, "compute-summary", &doorbells).await;
    assert_eq!(refused, Ok(Vec::new()));
    assert_eq!(
        world.rows(summary).await,
        [json!(["failed", 2, "internal"])]
    );
    world.assert_quiet().await;
    world.stop().await;
}
